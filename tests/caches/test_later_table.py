"""A table that starts when it is first needed, beside the requests."""

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator

import pytest

from app.caches.bounded import Table
from app.caches.dynamodb import ComicsTable
from app.caches.later_table import LaterTable
from app.comics.found import Found, LatestNumber
from app.errors import TableError
from app.runtime.event_loop import EventLoop
from tests.records import NOW, Clock, found
from tools.table import LocalTable

LATEST = LatestNumber(2665, NOW)


class Started:
    """A table that starts when a test says so, or fails to."""

    def __init__(self, start: Callable[[], Table]) -> None:
        self.may_start = threading.Event()
        self.starts = 0
        self.loop = EventLoop()
        self._start = start
        self.table = LaterTable(self._wait)
        self.loop.on_close(self.table.aclose)

    def comics(self, *numbers: int) -> dict[int, Found]:
        into: dict[int, Found] = {}
        self.loop.run(self.table.comics(numbers, into))
        return into

    def latest(self) -> LatestNumber | None:
        return self.loop.run(self.table.latest())

    def keep(self, *comics: Found, latest: LatestNumber | None = None) -> None:
        self.loop.run(self.table.keep(comics, latest))

    def started(self) -> None:
        """Let it start, and return when it is there or has failed."""

        async def other_tasks() -> None:
            await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)

        self.may_start.set()
        self.loop.run(other_tasks())

    def _wait(self) -> Table:
        self.starts += 1
        self.may_start.wait()
        return self._start()


@pytest.fixture
def later(table: LocalTable) -> Iterator[Started]:
    started = Started(lambda: ComicsTable(table.name, Clock()))
    yield started
    started.may_start.set()
    started.loop.close()


def test_it_starts_with_the_first_call_and_not_before(later: Started) -> None:
    assert later.starts == 0
    for _ in range(2):
        assert later.comics(1) == {}
    assert later.starts == 1


def test_until_it_is_there_it_has_nothing_and_takes_nothing(table: LocalTable, later: Started) -> None:
    later.keep(found(1), latest=LATEST)
    assert (later.comics(1), later.latest()) == ({}, None)
    later.started()
    assert (later.comics(1), later.latest(), table.items()) == ({}, None, {})


def test_once_it_is_there_it_is_like_any_table(later: Started) -> None:
    later.latest()
    later.started()
    later.keep(found(1), latest=LATEST)
    assert (later.comics(1, 2), later.latest()) == ({1: found(1, source="table")}, LATEST)


def test_who_asks_what_it_holds_waits_for_it(later: Started) -> None:
    async def ask() -> bool:
        asking = asyncio.create_task(later.table.held())
        done, _ = await asyncio.wait([asking], timeout=0)
        later.may_start.set()
        assert (await asking, await later.table.looked()) == ({}, {})
        return bool(done)

    assert later.loop.run(ask()) is False


def test_what_it_did_not_start_with_is_raised_each_time() -> None:
    def fail() -> Table:
        raise TableError("There is no region.")

    later = Started(fail)
    assert later.comics(1) == {}
    later.started()
    for _ in range(2):
        with pytest.raises(TableError, match=r"^There is no region\.$"):
            later.comics(1)
    later.loop.close()


@pytest.mark.parametrize("starting", [False, True], ids=["unused", "while it starts"])
def test_it_closes_before_it_is_there(starting: bool, table: LocalTable) -> None:
    later = Started(lambda: ComicsTable(table.name, Clock()))
    if starting:
        later.comics(1)
    later.loop.close()
    later.may_start.set()


def test_a_failure_that_nobody_met_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Table:
        raise TableError("There is no region.")

    later = Started(fail)
    later.may_start.set()
    later.latest()
    later.loop.close()
    gc.collect()
    assert caplog.messages == []
