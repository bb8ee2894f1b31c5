"""A table of comics, and a limit to what it may cost one request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Protocol, TypeVar

from app.circuit import Circuit
from app.comics.found import Found, LatestNumber
from app.errors import TableError
from app.runtime.time_limit import TimeLimit

TABLE_TIMEOUT = 0.3
"""Seconds that the table may cost one request in all, for reading and writing."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Table(Protocol):
    """Keeps comics beyond this process. Its methods take time and raise TableError."""

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        """Put those of these comics that it has, fresh or old, into `into` as they arrive."""

    async def latest(self) -> LatestNumber | None:
        """The latest comic's number, fresh or old, if it has it."""

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Write these. If it raises, some of them may have been written."""

    async def held(self) -> Mapping[int, float]:
        """Until when it has each of its comics fresh (Unix time), by number, as far as this process knows."""

    async def looked(self) -> Mapping[int, float]:
        """Until when the image of each of its comics need not be looked up (Unix time), by number."""

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""


class Bounded:
    """A table as one request sees it: it never raises and takes up to TABLE_TIMEOUT seconds.

    After a failure or a timeout, the table is left out for the rest of the request. After two consecutive requests
    with a failed read, reads pause; likewise writes. Comics that could not be written are left to the pings.
    `deadline` is on the monotonic clock.
    """

    def __init__(self, table: Table, reading: Circuit, writing: Circuit, deadline: float) -> None:
        self._table = table
        self._reading = reading
        self._writing = writing
        self._deadline = deadline
        self._seconds_left = TABLE_TIMEOUT
        self._left_out = False

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        found: dict[int, Found] = {}
        await self._try(self._reading, partial(self._table.comics, numbers, found))
        return found

    async def latest(self) -> LatestNumber | None:
        return await self._try(self._reading, self._table.latest)

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        await self._try(self._writing, partial(self._table.keep, comics, latest))

    async def _try(self, circuit: Circuit, call: Callable[[], Awaitable[T]]) -> T | None:
        if self._left_out or circuit.seconds_left:
            return None
        began = time.monotonic()
        try:
            answer = await _within(min(self._seconds_left, self._deadline - began), call)
        except Exception as error:  # a cache never fails a request, not even through a bug of ours
            self._leave_out(circuit, error)
            return None
        self._seconds_left -= time.monotonic() - began
        circuit.record_success()
        return answer

    def _leave_out(self, circuit: Circuit, error: Exception) -> None:
        self._left_out = True
        why = "its time is over" if isinstance(error, TimeoutError) else str(error)
        bug = None if isinstance(error, TimeoutError | TableError) else error
        _log.warning("This request does without the table: %s", why, exc_info=bug)
        if time.monotonic() < self._deadline:  # otherwise the request was late, not the table
            circuit.record_failure()


async def _within(seconds: float, call: Callable[[], Awaitable[T]]) -> T:
    if seconds <= 0:
        raise TimeoutError
    async with TimeLimit(asyncio.get_running_loop().time() + seconds):
        return await call()
