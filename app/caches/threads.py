"""Threads for blocking calls, which delay neither one another nor the end of the process."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from app.errors import TableError

T = TypeVar("T")


class Threads:
    """Up to `most` threads at a time, one for each call. A thread costs less than the calls that are made here.

    In a pool, calls that hang would block others even after their callers gave up.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = threading.BoundedSemaphore(most)

    async def run(self, call: Callable[[], T]) -> T:
        """The outcome of the call. Raises TableError if all threads are busy."""
        if not self._free.acquire(blocking=False):
            raise TableError(f"{self._most} calls are under way and none of them ends")
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()  # from now on it cannot be cancelled, only abandoned
        threading.Thread(target=self._run, args=(call, future), name="blocking call", daemon=True).start()
        return await asyncio.wrap_future(future)

    def _run(self, call: Callable[[], T], future: "Future[T]") -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)
        finally:
            self._free.release()
