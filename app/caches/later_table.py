"""A table whose client is started when it is first needed.

Importing boto3 takes longer than all other imports. With an archive, most requests need no table, so it is imported in
a thread beside the first request that does. That request does without it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping

from app.caches.bounded import Table
from app.caches.threads import Threads
from app.comics.found import Found, LatestNumber
from app.runtime.per_loop import PerLoop


class LaterTable:
    """The table that `start` makes, which takes a while. Until it is there, it has nothing and takes nothing."""

    def __init__(self, start: Callable[[], Table]) -> None:
        self._start = start
        self._starting = PerLoop(self._begin)

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        if table := self._started():
            await table.comics(numbers, into)

    async def latest(self) -> LatestNumber | None:
        table = self._started()
        return await table.latest() if table else None

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        if table := self._started():
            await table.keep(comics, latest)

    async def held(self) -> Mapping[int, float]:
        """As the table's, once it is there. Only a Filler asks for this, and it has the time."""
        table = await asyncio.shield(self._starting.get())
        return await table.held()

    async def looked(self) -> Mapping[int, float]:
        table = await asyncio.shield(self._starting.get())
        return await table.looked()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        starting = self._starting.take()
        if starting is not None and starting.done() and not starting.cancelled() and not starting.exception():
            await starting.result().aclose()

    def _begin(self) -> "asyncio.Task[Table]":
        starting = asyncio.create_task(Threads(1).run(self._start))
        starting.add_done_callback(lambda done: done.cancelled() or done.exception())  # some of them nobody asks for
        return starting

    def _started(self) -> Table | None:
        """The table, if it is there. Raises the error with which it did not start."""
        starting = self._starting.get()
        return starting.result() if starting.done() else None
