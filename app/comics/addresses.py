"""Pure: the addresses in xkcd's records."""

import re
from urllib.parse import SplitResult, quote, urlsplit

# It must be clear where an address leads: no userinfo, and nothing that needs encoding.
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")

LONGEST_URI = 2000
"""Characters of an address, which may have to fit into a response header."""


def image(img: str) -> str | None:
    """The image's address; None if there is none, as in 1608 and 1663, which name a folder."""
    uri, parts = _uri(img)
    host = parts.hostname or ""
    xkcds = parts.scheme == "https" and parts.port in (None, 443) and (host == "xkcd.com" or host.endswith(".xkcd.com"))
    return uri if xkcds and not parts.path.endswith("/comics/") else None


def absolute(link: str) -> str | None:
    """The link as an address of the web; None if it is none."""
    uri, parts = _uri(f"https:{link}" if link.startswith("//") else link)  # so in 1506
    return uri if parts.scheme in ("http", "https") else None


def _uri(address: str) -> tuple[str, SplitResult]:
    """The address, escaped where a URI requires it, and its parts. Both are empty if it is not an address."""
    uri = quote(address, safe="%/:?#@!$&'()*+,;=~-._")
    try:
        parts = urlsplit(uri)
        sound = _HOST.fullmatch(parts.hostname or "") and parts.port != 0 and parts.username is None
    except ValueError:  # such as a port that is not a number
        return "", urlsplit("")
    if not sound or len(uri) > LONGEST_URI or _BROKEN_ESCAPE.search(uri):
        return "", urlsplit("")
    return uri, parts
