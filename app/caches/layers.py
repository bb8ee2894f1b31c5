"""What a cache of comics is, two of them as one, and the caches of this process."""

from collections.abc import Collection, Mapping
from typing import Protocol

from app.caches.bounded import Bounded, Table
from app.caches.memory import Memory
from app.circuit import Circuit
from app.clock import Clock
from app.comics.found import Found, LatestNumber


class Cache(Protocol):
    """Keeps comics, and the latest one's number, as xkcd last sent them. None of its methods raises."""

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        """Those of these comics that it has, fresh or old, by number."""

    async def latest(self) -> LatestNumber | None:
        """The latest comic's number, fresh or old."""

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Take these in."""


class Layered:
    """Two caches as one: what the upper has not, or has old, is looked for in the lower and put into the upper."""

    def __init__(self, upper: Cache, lower: Cache, clock: Clock) -> None:
        self._upper = upper
        self._lower = lower
        self._clock = clock

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        had, now = await self._upper.comics(numbers), self._clock()
        lacking = [num for num in numbers if num not in had or not had[num].is_fresh(now)]
        if not lacking:
            return had
        lower = await self._lower.comics(lacking)
        newer = {num: found for num, found in lower.items() if num not in had or _is_newer(found, had[num])}
        await self._upper.keep(newer.values())
        return {**had, **newer}

    async def latest(self) -> LatestNumber | None:
        upper = await self._upper.latest()
        if upper is not None and upper.is_fresh(self._clock()):
            return upper
        lower = await self._lower.latest()
        if lower is None or (upper is not None and lower.learnt_at <= upper.learnt_at):
            return upper
        await self._upper.keep((), lower)
        return await self._upper.latest()

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        await self._upper.keep(comics, latest)
        await self._lower.keep(comics, latest)


class Caches:
    """Memory, and below it the table where there is one. `clock` gives seconds since 1970."""

    def __init__(self, memory: int, table: Table | None, clock: Clock) -> None:
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


def _is_newer(found: Found, other: Found) -> bool:
    return found.fetched_at > other.fetched_at
