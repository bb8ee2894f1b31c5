"""The order of the weather: each with a calm before it and a recovery after it, in a new order each time round."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from tools.soak.forecasts import FORECASTS
from tools.soak.weather import MINUTES, Weather
from tools.soak.world import World

CALM = "calm"
RECOVERY = "recovery"
MOST_CALLS = 72
"""Calls in one weather."""


@dataclass(frozen=True, slots=True)
class Phase:
    """That many calls in that weather. All of them are answered before the next phase begins."""

    name: str
    weather: Weather
    calls: int


def phases(rng: Random, names: Sequence[str], invocations: int, one_at_a_time: bool) -> Iterator[Phase]:
    """Phases with that many calls in all. Each weather comes at least once if there are enough."""
    left = invocations
    usual = min(max(invocations // (3 * len(names)), 8), MOST_CALLS)
    while left > 0:
        for name in rng.sample(names, len(names)):
            for phase in _cycle(name, FORECASTS[name](rng), usual, one_at_a_time):
                calls = min(phase.calls, left)
                left -= calls
                if calls:
                    yield Phase(phase.name, phase.weather, calls)


def _cycle(name: str, weather: Weather, usual: int, one_at_a_time: bool) -> Iterator[Phase]:
    yield Phase(CALM, Weather(partial(_clear, seconds=weather.after)), usual)
    yield Phase(name, weather, min(usual, weather.most_calls or usual) if one_at_a_time else usual)
    # What the weather left behind, such as a pause, may still show in the first answers after it.
    after = Weather(partial(_clear, seconds=MINUTES), statuses=weather.statuses, table=weather.table)
    yield Phase(RECOVERY, after, max(usual // 8, 1))


def _clear(world: World, seconds: float) -> None:
    world.clear()
    world.advance(seconds)
