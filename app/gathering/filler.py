"""Fills the table's gaps with comics from xkcd."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from app.caches.bounded import Table
from app.caches.layers import Caches
from app.circuit import Circuit
from app.clock import Clock
from app.comics.found import Found, is_valid
from app.comics.selection import Listed, existing
from app.errors import BadAnswer, NoSuchComic, Refused, TableError
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer

Progress = Callable[[int, int], None]
"""Called with the number of comics tried so far, and of all comics to try."""


class Filled(NamedTuple):
    """How many comics were written to the table, failed, and are still missing; and why it ended early, if it did."""

    gathered: int
    failed: int
    missing: int
    problem: str | None


class Filler:
    """Writes comics to the table that it has not, or only old. Lives on the event loop.

    Comics that are fresh in the archive need not be in the table. It requests `at_once` of them from xkcd at a time.
    """

    def __init__(self, gatherer: Gatherer, caches: Caches, table: Table, at_once: int, clock: Clock) -> None:
        self._gatherer = gatherer
        self._caches = caches
        self._table = table
        self._at_once = at_once
        self._clock = clock
        self.failed: dict[int, str] = {}
        """The comics whose most recent try failed, and why."""
        self._archived: Mapping[int, float] = {}

    async def fill(
        self, latest: int, most: int | None, deadline: float, progress: Progress = lambda tried, of: None
    ) -> Filled:
        """Try up to `most` of the missing comics (None: all), newest first, until the deadline.

        Comics that failed before are tried last. It ends early when xkcd asks us to stop, or when two
        consecutive groups brought nothing into the table. Raises TableError if the table cannot be read or written.
        """
        if self._caches.writing_is_paused:
            raise TableError("Writing to the table failed before, so it is paused for now.")
        held = await self._held(deadline)
        todo = self._gaps(latest, held)[:most]
        tried: dict[int, str] = {}
        trouble, circuit, stopped = None, Circuit(time.monotonic), False
        while len(tried) < len(todo) and time.monotonic() < deadline and not stopped and not circuit.is_open:
            group = todo[len(tried) : len(tried) + self._at_once]
            gathered = await self._bring(group, held, deadline)
            tried |= {found.comic.num: _why(found) for found in gathered.comics}
            tried |= {failure.num: str(failure.error) for failure in gathered.failures}
            progress(len(tried), len(todo))
            trouble = self._trouble(gathered, held)
            if trouble:
                circuit.record_failure()
            else:
                circuit.record_success()
            refusals = [each.error for each in gathered.failures if isinstance(each.error, Refused)]
            stopped = any(refusal.asks_to_stop for refusal in refusals)
        failed = {num: why for num, why in tried.items() if not self._has(num, held)}
        self.failed = {num: why for num, why in self.failed.items() if num not in tried} | failed
        return Filled(len(tried) - len(failed), len(failed), len(self._gaps(latest, held)), trouble)

    async def missing(self, latest: int, deadline: float) -> int:
        """How many comics up to `latest` the table has not, or only old. Raises TableError."""
        return len(self._gaps(latest, await self._held(deadline)))

    async def _held(self, deadline: float) -> Mapping[int, float]:
        async with reading_until(deadline):
            if self._caches.archive is not None:
                self._archived = await self._caches.archive.held()
            return await self._table.held()

    def _gaps(self, latest: int, held: Mapping[int, float]) -> list[int]:
        wanted = [num for num in existing(range(latest, 0, -1)) if not self._has(num, self._archived)]
        gaps = [num for num in wanted if not self._has(num, held)]
        return sorted(gaps, key=self.failed.__contains__)

    def _has(self, num: int, held: Mapping[int, float]) -> bool:
        return is_in(held, num, self._clock())

    async def _bring(self, group: Sequence[int], held: Mapping[int, float], deadline: float) -> Gathered:
        """Gather these comics, which writes those that xkcd sent; then write those that only memory had."""
        gathered = await self._gatherer.gather(Listed(tuple(group)), deadline)
        fresh = [found for found in gathered.comics if found.is_fresh(self._clock())]
        from_memory = [found for found in fresh if not self._has(found.comic.num, held)]
        if from_memory:
            await self._caches.bounded(self._table, deadline).keep(from_memory)
        return gathered

    def _trouble(self, gathered: Gathered, held: Mapping[int, float]) -> str | None:
        """Why the table received nothing of a group, if the next group will probably fare no better."""
        fresh = [found for found in gathered.comics if not found.stale]
        if fresh:
            written = any(self._has(found.comic.num, held) for found in fresh)
            return None if written else "The table did not take the comics that xkcd sent."
        if gathered.comics:
            return "xkcd did not send the comics that the table has old."
        passing = [each.error for each in gathered.failures if not isinstance(each.error, NoSuchComic | BadAnswer)]
        return str(passing[0]) if passing else None


@asynccontextmanager
async def reading_until(deadline: float) -> AsyncIterator[None]:
    """Raise TableError if the body, which reads the table, takes longer than until the deadline."""
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise TableError("The table could not be read before the deadline.") from error


def is_in(held: Mapping[int, float], num: int, now: float) -> bool:
    """Whether that comic, or its image, is in such a list and need not be asked for."""
    return is_valid(held.get(num, 0.0), now)


def _why(found: Found) -> str:
    """Why a comic that was found is not in the table."""
    return "xkcd did not send it again." if found.stale else "It could not be written."
