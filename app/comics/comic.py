"""Pure: a comic, read from xkcd's record and written as our JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from app.comics import addresses, corrections, strict_json
from app.comics.corrections import Correction
from app.errors import BadAnswer

CREDIT = "xkcd.com by Randall Munroe"
LICENSE = "https://creativecommons.org/licenses/by-nc/2.5/"
"""Of the comics. Every answer credits them."""

HIGHEST = 999_999
"""The highest number that can be a comic's. At three comics a week it is six thousand years away."""


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
    corrections: tuple[Correction, ...] = ()
    """Where the texts are not as xkcd sent them."""

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The comic that a record of xkcd's JSON API describes. A `str` should have ASCII only, for the sake of `size`.

        Raises ValueError or RecursionError if it is not JSON, and BadAnswer, which names the wrong field.
        """
        return cls.from_record(strict_json.loads(text), len(text))

    @classmethod
    def from_record(cls, record: object, size: int = 0, partner: "Comic | None" = None) -> Self:
        """The comic in such a record. `partner` is the comic whose record may have its transcript.

        Raises BadAnswer, which names the wrong field.
        """
        if not isinstance(record, dict):
            raise BadAnswer("xkcd's answer is not a JSON object.")
        num, img, title = _num(record), addresses.image(_text(record, "img")), _text(record, "title")
        partners = "" if partner is None else _transcript(partner.record)
        alt, of_alt = corrections.corrected_alt(_text(record, "alt"), title)
        transcript, of_transcript = corrections.corrected_transcript(num, alt, _transcript(record), partners)
        return cls(
            num=num,
            title=corrections.plain(title),
            date=_date(record),
            alt=alt,
            img=img,
            transcript=transcript or None,
            link=addresses.absolute(_text(record, "link", "")),
            news=_text(record, "news", "") or None,
            interactive="extra_parts" in record or img is None,
            corrections=(*of_alt, *of_transcript),
            record=record,
            size=size,
        )

    @property
    def content(self) -> list[object]:
        """All that its texts come from, for an ETag: the record, and the transcript if another record has it."""
        return [self.record, self.transcript] if self.corrections else [self.record]

    @property
    def partner(self) -> int | None:
        """The comic whose record may have the transcript that is missing here."""
        return corrections.partner(self.num) if self.transcript is None else None

    def with_partner(self, partner: "Comic | None") -> Self:
        """The comic with its transcript from that comic's record, if it is there."""
        return self if partner is None else self.from_record(self.record, self.size, partner)

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
            "corrections": [correction.to_json() for correction in self.corrections],
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
    # JSON can hold half a surrogate pair, which no encoding of an answer could carry. Most texts are ASCII: not copying
    # those saves memory.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _date(record: Mapping[str, Any]) -> date:
    try:
        return date(*(int(_text(record, field)) for field in ("year", "month", "day")))
    except (ValueError, OverflowError) as error:
        raise BadAnswer("xkcd's record has no date in 'year', 'month' and 'day'.") from error


def _transcript(record: Mapping[str, Any]) -> str:
    return _text(record, "transcript", "")
