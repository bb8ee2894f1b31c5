"""Pure: a gathering as bars on a time axis, in percent of the axis."""

from collections.abc import Iterable
from itertools import cycle
from typing import NamedTuple

from app.gathering.gathered import Gathered, Timing

TICKS_AT_MOST = 5

SHORTEST = 0.001
"""The shortest axis, in seconds."""


class Bar(NamedTuple):
    """The bar of one comic (0: the request for the latest). `source` is where the comic came from, or "failed".

    `x` and `width` are percentages of the axis. A comic that was not requested from xkcd has no width.
    """

    num: int
    source: str
    x: float = 0.0
    width: float = 0.0
    milliseconds: float | None = None


class Tick(NamedTuple):
    """A mark on the axis."""

    x: float
    milliseconds: float


class Timeline(NamedTuple):
    """A gathering as bars. `share` is its duration in percent of the same requests one after the other."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    share: float

    @property
    def sources(self) -> tuple[str, ...]:
        """The distinct sources of its comics."""
        return tuple(dict.fromkeys(bar.source for bar in self.bars))


def timeline(gathered: Gathered) -> Timeline:
    """The bars in the order of the page: the request for the latest first, failures last."""
    timings = {timing.num: timing for timing in gathered.timings}
    end = max([SHORTEST, gathered.seconds, *(timing.end for timing in gathered.timings)])
    bars = [_bar(num, source, timings, end) for num, source in _sources(gathered, timings)]
    share = 100 * gathered.seconds / gathered.one_by_one if gathered.one_by_one > gathered.seconds else 100.0
    return Timeline(tuple(bars), tuple(_ticks(end)), _percent(share))


def _sources(gathered: Gathered, timings: dict[int, Timing]) -> Iterable[tuple[int, str]]:
    if 0 in timings:
        yield 0, "failed" if gathered.latest_stale else "xkcd"
    for found in gathered.comics:
        yield found.comic.num, found.source
    for failure in gathered.failures:
        yield failure.num, "failed"


def _bar(num: int, source: str, timings: dict[int, Timing], end: float) -> Bar:
    timing = timings.get(num)
    if timing is None and source == "xkcd":
        timing = timings.get(0)  # it came as the latest comic
    if timing is None:
        return Bar(num, source)
    seconds = timing.end - timing.start
    return Bar(num, source, _percent(100 * timing.start / end), _percent(100 * seconds / end), round(1000 * seconds, 1))


def _ticks(end: float) -> Iterable[Tick]:
    """Up to TICKS_AT_MOST marks at round milliseconds, the first at 0."""
    step = _step(1000 * end)
    for index in range(int(1000 * end / step) + 1):
        yield Tick(_percent(index * step / (10 * end)), round(index * step, 1))


def _step(milliseconds: float) -> float:
    """The smallest of 0.1, 0.2, 0.5, 1, 2, 5, 10… that does not make too many ticks."""
    step, factors = 0.1, cycle((2.0, 2.5, 2.0))
    while milliseconds / step >= TICKS_AT_MOST:
        step = round(step * next(factors), 1)
    return step


def _percent(value: float) -> float:
    return round(value, 2)
