"""Pure: comics and the latest number as they were fetched, and how long they are fresh."""

from dataclasses import dataclass

from app.comics.comic import Comic

DAY = 86400.0
FRESH = 30 * DAY
"""Seconds for which a comic, once fetched, is taken for what xkcd would send."""

KEPT = 180 * DAY
"""Seconds for which a comic or the latest number is kept, to serve while xkcd cannot be asked."""

LATEST_FRESH = 300.0
"""Seconds for which the latest comic's number, once learnt, is taken for known."""


@dataclass(frozen=True, slots=True)
class Found:
    """A comic, where it came from, and when xkcd sent it, in seconds since 1970."""

    comic: Comic
    fetched_at: float
    source: str = "xkcd"
    stale: bool = False

    def is_fresh(self, now: float) -> bool:
        """Whether it need not be asked for again."""
        return now - self.fetched_at < FRESH

    def is_kept(self, now: float) -> bool:
        """Whether it may still be served when xkcd cannot be asked."""
        return now - self.fetched_at < KEPT


@dataclass(frozen=True, slots=True)
class LatestNumber:
    """The latest comic's number, and when xkcd told it, in seconds since 1970."""

    num: int
    learnt_at: float

    def is_fresh(self, now: float) -> bool:
        """Whether it need not be asked for again."""
        return now - self.learnt_at < LATEST_FRESH

    def is_kept(self, now: float) -> bool:
        """Whether it may still be used when xkcd cannot be asked."""
        return now - self.learnt_at < KEPT
