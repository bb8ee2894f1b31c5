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
LEAST_CALLS, MOST_CALLS = 8, 72
"""Calls in one weather."""

WARM = 2000
"""Calls after which the service has seen all weather."""


@dataclass(frozen=True, slots=True)
class Phase:
    """That many calls in that weather. All of them are answered before the next phase begins."""

    name: str
    weather: Weather
    calls: int


def phases(rng: Random, names: Sequence[str], invocations: int, clients: int) -> Iterator[Phase]:
    """Phases with that many calls in all, for that many clients.

    In the first round each weather is so short that the service has seen all of them once it is warm.
    """
    left, first = invocations, min(invocations, WARM)
    while left > 0:
        usual = min(max((first or invocations) // (3 * len(names)), LEAST_CALLS), MOST_CALLS)
        for name in rng.sample(names, len(names)):
            for phase in _cycle(name, FORECASTS[name](rng), usual, clients):
                calls = min(phase.calls, left)
                left -= calls
                if calls:
                    yield Phase(phase.name, phase.weather, calls)
        first = 0


def _cycle(name: str, weather: Weather, usual: int, clients: int) -> Iterator[Phase]:
    calls = max(usual, clients) if weather.alike else usual
    yield Phase(CALM, Weather(partial(_clear, seconds=weather.after)), usual)
    yield Phase(name, weather, min(calls, weather.most_calls or calls) if clients == 1 else calls)
    # What the weather left behind, such as a pause, may still show in the first answers after it.
    after = Weather(partial(_clear, seconds=MINUTES), statuses=weather.statuses, table=weather.table)
    yield Phase(RECOVERY, after, max(usual // 8, 1))


def _clear(world: World, seconds: float) -> None:
    world.clear()
    world.advance(seconds)
