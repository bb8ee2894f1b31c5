"""Pure: comics and the latest number as they were fetched, and how long they are fresh."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, Self

from app.comics.comic import Comic
from app.comics.image import Image
from app.comics.written import Written, instant, written

DAY = 86400.0

SHARE_OF_AGE = 0.1
"""A comic is fresh for this share of the age that it had when it was fetched: HTTP's heuristic (RFC 9111, 4.2.2).

A mistake in a new comic is soon mended, and old comics hardly ever change.
"""

LEAST_FRESH, MOST_FRESH = DAY, 365 * DAY
"""Seconds for which a comic is fresh at least and at most."""

SPREAD = 0.2
"""The largest share by which that time is shortened, so that comics fetched together do not fall due together."""

KEPT_FOR = 180 * DAY
"""Seconds for which memory and the table go on serving what is no longer fresh, while xkcd cannot be asked."""

LATEST_FRESH_FOR = 300.0
"""Seconds for which the latest number is fresh after it was learnt."""

CLOCK_SKEW = 300.0
"""Seconds by which another clock, or ours before it was corrected, may have been ahead."""

_EPOCH = date(1970, 1, 1)
_GOLDEN = (5**0.5 - 1) / 2


def is_recent(then: float, now: float, seconds: float) -> bool:
    """Whether `then` is less than `seconds` ago, and in the future by CLOCK_SKEW at most."""
    return -CLOCK_SKEW <= now - then < seconds


def is_valid(until: float, now: float) -> bool:
    """Whether that end of a time of freshness has not come.

    Nothing is fresh for longer than MOST_FRESH, so a later end was written by a clock that was ahead.
    """
    return now < until <= now + MOST_FRESH + CLOCK_SKEW


@dataclass(frozen=True)
class Found:
    """A comic, its source, the Unix time when xkcd sent it, and what is known of its image.

    Facts about another image than the comic's count as none. It has no slots, because what an answer needs of it is
    computed once.
    """

    comic: Comic
    fetched_at: float
    source: str = "xkcd"
    stale: bool = False
    image: Image | None = None

    def __post_init__(self) -> None:
        if self.image is not None and self.image.img != self.comic.img:
            object.__setattr__(self, "image", None)

    @cached_property
    def fresh_until(self) -> float:
        """Until when xkcd need not be asked for it, in Unix time."""
        return self._fresh_until(self.fetched_at)

    @property
    def looked_until(self) -> float:
        """Until when its image need not be looked up, in Unix time: for as long as a comic fetched then is fresh."""
        return 0.0 if self.image is None else self._fresh_until(self.image.looked_at)

    def with_image_of(self, other: "Found | None") -> Self:
        """This, with what the other one knows of the image if this one knows nothing."""
        return self if self.image is not None or other is None else replace(self, image=other.image)

    @property
    def about_image(self) -> dict[str, Any]:
        """What is known of its image, as our API writes it."""
        image = self.image
        size = image.size if image else None
        return {
            "img_2x": image.img_2x if image else None,
            "width": size.width if size else None,
            "height": size.height if size else None,
        }

    def to_json(self) -> dict[str, Any]:
        """All fields of the comic in our API."""
        passing = {"source": self.source, "fetched_at": instant(self.fetched_at), "stale": self.stale}
        return {**self.comic.to_json(), **self.about_image, **passing}

    @cached_property
    def written(self) -> Written:
        """The comic as our API writes it."""
        return written(self.to_json())

    def is_fresh(self, now: float) -> bool:
        """Whether xkcd need not be asked for it."""
        return self.fetched_at <= now + CLOCK_SKEW and now < self.fresh_until

    @property
    def kept_until(self) -> float:
        """Until when memory and the table serve it if xkcd cannot be asked, in Unix time."""
        return self.fresh_until + KEPT_FOR

    def is_kept(self, now: float) -> bool:
        """Whether memory and the table may serve it if xkcd cannot be asked."""
        return self.fetched_at <= now + CLOCK_SKEW and now < self.kept_until

    def _fresh_until(self, then: float) -> float:
        published_at = (self.comic.date - _EPOCH).days * DAY
        seconds = min(SHARE_OF_AGE * (then - published_at), MOST_FRESH)
        return then + max(seconds * (1 - SPREAD * _fraction(self.comic.num)), LEAST_FRESH)


class LatestNumber(NamedTuple):
    """The latest comic's number, and the Unix time when xkcd reported it."""

    num: int
    learnt_at: float

    def is_fresh(self, now: float) -> bool:
        """Whether xkcd need not be asked for it."""
        return is_recent(self.learnt_at, now, LATEST_FRESH_FOR)

    def is_kept(self, now: float) -> bool:
        """Whether it may still be used when xkcd cannot be asked."""
        return is_recent(self.learnt_at, now, KEPT_FOR)


def _fraction(num: int) -> float:
    """A number from 0 to 1 for each number: the multiples of the golden ratio fill that interval evenly."""
    return num * _GOLDEN % 1.0
