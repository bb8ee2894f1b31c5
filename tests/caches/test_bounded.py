"""What the table may cost an invocation, whatever is wrong with it."""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

import pytest

from app.caches import bounded as caches
from app.caches.bounded import TABLE_TIMEOUT
from app.caches.layers import Cache, Caches
from app.circuit import PAUSE
from app.comics.found import Found, LatestNumber
from app.errors import TableError
from app.runtime.time_limit import LAST_TURNS
from tests.records import NOW, Clock, found


class ScriptedTable:
    """A table that has comics 1 and 2, and that may be told to fail or to stall after the first of them."""

    def __init__(self) -> None:
        self.fails = False
        self.stalls = False
        self.spend: Callable[[], object] = lambda: None
        self.asked: list[str] = []
        self.kept: list[int] = []

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        into[1] = found(1, source="table")
        await self._do("comics")
        into[2] = found(2, source="table")

    async def latest(self) -> LatestNumber | None:
        await self._do("latest")
        return LatestNumber(2665, NOW)

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        await self._do("keep")
        self.kept += [found.comic.num for found in comics]

    async def held(self) -> Mapping[int, float]:
        raise NotImplementedError

    async def looked(self) -> Mapping[int, float]:
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError

    async def _do(self, what: str) -> None:
        self.asked.append(what)
        if self.fails:
            raise TableError("It is on fire.")
        if self.stalls:
            await asyncio.Event().wait()
        self.spend()
        for _ in range(LAST_TURNS + 5):  # so that a timeout that is due cuts in
            await asyncio.sleep(0)


class House:
    """The caches over a scripted table, with a clock to set."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.table = ScriptedTable()
        self.caches = Caches(100, self.table, self.clock, floor=0, monotonic=self.clock)

    def bounded(self, seconds: float = 8.0) -> Cache:
        return self.caches.bounded(self.table, time.monotonic() + seconds)


@pytest.fixture
def house() -> House:
    return House()


LEFT_OUT = "This request does without the table: "


def test_a_table_that_works_is_asked_and_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    async def invocation() -> None:
        table = house.bounded()
        assert await table.comics([1, 2]) == {1: found(1, source="table"), 2: found(2, source="table")}
        assert await table.latest() == LatestNumber(2665, NOW)
        await table.keep([found(3)])

    asyncio.run(invocation())
    assert house.table.kept == [3]
    assert caplog.messages == []


@pytest.mark.parametrize(("trouble", "why"), [("fails", "It is on fire."), ("stalls", "its time is over")])
def test_a_table_in_trouble_is_left_out_of_the_invocation_and_logged_once(
    house: House, caplog: pytest.LogCaptureFixture, trouble: str, why: str
) -> None:
    setattr(house.table, trouble, True)

    async def invocation() -> None:
        table = house.bounded()
        assert await table.comics([1, 2]) == {1: found(1, source="table")}
        assert await table.latest() is None
        await table.keep([found(3)])

    asyncio.run(invocation())
    assert house.table.asked == ["comics"]
    assert caplog.messages == [LEFT_OUT + why]


def test_reading_and_writing_share_the_patience(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent, monotonic = [0.0], time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: monotonic() + sum(spent))

    async def invocation() -> None:
        house.table.spend = lambda: spent.append(0.6 * TABLE_TIMEOUT)
        table = house.bounded()
        assert await table.latest() is not None
        await table.keep([found(3)])

    asyncio.run(invocation())
    assert house.table.asked == ["latest", "keep"]
    assert caplog.messages == [LEFT_OUT + "its time is over"]


def test_a_table_that_dies_between_reading_and_writing_costs_nothing_else(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    async def invocation() -> None:
        table = house.bounded()
        assert await table.comics([1, 2]) == {1: found(1, source="table"), 2: found(2, source="table")}
        house.table.fails = True
        await table.keep([found(3)])

    asyncio.run(invocation())
    assert caplog.messages == [LEFT_OUT + "It is on fire."]


def fail_in(house: House, invocations: int, writing: bool = False) -> None:
    """Have the table fail, to be read or to be written; it works for the other."""
    for _ in range(invocations):
        bounded = house.bounded()
        house.table.fails = not writing
        asyncio.run(bounded.latest())
        house.table.fails = writing
        asyncio.run(bounded.keep([found(3)]))
    house.table.fails = False
    house.table.asked.clear()


def test_a_table_that_can_be_read_but_not_written_has_a_rest_from_writing(house: House) -> None:
    fail_in(house, 2, writing=True)
    assert house.caches.writing_is_paused
    table = house.bounded()
    assert asyncio.run(table.latest()) == LatestNumber(2665, NOW)
    asyncio.run(table.keep([found(3)]))
    assert house.table.asked == ["latest"]
    house.clock.now += PAUSE
    assert not house.caches.writing_is_paused
    asyncio.run(house.bounded().keep([found(3)]))
    assert house.table.kept == [3]


def test_a_fault_of_ours_in_the_table_is_logged_with_its_traceback_and_fails_nobody(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.table.spend = lambda: {}["missing"]
    assert asyncio.run(house.bounded().latest()) is None
    assert caplog.messages == [LEFT_OUT + "'missing'"]
    assert caplog.records[0].exc_info


def test_after_failing_in_two_invocations_in_a_row_the_table_has_a_rest(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    fail_in(house, 2)
    caplog.clear()
    house.clock.now += PAUSE - 1
    assert asyncio.run(house.bounded().latest()) is None
    assert (house.table.asked, caplog.messages) == ([], [])
    house.clock.now += 1
    assert asyncio.run(house.bounded().latest()) == LatestNumber(2665, NOW)


def test_what_works_in_between_means_no_rest(house: House) -> None:
    for _ in range(3):
        fail_in(house, 1)
        assert asyncio.run(house.bounded().latest()) is not None


def test_after_the_deadline_nothing_is_asked_and_the_table_is_not_to_blame(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert asyncio.run(house.bounded(seconds=-1).latest()) is None
    assert house.table.asked == []
    assert caplog.messages == [LEFT_OUT + "its time is over"] * 3
    assert asyncio.run(house.bounded().latest()) is not None


def test_a_deadline_before_the_patience_is_over_is_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "TABLE_TIMEOUT", 3600.0)
    house.table.stalls = True
    for _ in range(3):
        asyncio.run(asyncio.wait_for(house.bounded(seconds=0.01).latest(), 30))
    house.table.stalls = False
    assert asyncio.run(house.bounded().latest()) is not None


def test_without_a_table_there_is_memory_alone() -> None:
    alone = Caches(100, None, Clock(), floor=0)
    assert (alone.names, alone.for_request(0.0)) == (("memory",), alone.memory)


def test_with_a_table_it_is_below_memory(house: House) -> None:
    assert house.caches.names == ("memory", "table")

    async def invocation() -> None:
        both = house.caches.for_request(time.monotonic() + 8)
        assert await both.comics([1, 2]) == {1: found(1, source="table"), 2: found(2, source="table")}
        assert await both.comics([1, 2]) == {1: found(1, source="memory"), 2: found(2, source="memory")}

    asyncio.run(invocation())
    assert house.table.asked == ["comics"]
