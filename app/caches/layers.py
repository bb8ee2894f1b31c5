"""What a cache of comics is, two of them as one, and the caches of this process."""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from app.caches.bounded import Bounded, Table
from app.caches.memory import Memory
from app.caches.shared_reads import SharedReads
from app.circuit import Circuit
from app.clock import Clock
from app.comics.found import Found, LatestNumber
from app.errors import NoArchive

if TYPE_CHECKING:
    from app.caches.archive import Archive


class Cache(Protocol):
    """Keeps comics and the latest number as xkcd last sent them. Its methods never raise."""

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        """Those of these comics that are cached, fresh or old, by number."""

    async def latest(self) -> LatestNumber | None:
        """The latest comic's number, fresh or old."""

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Cache these."""


class Layered:
    """Two caches as one: comics that the upper one has not, or only old, are copied into it from the lower one."""

    def __init__(self, upper: Cache, lower: Cache, clock: Clock) -> None:
        self._upper = upper
        self._lower = lower
        self._clock = clock

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        upper, now = await self._upper.comics(numbers), self._clock()
        missing = [num for num in numbers if num not in upper or not upper[num].is_fresh(now)]
        if not missing:
            return upper
        lower = await self._lower.comics(missing)
        newer = {
            num: found.with_image_of(upper.get(num))
            for num, found in lower.items()
            if num not in upper or _is_newer(found, upper[num])
        }
        await self._upper.keep(newer.values())
        return {**upper, **newer}

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


class Archived(Layered):
    """An archive above a table. The archive keeps nothing, and memory knows its latest number from the start."""

    async def latest(self) -> LatestNumber | None:
        return await self._lower.latest()


class Caches:
    """The caches of this process: memory, and below it an archive and a table if there are any.

    `clock` tells Unix time and decides what is fresh; `monotonic` measures pauses.
    """

    def __init__(
        self,
        comics_in_memory: int,
        table: Table | None,
        clock: Clock,
        floor: int,
        monotonic: Clock = time.monotonic,
        archive: "Archive | None" = None,
    ) -> None:
        self.memory = Memory(comics_in_memory, clock, floor, archive.latest_number if archive else None)
        self.archive = archive
        self._table = None if table is None else SharedReads(table)
        self._reading = Circuit(monotonic)
        self._writing = Circuit(monotonic)
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order in which they are asked."""
        below = {"archive": self.archive, "table": self._table}
        return ("memory", *(name for name, cache in below.items() if cache is not None))

    @property
    def existing_archive(self) -> "Archive":
        """The archive. Raises NoArchive if there is none, or none that can be read."""
        if self.archive is None or not self.archive.numbers:
            raise NoArchive(
                "This service has no archive of all comics. Its operator makes one with `make archive`, "
                "which the next package carries, or names the file of one in the variable ARCHIVE."
            )
        return self.archive

    @property
    def known(self) -> Sequence[int]:
        """The numbers of the comics in memory and in the archive; none without one, as memory alone has too few."""
        archived = self.archive.numbers if self.archive else ()
        return list({*archived, *self.memory.numbers}) if archived else ()

    @property
    def writing_is_paused(self) -> bool:
        """Whether the table takes nothing for now, because writing to it failed."""
        return self._writing.seconds_left > 0

    async def completed(self, found: Found) -> Found:
        """The comic, with its transcript if xkcd has moved that to another comic's record, which is in the archive."""
        return found if self.archive is None else await self.archive.completed(found)

    def for_request(self, deadline: float) -> Cache:
        """All of them as one, for a request that must be answered at `deadline`, on the monotonic clock."""
        table = None if self._table is None else self.bounded(self._table, deadline)
        if self.archive is None or table is None:
            below = self.archive or table
        else:
            below = Archived(self.archive, table, self._clock)
        return self.memory if below is None else Layered(self.memory, below, self._clock)

    def bounded(self, table: Table, deadline: float) -> Cache:
        """The table alone, for such a request."""
        return Bounded(table, self._reading, self._writing, deadline)


def _is_newer(found: Found, other: Found) -> bool:
    return found.fetched_at > other.fetched_at
