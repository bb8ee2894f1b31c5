"""What the weather is, and how xkcd's answers make it: refused, unusable, slow, silent and untrue ones."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tools.soak.world import World

Act = Callable[[World], object]

MINUTES, MONTHS, YEARS = 301.0, 150 * 86400.0, 600 * 86400.0
"""Seconds after which the latest number is old, many comics are old, and no comic is kept any more."""

REFUSALS = ("403", "429", "429-retry-after", "500", "503", "503-retry-after", "503-retry-after-nonsense")
UNUSABLE: tuple[str, ...] = (
    *("redirect", "redirect-nonsense", "reset-in-body", "cut-in-head", "closed-before-head", "html", "array"),
    *("not-http", "infinite", "not-a-number", "long-number", "no-title", "title-is-a-list", "num-is-text"),
    *("no-date", "another-comic", "short-body", "gzip-truncated", "gzip-nonsense", "brotli"),
    "surplus-later",  # if the next request is sent before the surplus arrives, the surplus is its answer
)
LARGE = ("deep-json", "five-mebibytes", "endless", "informational-flood")
"""Unusable answers that take the stand-in itself so long that many at once come late."""

USABLE: tuple[str, ...] = ("closed-afterwards", "long-body", "two-answers", "gzip")
"""Faults of tools/faults.py. Those that change what is true, such as a 404, are left out, and so is what is slow."""

PASSING = ("500", "503", *UNUSABLE, *LARGE, *USABLE)
"""Faults that say nothing about the next request."""


def nothing(world: World) -> None:
    """Leave everything as it is."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens before the calls and while half of them are answered, and which failures that explains."""

    before: Act = nothing
    during: Act = nothing
    statuses: frozenset[int] = frozenset()
    """Statuses with which comics may fail; without any, every answer must be complete."""
    table: bool = False
    """Whether the table is in trouble, which only a ping reports."""
    after: float = MINUTES
    """Seconds that passed before the calm in front of it: with YEARS, the service has forgotten most comics."""
    most_calls: int | None = None
    """How many calls the handler, which answers one at a time, gets at most: in this weather they take seconds."""
    seconds: float = 29.0
    """The time that Lambda leaves for an invocation."""
    frozen: float = 0.0
    """Seconds for which the service is stopped."""
    alike: bool = False
    """Whether all clients ask for the same hundred comics; of which each may be requested only twice."""


Forecast = Callable[[Random], Weather]


def passing(rng: Random) -> Weather:
    names = rng.choices(PASSING, k=12)
    return Weather(lambda world: world.xkcd.call("fail", [], names), statuses=frozenset({502, 503}))


def some_fail(rng: Random) -> Weather:
    faults = [(num, rng.choice(PASSING)) for num in rng.sample(range(1, 2600), 800)]
    return Weather(lambda world: world.xkcd.call("fail", faults, []), statuses=frozenset({502, 503}), after=YEARS)


def all_fail(rng: Random) -> Weather:
    fault = rng.choice(UNUSABLE)

    def before(world: World) -> None:
        world.advance(MINUTES)
        world.xkcd.call("fail", [(0, fault)], [])

    return Weather(before, statuses=frozenset({502, 503}))


def refusals(rng: Random) -> Weather:
    fault = rng.choice(REFUSALS)

    def before(world: World) -> None:
        world.advance(MINUTES)
        world.xkcd.call("fail", [(0, fault)], [])

    return Weather(before, statuses=frozenset({503}))


def usable(rng: Random) -> Weather:
    fault = rng.choice(USABLE)
    return Weather(lambda world: world.xkcd.call("fail", [(0, fault)], []), after=YEARS)


def slow(rng: Random) -> Weather:
    return Weather(lambda world: world.xkcd.call("slow_down", 0.01, 0.1, 30.0), after=YEARS)


def little_time(rng: Random) -> Weather:
    def before(world: World) -> None:
        world.advance(MINUTES)
        world.xkcd.call("slow_down", 0.2)

    return Weather(before, statuses=frozenset({503, 504}), seconds=0.6, after=YEARS)


def silence(rng: Random) -> Weather:
    names = rng.choices(("silence", "drip"), k=4)
    statuses = frozenset({503, 504})
    return Weather(lambda world: world.xkcd.call("fail", [], names), statuses=statuses, after=YEARS, most_calls=6)


def new_comic(rng: Random) -> Weather:
    return Weather(during=World.publish)


def wrong_latest(rng: Random) -> Weather:
    def before(world: World) -> None:
        world.advance(rng.choice((MINUTES, MONTHS, YEARS)))
        world.xkcd.call("lie")

    return Weather(before, statuses=frozenset({502, 503}))
