"""The table of comics in DynamoDB."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from random import Random
from typing import Any, TypeVar

from app.caches import image_items, items
from app.caches.attributes import BadItem, Item
from app.caches.dynamodb_client import DynamoDb
from app.clock import Clock
from app.comics.found import Found, LatestNumber

WRITTEN_AT_ONCE = 25
"""Items in one BatchWriteItem, by DynamoDB's limit. A BatchGetItem takes 100 keys, as many as a selection has."""

FIRST_BACKOFF = 0.02
"""Longest pause in seconds before unprocessed items are sent again. It doubles each time."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ComicsTable:
    """The table of that name, in the account and region of the environment. Raises TableError if that is incomplete.

    Items that DynamoDB leaves unprocessed are sent again until they are processed: callers limit how long that takes.
    """

    def __init__(self, name: str, clock: Clock, ca_file: str | None = None, rng: Random | None = None) -> None:
        self._name = name
        self._clock = clock
        self._rng = rng or Random()
        self._dynamodb = DynamoDb(ca_file)
        self._held: dict[int, float] | None = None
        self._looked: dict[int, float] = {}

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        """Put those of these comics, up to 100, that the table has into `into` as they arrive."""
        async for found in self._read(numbers, items.to_comic):
            into[found.comic.num] = found
            self._record(found)

    async def latest(self) -> LatestNumber | None:
        """The latest comic's number, if the table has it."""
        read = [latest async for latest in self._read([items.LATEST], items.to_latest)]
        return read[0] if read else None

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Write these in concurrent batches. If one of them fails, others may have been written."""
        writes: list[tuple[Item, Found | None]] = [] if latest is None else [(items.of_latest(latest), None)]
        for found in comics:
            item = items.of_comic(found)
            if item is None:
                _log.warning("Comic %d is too large for the table", found.comic.num)
                self._record(found)  # so that it is not fetched for the table again and again
            else:
                writes.append((item, found))
        batches = [writes[i : i + WRITTEN_AT_ONCE] for i in range(0, len(writes), WRITTEN_AT_ONCE)]
        outcomes = await asyncio.gather(*map(self._write, batches), return_exceptions=True)
        for error in filter(None, outcomes):
            raise error

    async def held(self) -> Mapping[int, float]:
        """Until when each comic in the table is fresh (Unix time), by number.

        The first call scans the table. Later ones know what this process has read and written since.
        """
        if self._held is None:
            pages = self._dynamodb.scan(TableName=self._name, **items.HOLDING_QUERY)
            scanned = [item async for page in pages for item in page["Items"]]
            self._held, self._looked = items.held(scanned, self._clock()), image_items.looked(scanned)
        return self._held

    async def looked(self) -> Mapping[int, float]:
        """Until when the image of each comic in the table need not be looked up, likewise."""
        await self.held()
        return self._looked

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._dynamodb.aclose()

    async def _read(self, numbers: Collection[int], read: Callable[[Item, float], T | None]) -> AsyncIterator[T]:
        keys = {"Keys": [items.key(num) for num in numbers]}
        async for answer in self._repeatedly("BatchGetItem", keys, "UnprocessedKeys"):
            for usable in self._usable(answer["Responses"].get(self._name, []), read):
                yield usable

    def _usable(self, page: Iterable[Item], read: Callable[[Item, float], T | None]) -> Iterable[T]:
        now, usable, malformed = self._clock(), [], []
        for item in page:
            try:
                usable.append(read(item, now))
            except BadItem:
                malformed.append(item)
        if malformed:
            _log.warning("The table has malformed items: %.200r", malformed)
            for num in items.held(malformed, now):
                self._forget(num)
        return filter(None, usable)

    async def _write(self, batch: Collection[tuple[Item, Found | None]]) -> None:
        puts = [{"PutRequest": {"Item": item}} for item, _ in batch]
        async for _ in self._repeatedly("BatchWriteItem", puts, "UnprocessedItems"):
            pass
        for _, found in batch:
            self._record(found)

    def _record(self, found: Found | None) -> None:
        if self._held is not None and found is not None:
            self._held[found.comic.num] = found.fresh_until
            self._looked[found.comic.num] = found.looked_until

    def _forget(self, num: int) -> None:
        if self._held is not None:
            self._held.pop(num, None)

    async def _repeatedly(self, operation: str, wanted: object, unprocessed: str) -> AsyncIterator[Mapping[str, Any]]:
        """The answers to an operation, which is repeated with what the one before left unprocessed."""
        left: Mapping[str, Any] = {self._name: wanted}
        longest = FIRST_BACKOFF
        while left:
            answer = await self._dynamodb.call(operation, RequestItems=left)
            yield answer
            left = answer[unprocessed]
            if left:
                await asyncio.sleep(self._rng.uniform(0, longest))
                longest *= 2
