"""Pure: a comic, read from xkcd's record and written as our JSON."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlsplit

from app.comics import strict_json
from app.errors import BadAnswer

CREDIT = "xkcd.com by Randall Munroe"
LICENSE = "https://creativecommons.org/licenses/by-nc/2.5/"
"""Of the comics. Every answer credits them."""

HIGHEST = 999_999
"""The highest number that can be a comic's. At three comics a week it is six thousand years away."""

# Titles are HTML in 259 and 472 and plain text in 3015 ("D&D Combinatorics") and 3142
# ("<City>-Style Pizza"): so only elements that HTML has and entities that end in ";" are markup.
_TAG = re.compile(r"</?(?:a|b|big|code|em|font|i|s|small|span|strong|sub|sup|tt|u)(?:\s[^<>]*)?/?>", re.I)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

# It must be clear where an address leads: no userinfo, and nothing that needs encoding.
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")

LONGEST_URI = 2000
"""Characters of an address, which may have to fit into a response header."""

# From 1611 on xkcd sends the transcript of the comic two or three before; after 1677 it sends none.
_WRONG_TRANSCRIPTS = range(1611, 1678)


@dataclass(frozen=True, slots=True)
class Comic:
    """One comic, with the oddities of xkcd's record corrected."""

    num: int
    title: str
    date: date
    alt: str
    img: str | None
    transcript: str | None
    link: str | None
    news: str | None
    interactive: bool
    record: Mapping[str, Any] = field(repr=False, hash=False)
    """xkcd's record as it came."""
    size: int = field(default=0, compare=False)
    """Bytes of the record as JSON text."""

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The comic that a record of xkcd's JSON API describes. A `str` should have ASCII only, for the sake of `size`.

        Raises ValueError or RecursionError if it is not JSON, and BadAnswer, which names the wrong field.
        """
        return cls.from_record(strict_json.loads(text), len(text))

    @classmethod
    def from_record(cls, record: object, size: int = 0) -> Self:
        """The comic in such a record. Raises BadAnswer, which names the wrong field."""
        if not isinstance(record, dict):
            raise BadAnswer("xkcd's answer is not a JSON object.")
        num, img = _num(record), _image(_text(record, "img"))
        return cls(
            num=num,
            title=_plain(_text(record, "title")),
            date=_date(record),
            alt=_text(record, "alt"),
            img=img,
            transcript=None if num in _WRONG_TRANSCRIPTS else _text(record, "transcript", "") or None,
            link=_absolute(_text(record, "link", "")),
            news=_text(record, "news", "") or None,
            interactive="extra_parts" in record or img is None,
            record=record,
            size=size,
        )

    def to_json(self) -> dict[str, Any]:
        """The comic as our API writes it, except for the fields that only a gathering knows."""
        return {
            "num": self.num,
            "title": self.title,
            "date": self.date.isoformat(),
            "alt": self.alt,
            "img": self.img,
            "transcript": self.transcript,
            "link": self.link,
            "news": self.news,
            "interactive": self.interactive,
            "url": f"https://xkcd.com/{self.num}/",
            "explained": f"https://www.explainxkcd.com/wiki/index.php/{self.num}",
        }


def _num(record: Mapping[str, Any]) -> int:
    num = record.get("num")
    if type(num) is not int or not 1 <= num <= HIGHEST:  # a bool is an int too
        raise BadAnswer("xkcd's record has no comic number in 'num'.")
    return num


def _text(record: Mapping[str, Any], field: str, default: str | None = None) -> str:
    text = record.get(field, default)
    if not isinstance(text, str):
        raise BadAnswer(f"xkcd's record has no text in {field!r}.")
    # JSON can hold half a surrogate pair, which no encoding of an answer could carry.
    return text.encode("utf-8", "replace").decode("utf-8")


def _date(record: Mapping[str, Any]) -> date:
    try:
        return date(*(int(_text(record, field)) for field in ("year", "month", "day")))
    except (ValueError, OverflowError) as error:
        raise BadAnswer("xkcd's record has no date in 'year', 'month' and 'day'.") from error


def _plain(title: str) -> str:
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), _TAG.sub("", title))


def _image(img: str) -> str | None:
    """The image's address; None if there is none, as in 1608 and 1663, which name a folder."""
    uri, parts = _uri(img)
    host = parts.hostname or ""
    xkcds = parts.scheme == "https" and parts.port in (None, 443) and (host == "xkcd.com" or host.endswith(".xkcd.com"))
    return uri if xkcds and not parts.path.endswith("/comics/") else None


def _absolute(link: str) -> str | None:
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
