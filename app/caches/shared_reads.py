"""A table whose reads are shared by all requests that need the same items at the same time."""

from collections.abc import Collection, Mapping
from functools import partial

from app.caches.bounded import Table
from app.comics.found import Found, LatestNumber
from app.runtime.per_loop import PerLoop
from app.runtime.single_flight import SingleFlight


class _Batch:
    """Comics that are read together, and those of them that have arrived."""

    def __init__(self, numbers: Collection[int]) -> None:
        self.numbers = numbers
        self.found: dict[int, Found] = {}
        self.is_whole = False
        """Whether all of them that the table has have arrived."""


class SharedReads:
    """A Table over another one. A comic whose read is under way is not read once more."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._batches: PerLoop[dict[int, _Batch]] = PerLoop(dict)
        """The batch with which each comic is being read, by number."""
        self._reads = SingleFlight[_Batch, None]()
        self._latest = SingleFlight[None, LatestNumber | None]()

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        batches = self._batches.get()
        own = _Batch([num for num in numbers if num not in batches])
        batches.update(dict.fromkeys(own.numbers, own))
        needed = {batches[num] for num in numbers}
        try:
            for batch in sorted(needed, key=lambda batch: batch is not own):  # the others are under way
                if not batch.is_whole:
                    await self._reads.join(batch, partial(self._read, batch))
        finally:
            for batch in needed:
                into.update((num, batch.found[num]) for num in numbers if num in batch.found)

    async def latest(self) -> LatestNumber | None:
        return await self._latest.join(None, self._table.latest)

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        await self._table.keep(comics, latest)

    async def held(self) -> Mapping[int, float]:
        return await self._table.held()

    async def looked(self) -> Mapping[int, float]:
        return await self._table.looked()

    async def aclose(self) -> None:
        await self._table.aclose()

    async def _read(self, batch: _Batch) -> None:
        try:
            await self._table.comics(batch.numbers, batch.found)
            batch.is_whole = True
        finally:
            batches = self._batches.get()
            for num in batch.numbers:
                batches.pop(num, None)
