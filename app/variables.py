"""Pure: variables of the environment: origins, numbers and switches, with errors that name them."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

# So that it can stand in a Content-Security-Policy too.
_ORIGIN = re.compile(
    r"https?://([\w-]{1,63}(\.[\w-]{1,63})*\.?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE
)


def origin(environ: Mapping[str, str], name: str, default: str) -> str:
    """The variable's origin without a slash at its end; `default` if it is absent or empty."""
    return environ.get(name, "").removesuffix("/") or default


def check_origin(name: str, url: str, example: str) -> None:
    """Raise ValueError, which names the variable, if this is no origin: scheme, host and perhaps a port."""
    if not _is_origin(url):
        raise ValueError(
            f"{name} is {url!r}, but must be like {example!r}: "
            "http or https, a host, perhaps a port, and nothing after it"
        )


def count(environ: Mapping[str, str], name: str, default: int) -> int:
    """The variable's number; `default` if it is absent or empty. Raises ValueError if it is no whole number."""
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} is {text!r}, but must be a whole number, such as {default}")
    return int(text)


def switch(environ: Mapping[str, str], name: str, default: bool) -> bool:
    """Whether the variable is 1; `default` if it is absent. Raises ValueError if it is neither 0 nor 1."""
    text = environ.get(name) or str(int(default))
    if text not in ("0", "1"):
        raise ValueError(f"{name} is {text!r}, but must be 0 or 1")
    return text == "1"


def _is_origin(url: str) -> bool:
    try:
        return _ORIGIN.fullmatch(url) is not None and urlsplit(url).port != 0
    except ValueError:  # a port above 65535, or no IPv6 address in the brackets
        return False
