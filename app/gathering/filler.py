"""Fills the table's gaps with what xkcd has."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.caches.bounded import Table
from app.caches.layers import Caches
from app.clock import Clock
from app.comics.found import FRESH
from app.comics.selection import Listed, existing
from app.errors import BadAnswer, LeftAlone, NoSuchComic, TableError, TooMany
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer

Progress = Callable[[int, int], None]
"""Called with how many comics have been tried, and of how many."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How many comics were brought into the table, were tried in vain, are still missing; and why it ended early."""

    gathered: int
    failed: int
    missing: int
    problem: str | None


class Filler:
    """Brings comics that the table lacks, or has but no longer fresh, into it. Lives on the event loop.

    Asks xkcd for `at_once` of them at a time. `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        gatherer: Gatherer,
        caches: Caches,
        table: Table,
        at_once: int,
        clock: Clock = time.time,
    ) -> None:
        self._gatherer = gatherer
        self._caches = caches
        self._table = table
        self._at_once = at_once
        self._clock = clock
        self._failed: set[int] = set()

    async def fill(
        self, latest: int, most: int | None, deadline: float, progress: Progress = lambda tried, of: None
    ) -> Filled:
        """Try up to `most` of the missing comics (None: all of them), the latest first, until the deadline.

        A comic that failed before waits until the others have had their turn. Ends early when xkcd or the table is
        in trouble for two groups in a row. Raises TableError when the table does not tell what it holds.
        """
        if self._caches.takes_nothing():
            raise TableError("The table took nothing lately and is left alone for a while.")
        held = await self._held(deadline)
        todo = self._gaps(latest, held)[:most]
        tried: list[int] = []
        troubles: list[str | None] = [None]
        refused = False
        while len(tried) < len(todo) and time.monotonic() < deadline and not refused and None in troubles[-2:]:
            group = todo[len(tried) : len(tried) + self._at_once]
            gathered = await self._bring(group, held, deadline)
            tried += group
            progress(len(tried), len(todo))
            troubles.append(self._trouble(gathered, held))
            refused = any(isinstance(failure.error, TooMany | LeftAlone) for failure in gathered.failures)
        failed = {num for num in tried if not self._has(num, held)}
        self._failed = (self._failed - set(tried)) | failed
        return Filled(len(tried) - len(failed), len(failed), len(self._gaps(latest, held)), troubles[-1])

    async def _held(self, deadline: float) -> Mapping[int, float]:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._table.held()
        except TimeoutError as error:
            raise TableError("The time allowed was over before the table told what it holds.") from error

    def _gaps(self, latest: int, held: Mapping[int, float]) -> list[int]:
        gaps = [num for num in existing(range(latest, 0, -1)) if not self._has(num, held)]
        return sorted(gaps, key=self._failed.__contains__)

    def _has(self, num: int, held: Mapping[int, float]) -> bool:
        return self._clock() - held.get(num, 0.0) < FRESH

    async def _bring(self, group: Sequence[int], held: Mapping[int, float], deadline: float) -> Gathered:
        """Gather these, by which the table gets what xkcd sent; what only memory had is put into it after."""
        gathered = await self._gatherer.gather(Listed(tuple(group)), deadline)
        fresh = [found for found in gathered.comics if found.is_fresh(self._clock())]
        remembered = [found for found in fresh if not self._has(found.comic.num, held)]
        if remembered:
            await self._caches.bounded(self._table, deadline).keep(remembered)
        return gathered

    def _trouble(self, gathered: Gathered, held: Mapping[int, float]) -> str | None:
        """Why nothing of a group arrived in the table, if the next group may well fare no better."""
        fresh = [found for found in gathered.comics if not found.stale]
        if fresh:
            arrived = any(self._has(found.comic.num, held) for found in fresh)
            return None if arrived else "The table did not take what xkcd sent."
        if gathered.comics:
            return "xkcd did not send anew what the table has old."
        passing = [f.error for f in gathered.failures if not isinstance(f.error, NoSuchComic | BadAnswer)]
        return str(passing[0]) if passing else None
