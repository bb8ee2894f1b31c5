"""Pure: known faults of xkcd's texts, and the rules that mend them.

Each rule proves itself on the text at hand, so it does nothing once xkcd mends its record. The faults are those of the
3 281 records that xkcd had in August 2026.
"""

import html
import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

_MOVED = frozenset({581, *range(1609, 1678)})
"""Comics whose records have another comic's transcript, or may have. Elsewhere 169 right ones would fail `_owns`."""

# Titles are HTML in 259 and 472 and plain text in 3015 ("D&D Combinatorics") and 3142
# ("<City>-Style Pizza"): so only elements that HTML has and entities that end in ";" are markup.
_TAG = re.compile(r"</?(?:a|b|big|code|em|font|i|s|small|span|strong|sub|sup|tt|u)(?:\s[^<>]*)?/?>", re.I)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")

# The bytes of one character in UTF-8, read as Latin-1. "â€™" is not among them: it is the joke of 1683 and 3003.
_MISREAD_UTF8 = re.compile("[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_MISREAD_CP1252 = re.compile("[\x80-\x9f]")

_NO_LETTER = re.compile(r"\W")


class Correction(NamedTuple):
    """A field whose text is not as xkcd sent it, and why. `source` is the comic whose record has the text."""

    field: str
    kind: str
    source: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The correction as our API writes it."""
        return {"field": self.field, "kind": self.kind} | ({} if self.source is None else {"from": self.source})


def plain(text: str) -> str:
    """The text without the markup of HTML."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), _TAG.sub("", text))


def corrected_alt(alt: str, title: str) -> tuple[str, list[Correction]]:
    """The title text: it is HTML where the title is, as in 259."""
    text = plain(alt) if plain(title) != title else alt
    return text, [] if text == alt else [Correction("alt", "html")]


def partner(num: int) -> int | None:
    """The comic whose record may have this comic's transcript: that of the comic two later, from 1663 on three."""
    return num + (2 if num <= 1662 else 3) if num in _MOVED and num != 581 else None


def corrected_transcript(num: int, alt: str, own: str, partners: str) -> tuple[str, list[Correction]]:
    """The comic's transcript: from its own record, or else from its partner's if it is there, or else empty."""
    text, done = _repaired(own, alt)
    if num not in _MOVED or not (own or partners) or _owns(text, alt):
        return text, done
    text, done = _repaired(partners, alt)
    if _owns(text, alt):
        return text, [Correction("transcript", "moved", partner(num)), *done]
    return "", [Correction("transcript", "not_its_own")] if own else []


def _repaired(transcript: str, alt: str) -> tuple[str, list[Correction]]:
    """The transcript with its characters as they were written, and with the slashes of the title text in it.

    xkcd turned every slash of a transcript into a newline.
    """
    done = []
    for kind, repair in _REPAIRS.items():
        repaired = repair(transcript, alt)
        if repaired != transcript:
            done.append(Correction("transcript", kind))
        transcript = repaired
    return transcript, done


def _owns(transcript: str, alt: str) -> bool:
    """Whether the transcript is that of the comic with this title text: both end with the same letters."""
    letters = _NO_LETTER.sub("", alt)
    return bool(letters) and _NO_LETTER.sub("", transcript).endswith(letters)


def _reread(text: str, misread: re.Pattern[str], encoding: str) -> str:
    return text if text.isascii() else misread.sub(partial(_decoded, encoding=encoding), text)


def _decoded(misread: re.Match[str], encoding: str) -> str:
    return misread[0].encode("latin-1").decode(encoding, "ignore") or misread[0]


_REPAIRS: dict[str, Callable[[str, str], str]] = {
    "misread_utf8": lambda transcript, _: _reread(transcript, _MISREAD_UTF8, "utf-8"),
    "misread_cp1252": lambda transcript, _: _reread(transcript, _MISREAD_CP1252, "cp1252"),
    "lost_slashes": lambda transcript, alt: (
        transcript.replace(alt.replace("/", "\n"), alt) if "/" in alt else transcript
    ),
}
