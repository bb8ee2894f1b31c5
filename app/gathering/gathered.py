"""Pure: the result of a gathering."""

from dataclasses import dataclass

from app.comics.found import Found
from app.errors import UpstreamError


@dataclass(frozen=True, slots=True)
class Failure:
    """A number whose comic could not be had, and why."""

    num: int
    error: UpstreamError


@dataclass(frozen=True, slots=True)
class Timing:
    """When xkcd was asked for a comic (0: the latest) and when that was over, in seconds since its gathering began."""

    num: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of a selection: each of its numbers is in `comics` or in `failures`, in its order.

    `timings` has one for each of its comics that xkcd was asked for, and one for the latest if it was; what was asked
    for while the latest number was not known, and then was not selected, has none. `latest` is that number where the
    selection needs it, and `latest_stale` whether the selection is by an older one than it should be. `seconds` is how
    long it all took, `cache_seconds` and `xkcd_seconds` how much of it went where, `retried` how often xkcd was asked
    again after it failed, and `hedged` how often because it was slow.
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
    latest_stale: bool = False

    @property
    def one_by_one(self) -> float:
        """Seconds that the same requests would have taken one after the other."""
        return sum(timing.end - timing.start for timing in self.timings)
