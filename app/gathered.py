"""Pure: what a gathering comes to."""

from dataclasses import dataclass
from datetime import datetime

from app.comic import Comic
from app.errors import UpstreamError


@dataclass(frozen=True, slots=True)
class Found:
    """A comic, and where it came from and when."""

    comic: Comic
    fetched_at: datetime
    source: str = "xkcd"
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A number whose comic could not be had, and why."""

    num: int
    error: UpstreamError


@dataclass(frozen=True, slots=True)
class Timing:
    """When a comic was begun and done with, in seconds since its gathering began."""

    num: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of a selection: each of its numbers is in `comics` or in `failures`, in its order.

    `timings` has one for each number, `latest` is the newest comic's number if it is known, and `seconds`
    is how long it all took.
    """

    comics: tuple[Found, ...]
    failures: tuple[Failure, ...]
    timings: tuple[Timing, ...]
    latest: int | None
    seconds: float

    @property
    def one_by_one(self) -> float:
        """Seconds that the same requests would have taken one after the other."""
        return sum(timing.end - timing.start for timing in self.timings)
