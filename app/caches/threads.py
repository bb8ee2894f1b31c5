"""Threads for calls that block, which keep nobody waiting: neither one another nor the process's end."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from app.errors import TableError

T = TypeVar("T")


class Threads:
    """At most so many threads at a time, one for each call, which costs less than the calls made here.

    A pool would have those that hang, and for which nobody waits any more, in the way of others.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = threading.BoundedSemaphore(most)

    async def run(self, call: Callable[[], T]) -> T:
        """What the call returns or raises. Raises TableError when all threads are busy."""
        if not self._free.acquire(blocking=False):
            raise TableError(f"{self._most} calls are on their way and none of them ends")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from now on it cannot be cancelled, only left behind
        threading.Thread(target=self._run, args=(call, future), name="blocking call", daemon=True).start()
        return await asyncio.wrap_future(future)

    def _run(self, call: Callable[[], T], future: "Future[T]") -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)
        finally:
            self._free.release()
