"""Who gets an idle connection, where several requests wait for one."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from app.connections.connection import LARGEST_ANSWER, Connection
from app.connections.free_list import FreeList


async def connection() -> Connection:
    """A connection to a server that says nothing."""
    ours, theirs = socket.socketpair()
    opened = await Connection.open(ours, "", None, LARGEST_ANSWER)
    asyncio.get_running_loop().create_task(_hold(theirs))
    return opened


async def _hold(theirs: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=theirs)
    with suppress(ConnectionError):
        await reader.read()
    writer.close()


async def another(free: FreeList) -> Connection | None:
    async with free.another() as taken:
        return taken


async def waiting(free: FreeList, count: int) -> list[asyncio.Task[Connection | None]]:
    """That many requests, each of which waits by now."""
    tasks = [asyncio.create_task(another(free)) for _ in range(count)]
    await asyncio.sleep(0)
    return tasks


def run(test: Callable[[FreeList], Awaitable[None]]) -> None:
    async def begin() -> None:
        free = FreeList()
        await test(free)
        free.close()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    asyncio.run(begin())


def test_the_request_that_has_waited_longest_gets_it() -> None:
    async def test(free: FreeList) -> None:
        with free.working():
            first, second = await waiting(free, 2)
            one, two = await connection(), await connection()
            free.add(one)
            free.add(two)
            assert [await first, await second] == [one, two]
        for each in (one, two):
            each.close()

    run(test)


def test_an_idle_one_is_taken_without_waiting() -> None:
    async def test(free: FreeList) -> None:
        idle = await connection()
        free.add(idle)
        assert await another(free) is idle
        idle.close()

    run(test)


def test_without_one_at_work_nobody_waits() -> None:
    async def test(free: FreeList) -> None:
        assert await another(free) is None

    run(test)


def test_when_the_last_one_at_work_is_gone_all_give_up() -> None:
    async def test(free: FreeList) -> None:
        with free.working():
            requests = await waiting(free, 3)
        assert await asyncio.gather(*requests) == [None] * 3

    run(test)


def test_one_that_was_handed_over_and_not_used_yet_is_at_work() -> None:
    async def test(free: FreeList) -> None:
        with free.working():
            first, second = await waiting(free, 2)
            handed_over = await connection()
            free.add(handed_over)
        assert free.at_work == 1
        assert not second.done()
        assert await first is handed_over
        assert await second is None
        handed_over.close()

    run(test)


def test_a_request_that_leaves_leaves_it_to_the_next() -> None:
    async def test(free: FreeList) -> None:
        with free.working():
            early, late, staying = await waiting(free, 3)
            early.cancel()
            await asyncio.wait([early])
            handed_over = await connection()
            free.add(handed_over)
            late.cancel()  # in the turn of the loop in which it was handed over
            assert await staying is handed_over
        assert (late.cancelled(), free.at_work) == (True, 0)
        handed_over.close()

    run(test)
