"""Pure: what a gathering comes to."""

from dataclasses import dataclass

from app.comic import Comic
from app.errors import UpstreamError

DAY = 86400.0
FRESH = 30 * DAY
"""Seconds for which a comic, once fetched, is taken for what xkcd would send."""

KEPT = 180 * DAY
"""Seconds for which a comic or the newest number is kept, to serve while xkcd cannot be asked."""

NEWEST_FRESH = 300.0
"""Seconds for which the newest comic's number, once learnt, is taken for known."""


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
class NewestNumber:
    """The newest comic's number, and when xkcd told it, in seconds since 1970."""

    num: int
    learnt_at: float

    def is_fresh(self, now: float) -> bool:
        """Whether it need not be asked for again."""
        return now - self.learnt_at < NEWEST_FRESH

    def is_kept(self, now: float) -> bool:
        """Whether it may still be used when xkcd cannot be asked."""
        return now - self.learnt_at < KEPT


@dataclass(frozen=True, slots=True)
class Failure:
    """A number whose comic could not be had, and why."""

    num: int
    error: UpstreamError


@dataclass(frozen=True, slots=True)
class Timing:
    """When xkcd was asked for a comic (0: the newest) and when that was over, in seconds since its gathering began."""

    num: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of a selection: each of its numbers is in `comics` or in `failures`, in its order.

    `timings` has one for each of its comics that xkcd was asked for, and one for the newest if it was; what was asked
    for while the newest number was not known, and then was not selected, has none. `latest` is that number, if it is
    known, and `newest_stale` whether the selection is by an older one than it should be. `seconds` is how long it all
    took, `cache_seconds` and `xkcd_seconds` how much of it went where, `retried` how often xkcd was asked again after
    it failed, and `hedged` how often because it was slow.
    """

    comics: tuple[Found, ...]
    failures: tuple[Failure, ...]
    timings: tuple[Timing, ...]
    latest: int | None
    seconds: float
    cache_seconds: float
    xkcd_seconds: float
    retried: int
    hedged: int
    newest_stale: bool = False

    @property
    def one_by_one(self) -> float:
        """Seconds that the same requests would have taken one after the other."""
        return sum(timing.end - timing.start for timing in self.timings)
