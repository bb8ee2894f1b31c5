"""Pure: comics and the latest number as they were fetched, and how long they are fresh."""

from dataclasses import dataclass

from app.comics.comic import Comic

DAY = 86400.0
FRESH_FOR = 30 * DAY
"""Seconds for which a comic is fresh after it was fetched."""

KEPT_FOR = 180 * DAY
"""Seconds for which a comic or the latest number may be served while xkcd cannot be asked."""

LATEST_FRESH_FOR = 300.0
"""Seconds for which the latest number is fresh after it was learnt."""

CLOCK_SKEW = 300.0
"""Seconds by which another clock, or ours before it was corrected, may have been ahead."""


def is_recent(then: float, now: float, seconds: float) -> bool:
    """Whether `then` is less than `seconds` ago, and in the future by CLOCK_SKEW at most."""
    return -CLOCK_SKEW <= now - then < seconds


@dataclass(frozen=True, slots=True)
class Found:
    """A comic, its source, and the Unix time when xkcd sent it."""

    comic: Comic
    fetched_at: float
    source: str = "xkcd"
    stale: bool = False

    def is_fresh(self, now: float) -> bool:
        """Whether xkcd need not be asked for it."""
        return is_recent(self.fetched_at, now, FRESH_FOR)

    def is_kept(self, now: float) -> bool:
        """Whether it may still be served when xkcd cannot be asked."""
        return is_recent(self.fetched_at, now, KEPT_FOR)


@dataclass(frozen=True, slots=True)
class LatestNumber:
    """The latest comic's number, and the Unix time when xkcd reported it."""

    num: int
    learnt_at: float

    def is_fresh(self, now: float) -> bool:
        """Whether xkcd need not be asked for it."""
        return is_recent(self.learnt_at, now, LATEST_FRESH_FOR)

    def is_kept(self, now: float) -> bool:
        """Whether it may still be used when xkcd cannot be asked."""
        return is_recent(self.learnt_at, now, KEPT_FOR)
