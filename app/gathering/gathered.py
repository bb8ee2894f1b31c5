"""Pure: the result of a gathering."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from app.comics.found import Found
from app.errors import UpstreamError


class Failure(NamedTuple):
    """A number whose comic could not be found, and why."""

    num: int
    error: UpstreamError


class Timing(NamedTuple):
    """When the request for a comic (0: the latest) began and ended, in seconds since its gathering began."""

    num: int
    start: float
    end: float


class Gathered(NamedTuple):
    """The outcome for each selected number, in `comics` or in `failures`, each in the order of the selection."""

    comics: tuple[Found, ...]
    failures: tuple[Failure, ...]
    timings: tuple[Timing, ...]
    """One for each selected comic that was requested from xkcd, and one for the latest if it was.

    Speculative requests whose comic was not selected have no timing.
    """
    latest: int | None
    """The latest comic's number, if the selection depends on it."""
    seconds: float
    """Duration of the gathering."""
    cache_seconds: float
    xkcd_seconds: float
    """How much of it was spent on the caches and on xkcd."""
    retried: int
    """Requests sent again after a failure."""
    hedged: int
    """Requests sent because another one was slow."""
    reasons: Mapping[str, int]
    """Failed requests, by UpstreamError.reason; retried ones and those whose comic was served stale count as well."""
    latest_stale: bool = False
    """Whether the selection is based on an outdated latest number."""

    def after(self, other: "Gathered") -> "Gathered":
        """This one as part of an answer for which the other one was made before, with the failures of both."""
        failed = {failure.num: failure for failure in (*self.failures, *other.failures)}
        later = (each._replace(start=each.start + other.seconds, end=each.end + other.seconds) for each in self.timings)
        return self._replace(
            failures=tuple(failed.values()),
            timings=(*other.timings, *later),
            latest=other.latest,
            seconds=other.seconds + self.seconds,
            cache_seconds=other.cache_seconds + self.cache_seconds,
            xkcd_seconds=other.xkcd_seconds + self.xkcd_seconds,
            retried=other.retried + self.retried,
            hedged=other.hedged + self.hedged,
            reasons=Counter(other.reasons) + Counter(self.reasons),
            latest_stale=other.latest_stale,
        )

    @property
    def one_by_one(self) -> float:
        """Seconds that the same requests would have taken one after the other."""
        return sum(timing.end - timing.start for timing in self.timings)
