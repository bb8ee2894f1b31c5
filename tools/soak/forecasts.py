"""All weather by name: what xkcd's answers make, and what connections, names, the table and freezes do."""

import time
from collections.abc import Mapping
from random import Random

from tools.soak import weather
from tools.soak.table import FAULTS as TABLE_FAULTS
from tools.soak.weather import MONTHS, YEARS, Forecast, Weather
from tools.soak.world import World


def closed(rng: Random) -> Weather:
    def during(world: World) -> None:
        for _ in range(3):
            world.xkcd.call("close_connections")
            time.sleep(0.02)

    return Weather(during=during, statuses=frozenset({502, 503}), after=YEARS)


def closed_while_idle(rng: Random) -> Weather:
    return Weather(lambda world: world.xkcd.call("close_connections"), after=YEARS)


def reset(rng: Random) -> Weather:
    def during(world: World) -> None:
        for _ in range(3):
            world.xkcd.call("abort_connections")
            time.sleep(0.02)

    return Weather(during=during, statuses=frozenset({502, 503}), after=YEARS)


def dead(rng: Random) -> Weather:
    return Weather(lambda world: world.xkcd.call("fall_silent"), after=YEARS, most_calls=12)


def resolving(mode: str, *statuses: int, most_calls: int | None = None) -> Forecast:
    def before(world: World) -> None:
        world.worker.call("resolve", mode)
        world.xkcd.call("close_connections")

    weather = Weather(before, statuses=frozenset(statuses), after=YEARS, most_calls=most_calls)
    return lambda rng: weather


def table_fails(rng: Random) -> Weather:
    fault = rng.choice(sorted(TABLE_FAULTS))
    return Weather(lambda world: world.table.call("fail", fault), table=True, after=MONTHS)


def table_stands_still(rng: Random) -> Weather:
    return Weather(lambda world: world.table.stop(), table=True, after=MONTHS)


def frozen_idle(rng: Random) -> Weather:
    def before(world: World) -> None:
        world.worker.stop()
        world.xkcd.call("close_connections")
        world.table.call("lose_connections")
        time.sleep(0.5)
        world.worker.resume()

    return Weather(before, after=YEARS)


def frozen_at_work(rng: Random) -> Weather:
    seconds = 4.0  # longer than an attempt at xkcd, and shorter than an answer may take
    return Weather(
        lambda world: world.xkcd.call("slow_down", 0.1),
        lambda world: world.worker.freeze(seconds),
        after=YEARS,
        frozen=seconds,
    )


def crowd(rng: Random) -> Weather:
    return Weather(alike=True, after=YEARS)


FORECASTS: Mapping[str, Forecast] = {
    "passing faults": weather.passing,
    "some comics fail": weather.some_fail,
    "all comics fail": weather.all_fail,
    "refusals": weather.refusals,
    "odd answers": weather.usable,
    "slow answers": weather.slow,
    "little time": weather.little_time,
    "silence": weather.silence,
    "new comic": weather.new_comic,
    "wrong latest": weather.wrong_latest,
    "connections closed": closed,
    "closed while idle": closed_while_idle,
    "connections reset": reset,
    "dead connections": dead,
    "no name": resolving("fails", 503),
    "slow name": resolving("slow", 503, 504, most_calls=6),
    "next address": resolving("second"),
    "nobody there": resolving("elsewhere", 503),
    "table fails": table_fails,
    "table stands still": table_stands_still,
    "frozen idle": frozen_idle,
    "frozen at work": frozen_at_work,
    "crowd": crowd,
}
"""Every weather, by the name that WEATHER gives it."""
