"""One read of the table for all requests that need the same items at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping

import pytest

from app.caches.shared_reads import SharedReads
from app.comics.found import Found, LatestNumber
from app.errors import TableError
from tests.records import NOW, found


class SlowTable:
    """A table with comics 1 to 9, which answers when it is let go, or fails."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.fails = False
        self.reads: list[list[int]] = []
        self.kept: list[int] = []

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        self.reads.append(list(numbers))
        for num in [num for num in sorted(numbers)[:1] if num < 10]:
            into[num] = found(num, source="table")
        await self.go.wait()
        if self.fails:
            raise TableError("It is on fire.")
        into.update((num, found(num, source="table")) for num in numbers if num < 10)

    async def latest(self) -> LatestNumber | None:
        self.reads.append([0])
        await self.go.wait()
        return LatestNumber(2665, NOW)

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        self.kept += [each.comic.num for each in comics]

    async def held(self) -> Mapping[int, float]:
        return {1: NOW}

    async def looked(self) -> Mapping[int, float]:
        return {1: NOW + 1}

    async def aclose(self) -> None:
        self.kept.append(-1)


def run(test: Callable[[SlowTable, SharedReads], Awaitable[None]]) -> None:
    async def begin() -> None:
        table = SlowTable()
        await test(table, SharedReads(table))

    asyncio.run(begin())


async def comics(shared: SharedReads, *numbers: int) -> list[int]:
    into: dict[int, Found] = {}
    await shared.comics(numbers, into)
    return list(into)


async def reading(shared: SharedReads, *selections: tuple[int, ...]) -> list[asyncio.Task[list[int]]]:
    """A request for each of these, which is under way by now."""
    tasks = [asyncio.create_task(comics(shared, *numbers)) for numbers in selections]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


def test_a_comic_that_is_being_read_is_not_read_once_more() -> None:
    async def test(table: SlowTable, shared: SharedReads) -> None:
        requests = await reading(shared, (1, 2), (2, 3), (1, 3), (12,))
        table.go.set()
        assert [sorted(await request) for request in requests] == [[1, 2], [2, 3], [1, 3], []]
        assert table.reads == [[1, 2], [3], [12]]
        assert await comics(shared, 1) == [1]
        assert table.reads[3:] == [[1]]

    run(test)


def test_a_failure_is_one_for_each_of_them() -> None:
    async def test(table: SlowTable, shared: SharedReads) -> None:
        table.fails = True
        requests = await reading(shared, (1, 2), (1, 2))
        table.go.set()
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["It is on fire."] * 2

    run(test)


def test_a_request_that_gives_up_has_what_has_arrived_and_leaves_the_rest_to_the_others() -> None:
    async def test(table: SlowTable, shared: SharedReads) -> None:
        (other,) = await reading(shared, (1, 2))
        into: dict[int, Found] = {}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await shared.comics((1, 2), into)
        assert list(into) == [1]
        table.go.set()
        assert (await other, table.reads) == ([1, 2], [[1, 2]])

    run(test)


def test_the_latest_number_is_read_once() -> None:
    async def test(table: SlowTable, shared: SharedReads) -> None:
        requests = [asyncio.create_task(shared.latest()) for _ in range(3)]
        await asyncio.sleep(0)
        table.go.set()
        assert await asyncio.gather(*requests) == [LatestNumber(2665, NOW)] * 3
        assert table.reads == [[0]]

    run(test)


def test_everything_else_is_the_tables() -> None:
    async def test(table: SlowTable, shared: SharedReads) -> None:
        await shared.keep([found(1)])
        await shared.aclose()
        assert (table.kept, await shared.held(), await shared.looked()) == ([1, -1], {1: NOW}, {1: NOW + 1})

    run(test)
