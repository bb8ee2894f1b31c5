"""The one event loop of the process, in a thread of its own.

It serves the async views of all threads (see async_flask.py), so connections that are opened on it stay open from
request to request.
"""

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from app.errors import ShuttingDown

STEP = 0.2
"""Seconds of one wait.

Linux may deliver a signal to any thread, and Python handles it when the main thread runs again. While the main thread
waits without a timeout, a Ctrl-C that another thread received has no effect.
"""

T = TypeVar("T")


class EventLoop:
    """An asyncio event loop in a daemon thread, started when first used and again after a fork."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._left_behind: list[asyncio.AbstractEventLoop] = []
        self._on_close: list[Callable[[], Awaitable[None]]] = []
        _every_loop.add(self)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine on the loop, in the caller's context, and return or raise its outcome.

        Safe from every thread but the loop's own: there it raises RuntimeError, where waiting would be for ever.
        When the wait is interrupted (Ctrl-C), the coroutine is cancelled; when the loop is closed meanwhile,
        ShuttingDown is raised.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("the event loop's own thread cannot wait for it: await the coroutine instead")
        future = self._submit(coroutine)
        try:
            return _result(future)
        except CancelledError as error:
            raise ShuttingDown("This server is shutting down: ask again.") from error
        finally:
            future.cancel()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run the coroutine on the loop without waiting for it."""
        self._submit(coroutine)

    def on_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Await `close` on the loop before the loop ends."""
        self._on_close.append(close)

    def close(self) -> None:
        """Cancel running tasks, await the `on_close` callbacks, end the loop and its thread."""
        with self._starting:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        atexit.unregister(self.close)
        if loop is not None and thread is not None:
            _result(asyncio.run_coroutine_threadsafe(self._wind_up(), loop))
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def leave_behind(self) -> None:
        """Forget the loop in a forked child: its thread stayed in the parent.

        It is not closed: its selector is shared with the parent, and closing it would drop the parent's sockets.
        """
        if self._loop is not None:
            self._left_behind.append(self._loop)
        self._starting, self._loop, self._thread = threading.Lock(), None, None

    def _submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        # Within the lock, because a coroutine submitted after the winding up would never end.
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="event loop", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    async def _wind_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for close in self._on_close:
            await close()


def _result(future: Future[T]) -> T:
    """The future's result, waited for in steps."""
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    while not done.wait(STEP):
        pass
    return future.result()


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def leave_all_behind() -> None:
    """The first act of a forked child."""
    for loop in _every_loop:
        loop.leave_behind()


_every_loop: weakref.WeakSet[EventLoop] = weakref.WeakSet()
os.register_at_fork(after_in_child=leave_all_behind)
