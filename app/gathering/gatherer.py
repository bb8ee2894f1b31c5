"""Gathers selections of comics: everything that outlives a single gathering."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from random import Random

from app.caches.layers import Caches
from app.clock import Clock
from app.comics.found import Found, LatestNumber
from app.comics.plausible import Doubt
from app.comics.selection import Selection
from app.errors import ImplausibleLatest, LatestUnknown, NoSuchComic, TimedOut, UpstreamError
from app.gathering.gathered import Gathered
from app.gathering.gathering import Gathering
from app.upstream.budget import ATTEMPTS
from app.upstream.polite_xkcd import PoliteXkcd


class Gatherer:
    """Gathers comics from the caches and xkcd. Lives on the event loop, so it needs no locks.

    `floor` is the number of a comic known to exist; see Settings. Deadlines are on the monotonic clock.
    """

    def __init__(self, xkcd: PoliteXkcd, caches: Caches, floor: int, clock: Clock, rng: Random) -> None:
        self.is_serving = True
        """Whether the most recent gathering that wanted an existing comic had one to serve."""
        self._xkcd = xkcd
        self._caches = caches
        self._floor = floor
        self._reports_latest = True
        self._doubt = Doubt()
        self._clock = clock
        self._rng = rng

    async def gather(self, selection: Selection, deadline: float) -> Gathered:
        """Gather the selection's comics, all at once. At the deadline, return those found by then.

        Raises LatestUnknown if the selection depends on the latest number and neither xkcd nor a cache reports it.
        """
        try:
            async with self._gathering(selection.most, deadline) as gathering:
                outcomes = await gathering.outcomes(await self._numbers(selection, gathering))
        except LatestUnknown:
            self.is_serving = False
            raise
        latest = self._caches.memory.latest_number if selection.needs_latest else None
        moved = [each for each in outcomes.values() if isinstance(each, Found) and each.comic.partner]
        outcomes |= {found.comic.num: await self._caches.completed(found) for found in moved}
        gathered = gathering.result(outcomes, latest)
        self._record_service(gathered)
        return gathered

    async def fetch_latest(self, deadline: float) -> int:
        """The latest comic's number from xkcd, whether or not it is cached. Raises an UpstreamError.

        That is an ImplausibleLatest if the number makes no sense. If xkcd repeats it later, it is believed.
        """
        async with self._gathering(1, deadline) as gathering:
            latest = await self._fetch_latest(gathering, ATTEMPTS)
        self.is_serving = True
        return latest

    async def known_latest(self, deadline: float) -> int:
        """The highest number that surely is a comic's: the latest in the caches, fresh or old, or else the floor."""
        cached = await self.cached_latest(deadline)
        return self._floor if cached is None else cached.num

    async def cached_latest(self, deadline: float) -> LatestNumber | None:
        """The latest comic's number in the caches, fresh or old."""
        return await self._caches.for_request(deadline).latest()

    async def latest_near(self, num: int, deadline: float) -> int | None:
        """The latest comic's number in the caches; None if it is unknown, or if `num` is surely below it."""
        cached = None if num < self._floor else await self.cached_latest(deadline)
        return None if cached is None else cached.num

    async def connect(self, count: int, deadline: float) -> None:
        """Open connections until `count` are idle. Raises an UpstreamError."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._xkcd.connect(count)
        except TimeoutError as error:
            raise TimedOut("xkcd did not accept a connection before the deadline.", "deadline") from error

    @asynccontextmanager
    async def _gathering(self, most: int, deadline: float) -> AsyncIterator[Gathering]:
        gathering = Gathering(most, deadline, self._xkcd, self._caches, self._clock, self._rng)
        try:
            yield gathering
        finally:
            await gathering.close()
        await gathering.keep()

    async def _numbers(self, selection: Selection, gathering: Gathering) -> Sequence[int]:
        """The selection's numbers. Likely comics are requested while xkcd is asked for the latest number.

        If fixed numbers are far above the known ones, the latest is learnt too, as most of them will not exist.
        """
        numbers = partial(selection.numbers, chance=self._rng.getrandbits(64))
        if not selection.needs_latest and not self._caches.memory.is_far(max(numbers(0), default=0)):
            return numbers(0)
        known = self._caches.known
        if not selection.repeatable and len(known) >= selection.most:
            return self._rng.sample(known, selection.most)  # any comics will do
        cached = await gathering.cached_latest()
        if cached is not None and cached.is_fresh(self._clock()):
            return numbers(cached.num)
        guess = self._guess(selection, cached)
        # The guess itself is left out: if it is right, that comic comes with the answer.
        await gathering.start([num for num in numbers(guess) if num < guess])
        return numbers(await self._latest_number(selection, cached, gathering))

    def _guess(self, selection: Selection, cached: LatestNumber | None) -> int:
        """A first guess for the latest number, rather too low than too high; 0 for none."""
        if not self._reports_latest:
            return 0  # the requests based on it might be wasted again
        if cached is not None:
            return cached.num
        return self._floor if selection.steady else 0

    async def _latest_number(self, selection: Selection, cached: LatestNumber | None, gathering: Gathering) -> int:
        # The requests started before are tasks that run when this one waits, so xkcd is asked for the latest first.
        try:
            return await self._fetch_latest(gathering, ATTEMPTS if cached is None else 1)
        except UpstreamError as error:
            self._reports_latest = False
            gathering.latest_error = error
            if cached is None and selection.needs_latest:
                raise LatestUnknown(error) from error
            return 0 if cached is None else cached.num

    async def _fetch_latest(self, gathering: Gathering, attempts: int) -> int:
        found = await gathering.fetch_latest(attempts)
        try:
            self._check_plausible(found)
        except ImplausibleLatest as error:
            self._xkcd.forget_latest()
            gathering.refuse_latest(error)
            raise
        self._reports_latest = True
        return await gathering.adopt_latest(found)

    def _check_plausible(self, latest: Found) -> None:
        num, believable = latest.comic.num, self._caches.memory.plausible_latest
        if not self._doubt.believes(LatestNumber(num, latest.fetched_at), believable):
            raise ImplausibleLatest(
                f"xkcd reports {num} as the latest comic, but only {believable[0]} to {believable[-1]} are plausible."
            )

    def _record_service(self, gathered: Gathered) -> None:
        wanted = [failure for failure in gathered.failures if not isinstance(failure.error, NoSuchComic)]
        if gathered.comics or wanted:
            self.is_serving = bool(gathered.comics)
