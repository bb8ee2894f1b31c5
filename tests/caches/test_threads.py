"""Calls that block, in threads."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from app.caches.threads import Threads
from app.errors import TableError


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """What calls that hang wait for: the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_call_returns_or_raises_what_it_does() -> None:
    threads = Threads(1)
    assert asyncio.run(threads.run(lambda: 614)) == 614
    with pytest.raises(ZeroDivisionError):
        asyncio.run(threads.run(lambda: 1 // 0))


def test_a_call_that_hangs_is_left_behind_and_keeps_its_thread_busy(over: threading.Event) -> None:
    threads = Threads(1)

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await threads.run(over.wait)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    with pytest.raises(TableError, match=r"^1 calls are under way and none of them ends$"):
        asyncio.run(threads.run(lambda: 614))


def test_calls_run_beside_one_another() -> None:
    together = threading.Barrier(3, timeout=5)

    async def three() -> None:
        threads = Threads(3)
        await asyncio.gather(*(threads.run(together.wait) for _ in range(3)))

    asyncio.run(three())
