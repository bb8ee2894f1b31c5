"""Many callers at once in one process, which want the same comics or more than xkcd can send."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from app.circuit import PAUSE
from app.comics.found import LATEST_FRESH_FOR
from app.comics.selection import Latest, Listed
from app.errors import Forbidden, NoSuchComic, Refused, TimedOut
from app.gathering.gathered import Gathered
from app.upstream import polite
from tests.caches.test_bounded import ScriptedTable
from tests.records import found
from tests.rig import Rig, nums
from tools.stand_in import StandIn


@pytest.fixture
def rig(xkcd: StandIn) -> Iterator[Rig]:
    with closing(Rig(xkcd)) as rig:
        yield rig


def together(rig: Rig, callers: int, *numbers: int, seconds: float = 8.0) -> list[Gathered]:
    """What that many gatherings of these comics find that run at the same time."""

    async def gather() -> list[Gathered]:
        deadline = time.monotonic() + seconds
        selection = Listed(numbers)
        return await asyncio.gather(*(rig.gatherer.gather(selection, deadline) for _ in range(callers)))

    return rig.loop.run(gather())


def test_callers_that_want_the_same_comics_share_their_requests(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latency = 0.05
    all_found = together(rig, 64, *range(1, 6))
    assert [nums(gathered.comics) for gathered in all_found] == [[1, 2, 3, 4, 5]] * 64
    assert xkcd.asked == {f"/{num}/info.0.json": 1 for num in range(1, 6)}


def test_threads_that_want_the_same_comics_share_their_requests(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latency = 0.05
    with ThreadPoolExecutor(64) as threads:
        all_found = list(threads.map(lambda _: rig.gather(*range(1, 21)), range(64)))
    assert [(len(gathered.comics), gathered.failures) for gathered in all_found] == [(20, ())] * 64
    assert set(xkcd.asked.values()) == {1}


def test_callers_share_the_request_for_the_latest_number(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latency = 0.05

    async def gather() -> list[Gathered]:
        deadline = time.monotonic() + 8.0
        return await asyncio.gather(*(rig.gatherer.gather(Latest(1), deadline) for _ in range(64)))

    assert [gathered.latest for gathered in rig.loop.run(gather())] == [2665] * 64
    assert xkcd.asked == {"/info.0.json": 1}


def test_a_comic_is_in_memory_before_the_gathering_that_fetched_it_is_over(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[2] = "silence"
    with ThreadPoolExecutor() as threads:
        slow = threads.submit(rig.gather, Listed((1, 2)), seconds=1.0)
        assert xkcd.wait_until(lambda: xkcd.asked.total() == 2)
        assert nums(rig.gather(1).comics) == [1]
        assert not slow.done()
    assert xkcd.asked["/1/info.0.json"] == 1


def test_each_caller_has_its_own_deadline(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latency = 0.2
    with ThreadPoolExecutor() as threads:
        hasty = threads.submit(rig.gather, 1, seconds=0.05)
        patient = threads.submit(rig.gather, 1)
        (failure,) = hasty.result().failures
        assert (type(failure.error), nums(patient.result().comics)) == (TimedOut, [1])
    assert xkcd.asked == {"/1/info.0.json": 1}


def test_a_failure_is_told_to_each_of_them_and_counts_once_against_xkcd(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[0] = "503-retry-after"
    xkcd.latency = 0.05
    all_found = together(rig, 10, 1)
    assert [type(gathered.failures[0].error) for gathered in all_found] == [Refused] * 10
    assert [gathered.reasons for gathered in all_found] == [{"http_503": 1}] * 10
    assert xkcd.asked.total() == 1


def test_a_refusal_that_ends_one_gathering_ends_those_that_share_it(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[0] = "403"
    xkcd.latency = 0.05
    all_found = together(rig, 10, 1)
    assert [type(gathered.failures[0].error) for gathered in all_found] == [Forbidden] * 10
    assert xkcd.asked.total() == 1


def test_a_404_is_told_to_each_of_them_and_is_no_failure_of_xkcd(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latency = 0.05
    all_found = together(rig, 10, 2700)
    assert [type(gathered.failures[0].error) for gathered in all_found] == [NoSuchComic] * 10
    assert [gathered.reasons for gathered in all_found] == [{}] * 10


def test_waiting_for_a_connection_of_our_own_is_not_counted_as_xkcds_time(
    xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty comics over two connections take ten times as long as one, and more than one attempt may take."""
    monkeypatch.setattr(polite, "MOST_CONNECTIONS", 2)
    xkcd.latency = 0.1
    with closing(Rig(xkcd, attempt_timeout=0.5)) as rig:
        gathered = rig.gather(Listed(tuple(range(1, 21))))
    assert (len(gathered.comics), gathered.reasons, xkcd.connections) == (20, {}, 2)


def test_before_a_failure_is_told_memory_is_looked_at_again(xkcd: StandIn, rig: Rig) -> None:
    """Another gathering may have fetched the comic meanwhile."""
    xkcd.faults[1] = "silence"

    async def gather() -> Gathered:
        gathering = asyncio.create_task(rig.gatherer.gather(Listed((1,)), time.monotonic() + 0.2))
        await asyncio.to_thread(xkcd.wait_until, lambda: xkcd.asked.total() == 1)
        await rig.caches.memory.keep([found(1)])
        return await gathering

    gathered = rig.loop.run(gather())
    assert ([each.source for each in gathered.comics], gathered.failures) == (["memory"], ())


def test_a_comic_that_another_gathering_fetched_meanwhile_is_not_requested(xkcd: StandIn) -> None:
    """It came into memory while this one looked in the table."""
    table = ScriptedTable()
    with closing(Rig(xkcd, table=table)) as rig:
        table.spend = lambda: asyncio.ensure_future(rig.caches.memory.keep([found(3)]))
        gathered = rig.gather(3)
    assert ([each.source for each in gathered.comics], xkcd.asked) == (["memory"], {})


def test_callers_that_need_the_same_items_share_the_tables_reads(xkcd: StandIn) -> None:
    table = ScriptedTable()
    with closing(Rig(xkcd, table=table)) as rig:
        all_found = together(rig, 64, 1, 2)
    assert [nums(gathered.comics) for gathered in all_found] == [[1, 2]] * 64
    assert table.asked.count("comics") == 1


def test_after_a_pause_a_new_event_loop_may_try_again(xkcd: StandIn, rig: Rig) -> None:
    """As after a fork, or after the server closed the loop: the lock of the trial belonged to the loop before."""
    xkcd.faults[0] = "503"
    xkcd.latency = 0.05
    for _ in range(2):
        rig.gather(1)
    rig.clock.now += PAUSE
    assert {type(gathered.failures[0].error) for gathered in together(rig, 3, 1)} <= {Refused}
    rig.loop.close()
    xkcd.faults.clear()
    rig.clock.now += PAUSE + LATEST_FRESH_FOR
    assert [nums(gathered.comics) for gathered in together(rig, 3, 1)] == [[1]] * 3
