"""The one event loop: lasting, shared, safe to fork, quick to end."""

import asyncio
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import pytest
from flask import request

from app.errors import ShuttingDown
from app.runtime import event_loop
from app.runtime.async_flask import AsyncFlask
from app.runtime.event_loop import EventLoop, leave_all_behind
from tests.commands import program


@pytest.fixture
def loop() -> Iterator[EventLoop]:
    with contextlib.closing(EventLoop()) as opened:
        yield opened


async def running() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_every_coroutine_of_every_thread_runs_on_the_same_loop(loop: EventLoop) -> None:
    seen = [loop.run(running())]
    threads = [threading.Thread(target=lambda: seen.append(loop.run(running()))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 21
    assert len(set(map(id, seen))) == 1


def test_what_a_coroutine_raises_reaches_the_caller(loop: EventLoop) -> None:
    async def fail() -> None:
        raise LookupError("614")

    with pytest.raises(LookupError, match=r"^614$"):
        loop.run(fail())


def test_a_coroutine_sees_the_callers_context_and_leaves_nothing_in_it(loop: EventLoop) -> None:
    name: ContextVar[str] = ContextVar("name", default="nobody")

    async def rename() -> str:
        before = name.get()
        name.set("the coroutine")
        return before

    name.set("the caller")
    assert loop.run(rename()) == "the caller"
    assert name.get() == "the caller"


def test_waiting_on_the_loops_own_thread_raises_at_once(loop: EventLoop) -> None:
    async def wait_for_itself() -> None:
        loop.run(running())

    with pytest.raises(RuntimeError, match="the event loop's own thread cannot wait for it: await the coroutine"):
        loop.run(wait_for_itself())


def test_closing_cancels_what_runs_then_awaits_what_it_was_given(loop: EventLoop) -> None:
    happened: list[str] = []

    async def start() -> "asyncio.Task[None]":
        return asyncio.create_task(wait_for_ever())

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            happened.append("cancelled")

    async def close() -> None:
        happened.append("closed")

    loop.on_close(close)
    task = loop.run(start())
    thread = next(thread for thread in threading.enumerate() if thread.name == "event loop")
    loop.close()
    assert happened == ["cancelled", "closed"]
    assert task.cancelled()
    assert not thread.is_alive()


def test_who_waits_while_the_loop_closes_is_told(loop: EventLoop) -> None:
    begun = threading.Event()

    async def wait_for_ever() -> None:
        begun.set()
        await asyncio.Event().wait()

    def close() -> None:
        begun.wait()
        loop.close()

    closing = threading.Thread(target=close)
    closing.start()
    with pytest.raises(ShuttingDown, match=r"^This server is shutting down: ask again\.$"):
        loop.run(wait_for_ever())
    closing.join()


class SlowToLeave:
    """A lock whose user is held up after leaving it, until another has done something."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._user = threading.current_thread()
        self._other = threading.Thread(target=meanwhile)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if threading.current_thread() is self._user:
            self._other.start()
            self._other.join()


def test_who_comes_just_before_the_loop_closes_is_told(loop: EventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    loop.run(running())
    monkeypatch.setattr(loop, "_starting", SlowToLeave(meanwhile=loop.close))
    with pytest.raises(ShuttingDown):
        loop.run(asyncio.sleep(60))


def test_a_closed_loop_can_be_closed_again_and_used_again(loop: EventLoop) -> None:
    loop.close()
    first = loop.run(running())
    loop.close()
    loop.close()
    assert first.is_closed()
    assert loop.run(running()) is not first


def test_an_interrupted_wait_cancels_the_coroutine(loop: EventLoop) -> None:
    cancelled = threading.Event()

    async def be_interrupted() -> None:
        main = threading.main_thread().ident or 0
        while sys._current_frames()[main].f_code.co_name != "wait":  # noqa: ASYNC110 - a wait makes no event
            await asyncio.sleep(0)
        signal.pthread_kill(main, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(KeyboardInterrupt):
        loop.run(be_interrupted())
    assert cancelled.wait(5)


def test_an_interrupt_that_another_thread_receives_ends_the_wait_too(loop: EventLoop) -> None:
    """Linux hands a Ctrl-C to any thread of the process, and it does not wake the one that waits."""
    ended: list[str] = []

    async def interrupt() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        try:
            await asyncio.sleep(10)
            ended.append("by itself")
        except asyncio.CancelledError:
            ended.append("cancelled")

    with pytest.raises(KeyboardInterrupt):
        loop.run(interrupt())
    loop.close()
    assert ended == ["cancelled"]


def test_a_long_coroutine_is_waited_for_and_its_own_timeout_is_not_taken_for_the_waits(
    loop: EventLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_loop, "STEP", 0.001)

    async def time_out() -> None:
        async with asyncio.timeout(0.05):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        loop.run(time_out())


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_gets_a_loop_of_its_own_and_leaves_the_parents_alone(loop: EventLoop) -> None:
    before = loop.run(running())
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(writing, b"other" if loop.run(running()) is not before else b"same")
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert pipe.read() == b"other"
    os.waitpid(child, 0)
    assert loop.run(running()) is before


def test_a_loop_left_behind_is_kept_unclosed(loop: EventLoop) -> None:
    before = loop.run(running())
    thread = next(thread for thread in threading.enumerate() if thread.name == "event loop")
    for _ in range(2):
        leave_all_behind()
    assert loop.run(running()) is not before
    assert not before.is_closed()
    before.call_soon_threadsafe(before.stop)
    thread.join()
    before.close()


def test_async_views_run_on_it_each_with_its_own_request(loop: EventLoop) -> None:
    app = AsyncFlask(__name__, loop)
    loops = []

    @app.get("/<name>")
    async def view(name: str) -> str:
        loops.append(await running())
        return f"{name} {request.path}"

    client = app.test_client()
    assert [client.get(f"/{name}").text for name in ("a", "b")] == ["a /a", "b /b"]
    assert loops == [loop.run(running())] * 2


def test_a_process_that_used_it_ends_quietly(loop: EventLoop) -> None:
    source = (
        "import asyncio\n"
        "from app.runtime.event_loop import EventLoop\n"
        "loop = EventLoop()\n"
        "async def start(): asyncio.create_task(asyncio.sleep(3600))\n"
        "loop.run(start())\n"
    )
    assert program(source) == (0, "", [])
