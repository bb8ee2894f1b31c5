"""Hedged requests: what xkcd is sent when it is slow, and what is never sent."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest

from app.comics.selection import Listed
from app.errors import BadAnswer, NoSuchComic, Paused, TimedOut, Unreachable
from app.gathering.gathered import Gathered
from app.upstream.xkcd import Xkcd
from tests.rig import Rig, nums
from tools.faults import FAULTS, status
from tools.stand_in import StandIn

MakeRig = Callable[..., "HedgingRig"]

USUAL = 0.1
"""Seconds that a request takes usually; those that follow are answered at once, unless a test has it otherwise."""


class HedgingRig(Rig):
    """A rig that remembers no comic and may hedge."""

    def __init__(self, xkcd: StandIn, client: type[Xkcd] = Xkcd, hedge: bool = True) -> None:
        super().__init__(xkcd, client=client, hedge=hedge, comics_in_memory=0)
        self.xkcd = xkcd

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
def make_rig(xkcd: StandIn) -> Iterator[MakeRig]:
    with ExitStack() as stack:

        def make(client: type[Xkcd] = Xkcd, hedge: bool = True) -> HedgingRig:
            return stack.enter_context(closing(HedgingRig(xkcd, client, hedge)))

        yield make


@pytest.fixture
def rig(make_rig: MakeRig) -> HedgingRig:
    """One that knows what is usual, with a hundred connections and three hedges."""
    rig = make_rig()
    rig.learn()
    return rig


def asked(xkcd: StandIn, num: int) -> int:
    return xkcd.asked[f"/{num}/info.0.json"]


@pytest.mark.parametrize("slow", [1, 2])
def test_a_slow_request_is_overtaken_by_the_first_or_the_second_after_it(
    xkcd: StandIn, rig: HedgingRig, slow: int
) -> None:
    xkcd.passing_faults = ["silence"] * slow
    gathered = rig.gather(614)
    assert (nums(gathered.comics), gathered.hedged, gathered.retried, asked(xkcd, 614)) == ([614], slow, 0, 1 + slow)
    assert xkcd.wait_until(lambda: xkcd.open_connections == 100 - slow)


def test_an_overtaken_requests_connection_is_replaced_for_the_next_invocation(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.close_connections()
    rig.gather(*range(1, 21))
    before = xkcd.connections
    xkcd.passing_faults = ["silence"]
    assert rig.gather(*range(1, 21)).hedged == 1
    assert xkcd.wait_until(lambda: (xkcd.open_connections, xkcd.connections) == (20, before + 1))


def test_a_connection_that_cannot_be_replaced_costs_nothing(xkcd: StandIn, make_rig: MakeRig) -> None:
    class Isolated(Xkcd):
        async def connect(self, count: int) -> None:
            raise Unreachable("xkcd could not be reached.")

    rig = make_rig(Isolated)
    rig.learn()
    xkcd.passing_faults = ["silence"]
    assert rig.gather(*range(1, 21)).failures == ()


def test_that_there_is_no_such_comic_is_an_answer(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.passing_faults = ["404", "silence"]
    (failure,) = rig.gather(614).failures
    assert (type(failure.error), asked(xkcd, 614)) == (NoSuchComic, 2)


def test_there_are_never_more_hedges_than_three_in_a_hundred(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.faults[0] = "silence"
    gathered = rig.gather(*range(1, 21), seconds=2.5)
    assert (gathered.hedged, sum(xkcd.asked.values())) == (3, 23)


@pytest.mark.parametrize("fault", ["429", "503-retry-after"])
def test_where_anything_was_refused_nothing_is_hedged(xkcd: StandIn, rig: HedgingRig, fault: str) -> None:
    xkcd.faults.update({1: fault, 2: "silence"})
    assert rig.gather(1, 2, seconds=1.0).hedged == 0
    assert (asked(xkcd, 1), asked(xkcd, 2)) == (1, 1)


def test_after_an_invocation_that_was_refused_nothing_is_hedged(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.faults.update({1: "429", 2: "silence"})
    rig.gather(1)
    assert (rig.gather(2, seconds=1.0).hedged, asked(xkcd, 2)) == (0, 1)


def test_a_hedge_that_fails_does_not_end_the_request_that_is_slow(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.latency = 2.0
    xkcd.passing_faults = ["html"]

    async def gather() -> Gathered:
        gathering = asyncio.create_task(rig.gatherer.gather(Listed((614,)), time.monotonic() + 8))
        assert await asyncio.to_thread(xkcd.wait_until, lambda: asked(xkcd, 614) == 1)
        xkcd.latency = 0.0
        return await gathering

    assert (nums(rig.loop.run(gather()).comics), asked(xkcd, 614)) == ([614], 2)


def test_when_all_requests_for_a_comic_fail_so_does_the_comic(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.latency = 1.0
    xkcd.faults[614] = "html"
    (failure,) = rig.gather(614).failures
    assert (type(failure.error), asked(xkcd, 614)) == (BadAnswer, 3)


def test_what_the_deadline_cuts_off_leaves_nothing_behind(xkcd: StandIn, rig: HedgingRig) -> None:
    xkcd.faults[614] = "silence"
    gathered = rig.gather(614, seconds=2.5)
    assert ([type(failure.error) for failure in gathered.failures], gathered.hedged) == ([TimedOut], 2)
    assert rig.tasks() == 0
    assert xkcd.wait_until(lambda: xkcd.open_connections == 97)


def test_switched_off_nothing_is_hedged(xkcd: StandIn, make_rig: MakeRig) -> None:
    rig = make_rig(hedge=False)
    rig.learn()
    xkcd.faults[614] = "silence"
    assert (rig.gather(614, seconds=1.0).hedged, asked(xkcd, 614)) == (0, 1)


def test_before_it_is_known_what_is_usual_nothing_is_hedged(xkcd: StandIn, make_rig: MakeRig) -> None:
    rig = make_rig()
    rig.learn(39)
    xkcd.faults[614] = "silence"
    assert (rig.gather(614, seconds=1.0).hedged, asked(xkcd, 614)) == (0, 1)


@pytest.fixture
def plain(make_rig: MakeRig) -> HedgingRig:
    """One that knows nothing of xkcd yet."""
    return make_rig()


@pytest.mark.parametrize(("fault", "seconds"), [("429-retry-after", 17), ("503-retry-after", 42)])
def test_a_time_to_wait_is_obeyed_at_once_and_callers_are_told_what_is_left_of_it(
    xkcd: StandIn, plain: HedgingRig, fault: str, seconds: int
) -> None:
    xkcd.faults[0] = fault
    plain.gather(1)
    plain.clock.now += seconds - 5
    xkcd.asked.clear()
    (failure,) = plain.gather(2).failures
    assert isinstance(failure.error, Paused)
    message = "xkcd refused earlier requests, so none is sent for 5 s."
    assert (str(failure.error), failure.error.retry_after) == (message, 5)
    assert xkcd.asked == {}


def test_after_an_hour_to_wait_xkcd_is_tried_with_one_request(
    xkcd: StandIn, plain: HedgingRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "hour", status("503 Service Unavailable", "Retry-After: 3600"))
    xkcd.faults[0] = "hour"
    plain.gather(1)
    plain.clock.now += 3599
    xkcd.asked.clear()
    plain.gather(*range(1, 6))
    assert xkcd.asked == {}
    plain.clock.now += 1
    plain.gather(*range(1, 6))
    assert sum(xkcd.asked.values()) == 1


def test_a_503_for_one_comic_of_several_pauses_none_of_the_others(xkcd: StandIn, plain: HedgingRig) -> None:
    xkcd.faults[1] = "503-retry-after"
    plain.gather(1, 2)
    assert nums(plain.gather(2, 3).comics) == [2, 3]


def test_a_403_ends_a_gathering_and_two_of_them_mean_a_pause(xkcd: StandIn, plain: HedgingRig) -> None:
    xkcd.faults[0] = "403"
    for _ in range(10):
        gathered = plain.gather(*range(1, 6))
    assert {type(failure.error) for failure in gathered.failures} == {Paused}
    assert sum(xkcd.asked.values()) == 10
