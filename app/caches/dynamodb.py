"""The cache in a DynamoDB table. Importing this imports boto3, so only a process that has a table does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from functools import partial
from random import Random
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ConnectionClosedError

from app.caches import items
from app.caches.items import BadItem, Item
from app.caches.threads import Threads
from app.clock import Clock
from app.comics.found import Found, LatestNumber
from app.errors import TableError

SECONDS = 0.25
"""How long connecting may take, and each reading from the connection, when a request waits for it."""

SCAN_SECONDS = 5.0
"""The same for a Scan, for which only pings wait: a page of it is a megabyte."""

WRITTEN_AT_ONCE = 25
"""How many items DynamoDB takes in one BatchWriteItem; a BatchGetItem takes 100 keys, as many as a selection has."""

CALLS = 50
"""How many calls may be on their way at a time."""

LONGEST_PAUSE = 0.02
"""Seconds that the pause before asking a first time again lasts at most; each further one twice as long."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ComicsTable:
    """The table of that name, in the account and the region of the environment.

    boto3 blocks, so its calls have threads. Each event loop has a client of its own: a forked process must let its
    parent's sockets be. What the table leaves undone is asked for again until it is done; whoever waits says how
    long that may take. `clock` gives seconds since 1970.
    """

    def __init__(self, name: str, clock: Clock, rng: Random | None = None) -> None:
        self._name = name
        self._clock = clock
        self._rng = rng or Random()
        self._clients: dict[asyncio.AbstractEventLoop, Any] = {}
        self._unused = [_connect(SECONDS)]  # made at the start, because it takes longer than a request may
        self._threads = Threads(CALLS)
        self._held: dict[int, float] | None = None

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        """Put those of these comics, 100 at most, that the table has into `into` as they come."""
        async for found in self._read(numbers, items.to_comic):
            into[found.comic.num] = found
            self._note(found)

    async def latest(self) -> LatestNumber | None:
        """The latest comic's number, if the table has it."""
        read = [latest async for latest in self._read([items.LATEST], items.to_latest)]
        return read[0] if read else None

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Write these, in batches of WRITTEN_AT_ONCE at the same time; when one fails, the others may not have."""
        written: list[tuple[Item, Found | None]] = [] if latest is None else [(items.of_latest(latest), None)]
        for found in comics:
            item = items.of_comic(found)
            if item is None:
                _log.warning("Comic %d is too large for the table", found.comic.num)
                self._note(found)  # so that filling does not fetch it again and again
            else:
                written.append((item, found))
        batches = [written[i : i + WRITTEN_AT_ONCE] for i in range(0, len(written), WRITTEN_AT_ONCE)]
        outcomes = await asyncio.gather(*map(self._write, batches), return_exceptions=True)
        for error in filter(None, outcomes):
            raise error

    async def held(self) -> Mapping[int, float]:
        """When each comic in the table was fetched, by number.

        The table is scanned for it once; from then on this process knows, but for what others write.
        """
        if self._held is None:
            self._held = items.held([item async for item in self._scan()], self._clock())
        return self._held

    async def aclose(self) -> None:
        """Close the running event loop's connections."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            client.close()

    async def _read(self, numbers: Collection[int], read: Callable[[Item, float], T | None]) -> AsyncIterator[T]:
        wanted = {"Keys": [items.key(num) for num in numbers]}
        async for answer in self._repeatedly("batch_get_item", wanted, "UnprocessedKeys"):
            for usable in self._usable(answer.get("Responses", {}).get(self._name, []), read):
                yield usable

    def _usable(self, page: Iterable[Item], read: Callable[[Item, float], T | None]) -> Iterable[T]:
        now, usable, rubbish = self._clock(), [], []
        for item in page:
            try:
                usable.append(read(item, now))
            except BadItem:
                rubbish.append(item)
        if rubbish:
            _log.warning("The table has items that are rubbish: %.200r", rubbish)
            for num in items.held(rubbish, now):
                self._forget(num)
        return filter(None, usable)

    async def _write(self, batch: Collection[tuple[Item, Found | None]]) -> None:
        puts = [{"PutRequest": {"Item": item}} for item, _ in batch]
        async for _ in self._repeatedly("batch_write_item", puts, "UnprocessedItems"):
            pass
        for _, found in batch:
            self._note(found)

    def _note(self, found: Found | None) -> None:
        if self._held is not None and found is not None:
            self._held[found.comic.num] = found.fetched_at

    def _forget(self, num: int) -> None:
        if self._held is not None:
            self._held.pop(num, None)

    async def _repeatedly(self, operation: str, wanted: object, undone: str) -> AsyncIterator[Mapping[str, Any]]:
        left: Mapping[str, Any] = {self._name: wanted}
        longest = LONGEST_PAUSE
        while left:
            answer = await self._call(getattr(self._client(), operation), undone, RequestItems=left)
            yield answer
            left = answer[undone]
            if left:
                await asyncio.sleep(self._rng.uniform(0, longest))
                longest *= 2

    async def _scan(self) -> AsyncIterator[Item]:
        wanted: dict[str, Any] = {
            "TableName": self._name,
            "ProjectionExpression": ", ".join(f"#{name}" for name in items.HOLDING),
            "ExpressionAttributeNames": {f"#{name}": name for name in items.HOLDING},
        }
        client = await self._threads.run(partial(_connect, SCAN_SECONDS))
        try:
            page = await self._call(client.scan, "Items", **wanted)
            while True:
                for item in page["Items"]:
                    yield item
                if not page.get("LastEvaluatedKey"):
                    return
                page = await self._call(client.scan, "Items", **wanted, ExclusiveStartKey=page["LastEvaluatedKey"])
        finally:
            client.close()

    async def _call(self, operation: Callable[..., Any], expected: str, **arguments: Any) -> Mapping[str, Any]:
        """The answer, which has the expected member. Raises TableError."""
        try:
            answer: Mapping[str, Any] = await self._threads.run(partial(_on_a_live_connection, operation, arguments))
        except Exception as error:  # botocore lets out what its parsers meet: AttributeError, UnicodeDecodeError, …
            raise TableError(f"{operation.__name__} failed: {error}") from error
        if expected not in answer:  # and takes what is no JSON for an answer without members
            raise TableError(f"{operation.__name__} failed: the answer has no {expected}")
        return answer

    def _client(self) -> Any:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._unused.pop() if self._unused else _connect(SECONDS)
        return self._clients[loop]


def _on_a_live_connection(operation: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call it; and once more, on a new one, when a connection that was kept turns out closed, as after a freeze."""
    try:
        return operation(**arguments)
    except ConnectionClosedError:
        operation.__self__.close()  # type: ignore[attr-defined] # it forgets all that it kept, and goes on
        return operation(**arguments)


def _connect(seconds: float) -> Any:
    """A client. Raises TableError when the environment does not say enough, such as the region."""
    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"total_max_attempts": 1},
        max_pool_connections=CALLS,
    )
    try:
        return boto3.client("dynamodb", config=config)
    except BotoCoreError as error:
        raise TableError(f"The table cannot be used: {error}") from error
