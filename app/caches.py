"""The caches of this process, and what they may cost one invocation."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Protocol, TypeVar

from app.cache import Cache, Layered, Memory
from app.errors import TableError
from app.gathered import Found, NewestNumber
from app.politeness import Circuit

PATIENCE = 0.3
"""Seconds that the table may cost one invocation in all, reading and writing."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Table(Protocol):
    """Where comics are kept beyond this process. Its methods take their time and raise TableError."""

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        """Put those of these comics that it has, fresh or old, into `into` as they come."""

    async def newest(self) -> NewestNumber | None:
        """The newest comic's number, fresh or old, if it has it."""

    async def keep(self, comics: Collection[Found], newest: NewestNumber | None = None) -> None:
        """Take these in; when it raises, a part of them may have been."""

    async def held(self) -> Mapping[int, float]:
        """When each comic in it was fetched, by number, as far as this process knows; it follows what is kept."""


class Caches:
    """Memory, and below it the table where there is one. `clock` gives seconds since 1970."""

    def __init__(self, memory: int, table: Table | None, clock: Callable[[], float] = time.time) -> None:
        self.memory = Memory(memory, clock)
        self.table = table
        self._reading = Circuit()
        self._writing = Circuit()
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """Which there are, the first asked first."""
        return ("memory",) if self.table is None else ("memory", "table")

    def for_invocation(self, deadline: float) -> Cache:
        """All of them as one, for an invocation that answers at the deadline, in monotonic seconds."""
        if self.table is None:
            return self.memory
        return Layered(self.memory, self.bounded(self.table, deadline), self._clock)

    def bounded(self, table: Table, deadline: float) -> Cache:
        """The table alone, for such an invocation."""
        return Bounded(table, self._reading, self._writing, self._clock, deadline)

    def takes_nothing(self) -> bool:
        """Whether the table is left alone for a while because nothing could be written."""
        return self._writing.rest(self._clock()) > 0


class Bounded:
    """A table as one invocation sees it: never an error, and PATIENCE seconds at most.

    What fails or takes longer is logged, and the table is then left out of that invocation. When reading, or
    writing, has failed in two of them in a row, it is left be for a while. What could not be written is left to
    the pings.
    """

    def __init__(
        self, table: Table, reading: Circuit, writing: Circuit, clock: Callable[[], float], deadline: float
    ) -> None:
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

    async def newest(self) -> NewestNumber | None:
        return await self._try(self._reading, self._table.newest)

    async def keep(self, comics: Collection[Found], newest: NewestNumber | None = None) -> None:
        await self._try(self._writing, partial(self._table.keep, comics, newest))

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
