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
        self._circuit = Circuit()
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
        return Bounded(table, self._circuit, self._clock, deadline)


class Bounded:
    """A table as one invocation sees it: never an error, and PATIENCE seconds at most.

    What fails or takes longer is logged, and the table is then left out of that invocation; after two of them in
    a row it is left alone for a while. What could not be written is left to the pings.
    """

    def __init__(self, table: Table, circuit: Circuit, clock: Callable[[], float], deadline: float) -> None:
        self._table = table
        self._circuit = circuit
        self._clock = clock
        self._deadline = deadline
        self._left = PATIENCE
        self._left_out = circuit.rest(clock()) > 0

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        had: dict[int, Found] = {}
        await self._try(partial(self._table.comics, numbers, had))
        return had

    async def newest(self) -> NewestNumber | None:
        return await self._try(self._table.newest)

    async def keep(self, comics: Collection[Found], newest: NewestNumber | None = None) -> None:
        await self._try(partial(self._table.keep, comics, newest))

    async def _try(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        if self._left_out:
            return None
        began = time.monotonic()
        try:
            return await self._ask(ask, min(self._left, self._deadline - began))
        except TimeoutError:
            self._leave_out("the time allowed for it is over")
        except TableError as error:
            self._leave_out(str(error))
        finally:
            self._left -= time.monotonic() - began
        return None

    async def _ask(self, ask: Callable[[], Awaitable[T]], seconds: float) -> T:
        if seconds <= 0:
            raise TimeoutError
        async with asyncio.timeout(seconds):
            answer = await ask()
        self._circuit.worked()
        return answer

    def _leave_out(self, why: str) -> None:
        self._left_out = True
        _log.warning("The table is left out of this invocation: %s", why)
        if time.monotonic() < self._deadline:  # else the invocation was late, not the table
            self._circuit.failed(self._clock())
