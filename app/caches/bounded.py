"""What a table of comics is, and what it may cost one request."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Protocol, TypeVar

from app.circuit import Circuit
from app.clock import Clock
from app.comics.found import Found, LatestNumber
from app.errors import TableError

PATIENCE = 0.3
"""Seconds that the table may cost one invocation in all, reading and writing."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Table(Protocol):
    """Where comics are kept beyond this process. Its methods take their time and raise TableError."""

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        """Put those of these comics that it has, fresh or old, into `into` as they come."""

    async def latest(self) -> LatestNumber | None:
        """The latest comic's number, fresh or old, if it has it."""

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Take these in; when it raises, a part of them may have been."""

    async def held(self) -> Mapping[int, float]:
        """When each comic in it was fetched, by number, as far as this process knows; it follows what is kept."""


class Bounded:
    """A table as one invocation sees it: never an error, and PATIENCE seconds at most.

    What fails or takes longer is logged, and the table is then left out of that invocation. When reading, or
    writing, has failed in two of them in a row, it is left be for a while. What could not be written is left to
    the pings.
    """

    def __init__(self, table: Table, reading: Circuit, writing: Circuit, clock: Clock, deadline: float) -> None:
        self._table = table
        self._reading = reading
        self._writing = writing
        self._clock = clock
        self._deadline = deadline
        self._left = PATIENCE
        self._left_out = False

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        had: dict[int, Found] = {}
        await self._try(self._reading, partial(self._table.comics, numbers, had))
        return had

    async def latest(self) -> LatestNumber | None:
        return await self._try(self._reading, self._table.latest)

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        await self._try(self._writing, partial(self._table.keep, comics, latest))

    async def _try(self, circuit: Circuit, ask: Callable[[], Awaitable[T]]) -> T | None:
        if self._left_out or circuit.rest(self._clock()):
            return None
        began = time.monotonic()
        try:
            answer = await _within(min(self._left, self._deadline - began), ask)
        except Exception as error:  # a cache never fails a request, not even by a fault of ours
            self._leave_out(circuit, error)
            return None
        self._left -= time.monotonic() - began
        circuit.worked()
        return answer

    def _leave_out(self, circuit: Circuit, error: Exception) -> None:
        self._left_out = True
        why = "the time allowed for it is over" if isinstance(error, TimeoutError) else str(error)
        fault = None if isinstance(error, TimeoutError | TableError) else error
        _log.warning("The table is left out of this invocation: %s", why, exc_info=fault)
        if time.monotonic() < self._deadline:  # else the invocation was late, not the table
            circuit.failed(self._clock())


async def _within(seconds: float, ask: Callable[[], Awaitable[T]]) -> T:
    if seconds <= 0:
        raise TimeoutError
    async with asyncio.timeout(seconds):
        return await ask()
