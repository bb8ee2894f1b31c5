"""When a wait ends, and that it ends no earlier than an answer that is there already."""

import asyncio
import socket
import time

import pytest

from app.runtime.time_limit import TimeLimit


def now() -> float:
    return asyncio.get_running_loop().time()


def test_a_wait_that_lasts_longer_ends_with_a_timeout_error() -> None:
    async def run() -> None:
        async with TimeLimit(now() + 0.01):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_a_limit_that_is_over_ends_the_first_wait() -> None:
    turns: list[int] = []

    async def run() -> None:
        async with TimeLimit(now() - 1.0):
            for turn in range(10):
                turns.append(turn)
                await asyncio.sleep(0)

    with pytest.raises(TimeoutError):
        asyncio.run(run())
    assert len(turns) < 4


def test_what_ends_in_time_is_not_disturbed_afterwards() -> None:
    async def run() -> str:
        async with TimeLimit(now() + 0.01):
            await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        return "undisturbed"

    assert asyncio.run(run()) == "undisturbed"


def test_a_cancelled_wait_stays_cancelled() -> None:
    async def wait() -> None:
        async with TimeLimit(now() + 60.0):
            await asyncio.Event().wait()

    async def run() -> None:
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0)
        waiting.cancel()
        await waiting

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


def test_bytes_that_came_while_the_process_was_stopped_are_read_though_the_time_is_over() -> None:
    """A loop that is blocked finds its timers and sockets due together, as a process does that was stopped."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    def stop() -> None:
        theirs.send(b"an answer")
        time.sleep(0.05)

    async def receive() -> bytes:
        return await asyncio.get_running_loop().sock_recv(ours, 100)

    async def run() -> bytes:
        asyncio.get_running_loop().call_soon(stop)
        async with TimeLimit(now() + 0.01):
            return await asyncio.create_task(asyncio.wait_for(receive(), 60.0))  # tasks, as around a request

    with ours, theirs:
        assert asyncio.run(run()) == b"an answer"
