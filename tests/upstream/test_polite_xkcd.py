"""Hedged requests: what xkcd is sent when it is slow, and what is never sent."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random

import pytest

from app.caches.layers import Caches
from app.comics.selection import Listed
from app.errors import BadAnswer, NoSuchComic, TooLate, Unreachable
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.connection_pool import Connections
from app.upstream.xkcd import Xkcd
from tools.stand_in import StandIn

USUAL = 0.1
"""Seconds that a request takes usually; those that follow are answered at once, unless a test has it otherwise."""


class House:
    """A gatherer that remembers no comic and may hedge, on a loop of its own."""

    def __init__(self, xkcd: StandIn, client: Xkcd, hedge: bool = True) -> None:
        self.xkcd = xkcd
        self.loop = EventLoop()
        self.loop.on_close(client.aclose)
        caches = Caches(0, None, clock=time.time)
        self.gatherer = Gatherer(client, caches, 0, Random(614), hedge=hedge)

    def gather(self, *numbers: int, seconds: float = 8.0) -> Gathered:
        return self.loop.run(self.gatherer.gather(Listed(numbers), time.monotonic() + seconds))

    def learn(self, comics: int = 100) -> None:
        """Let it learn what is usual, and save up three hedges for each hundred requests."""
        self.xkcd.latency = USUAL
        self.gather(*range(1, comics + 1))
        self.xkcd.latency = 0.0
        self.xkcd.asked.clear()

    def tasks(self) -> int:
        async def count() -> int:
            return len(asyncio.all_tasks()) - 1

        return self.loop.run(count())


@pytest.fixture
def make_house(xkcd: StandIn) -> Iterator[Callable[..., House]]:
    with ExitStack() as stack:

        def make(client: type[Xkcd] = Xkcd, hedge: bool = True) -> House:
            house = House(xkcd, client(Settings(xkcd_url=xkcd.url), Connections(xkcd.url, None)), hedge)
            stack.callback(house.loop.close)
            return house

        yield make


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    """One that knows what is usual, with a hundred connections and three hedges."""
    house = make_house()
    house.learn()
    return house


def nums(gathered: Gathered) -> list[int]:
    return [found.comic.num for found in gathered.comics]


def asked(xkcd: StandIn, num: int) -> int:
    return xkcd.asked[f"/{num}/info.0.json"]


@pytest.mark.parametrize("slow", [1, 2])
def test_a_slow_request_is_overtaken_by_the_first_or_the_second_after_it(
    xkcd: StandIn, house: House, slow: int
) -> None:
    xkcd.passing_faults = ["silence"] * slow
    gathered = house.gather(614)
    assert (nums(gathered), gathered.hedged, gathered.retried, asked(xkcd, 614)) == ([614], slow, 0, 1 + slow)
    assert xkcd.wait_until(lambda: xkcd.open_connections == 100 - slow)


def test_an_overtaken_requests_connection_is_replaced_for_the_next_invocation(xkcd: StandIn, house: House) -> None:
    xkcd.close_connections()
    house.gather(*range(1, 21))
    before = xkcd.connections
    xkcd.passing_faults = ["silence"]
    assert house.gather(*range(1, 21)).hedged == 1
    assert xkcd.wait_until(lambda: (xkcd.open_connections, xkcd.connections) == (20, before + 1))


def test_a_connection_that_cannot_be_replaced_costs_nothing(xkcd: StandIn, make_house: Callable[..., House]) -> None:
    class Isolated(Xkcd):
        async def connect(self, count: int) -> None:
            raise Unreachable("xkcd could not be reached.")

    house = make_house(Isolated)
    house.learn()
    xkcd.passing_faults = ["silence"]
    assert house.gather(*range(1, 21)).failures == ()


def test_that_there_is_no_such_comic_is_an_answer(xkcd: StandIn, house: House) -> None:
    xkcd.passing_faults = ["404", "silence"]
    (failure,) = house.gather(614).failures
    assert (type(failure.error), asked(xkcd, 614)) == (NoSuchComic, 2)


def test_there_are_never_more_hedges_than_three_in_a_hundred(xkcd: StandIn, house: House) -> None:
    xkcd.faults[0] = "silence"
    gathered = house.gather(*range(1, 21), seconds=2.5)
    assert (gathered.hedged, sum(xkcd.asked.values())) == (3, 23)


@pytest.mark.parametrize("fault", ["429", "503-retry-after"])
def test_where_anything_was_refused_nothing_is_hedged(xkcd: StandIn, house: House, fault: str) -> None:
    xkcd.faults.update({1: fault, 2: "silence"})
    assert house.gather(1, 2, seconds=1.0).hedged == 0
    assert (asked(xkcd, 1), asked(xkcd, 2)) == (1, 1)


def test_after_an_invocation_that_was_refused_nothing_is_hedged(xkcd: StandIn, house: House) -> None:
    xkcd.faults.update({1: "429", 2: "silence"})
    house.gather(1)
    assert (house.gather(2, seconds=1.0).hedged, asked(xkcd, 2)) == (0, 1)


def test_a_hedge_that_fails_does_not_end_the_request_that_is_slow(xkcd: StandIn, house: House) -> None:
    xkcd.latency = 1.0
    xkcd.passing_faults = ["html"]

    async def gather() -> Gathered:
        gathering = asyncio.create_task(house.gatherer.gather(Listed((614,)), time.monotonic() + 8))
        assert await asyncio.to_thread(xkcd.wait_until, lambda: asked(xkcd, 614) == 1)
        xkcd.latency = 0.0
        return await gathering

    assert (nums(house.loop.run(gather())), asked(xkcd, 614)) == ([614], 2)


def test_when_all_requests_for_a_comic_fail_so_does_the_comic(xkcd: StandIn, house: House) -> None:
    xkcd.latency = 1.0
    xkcd.faults[614] = "html"
    (failure,) = house.gather(614).failures
    assert (type(failure.error), asked(xkcd, 614)) == (BadAnswer, 3)


def test_what_the_deadline_cuts_off_leaves_nothing_behind(xkcd: StandIn, house: House) -> None:
    xkcd.faults[614] = "silence"
    gathered = house.gather(614, seconds=2.5)
    assert ([type(failure.error) for failure in gathered.failures], gathered.hedged) == ([TooLate], 2)
    assert house.tasks() == 0
    assert xkcd.wait_until(lambda: xkcd.open_connections == 97)


def test_switched_off_nothing_is_hedged(xkcd: StandIn, make_house: Callable[..., House]) -> None:
    house = make_house(hedge=False)
    house.learn()
    xkcd.faults[614] = "silence"
    assert (house.gather(614, seconds=1.0).hedged, asked(xkcd, 614)) == (0, 1)


def test_before_it_is_known_what_is_usual_nothing_is_hedged(xkcd: StandIn, make_house: Callable[..., House]) -> None:
    house = make_house()
    house.learn(39)
    xkcd.faults[614] = "silence"
    assert (house.gather(614, seconds=1.0).hedged, asked(xkcd, 614)) == (0, 1)
