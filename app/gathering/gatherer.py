"""Gathers comics: all of a selection at once, before a deadline, whatever becomes of single ones."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from random import Random
from typing import TypeVar

from app.caches.layers import Caches
from app.clock import Clock
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.comics.selection import Selection, existing
from app.errors import BadAnswer, LatestUnknown, NoSuchComic, TooLate, UpstreamError
from app.gathering.gathered import Failure, Gathered
from app.gathering.gathering import Invocation
from app.upstream.budget import TRIES, Budget
from app.upstream.polite_xkcd import PoliteXkcd
from app.upstream.xkcd import Xkcd

T = TypeVar("T")

LEAP = 500
"""By how many the latest comic's number may rise at once: three years' worth."""


class Gatherer:
    """Gathers comics: from the caches, and from xkcd what they lack. Lives on the event loop: it has no locks.

    `floor` is a number that the latest is not below, `hedge` whether a request that is slow may bring about another.
    `clock` gives the seconds since 1970; deadlines are on the monotonic clock.
    """

    def __init__(
        self,
        xkcd: Xkcd,
        caches: Caches,
        floor: int,
        rng: Random | None = None,
        clock: Clock = time.time,
        hedge: bool = False,
    ) -> None:
        self._xkcd = PoliteXkcd(xkcd, clock, hedge)
        self._caches = caches
        self._memory = caches.memory
        self._floor = floor
        self._tells_latest = True
        self._rng = rng or Random()
        self._clock = clock

    async def gather(self, selection: Selection, deadline: float) -> Gathered:
        """Look for every comic of the selection at once; at the deadline, return what is there.

        Raises LatestUnknown when the selection depends on the latest number and nobody tells it.
        """
        async with self._invocation(selection.most, deadline) as invocation:
            numbers = await self._numbers(selection, invocation)
            outcomes = await self._all(numbers, invocation)
        latest = self._memory.latest_number if selection.needs_latest else None
        return Gathered(
            comics=tuple(outcome for outcome in outcomes if isinstance(outcome, Found)),
            failures=tuple(outcome for outcome in outcomes if isinstance(outcome, Failure)),
            timings=tuple(invocation.timings[num] for num in (0, *numbers) if num in invocation.timings),
            latest=latest.num if latest else None,
            seconds=invocation.elapsed(),
            cache_seconds=invocation.spent["cache"],
            xkcd_seconds=invocation.spent["xkcd"],
            retried=invocation.budget.retried,
            hedged=invocation.budget.hedged,
            latest_stale=invocation.latest_stale,
        )

    async def renew_latest(self, deadline: float) -> int:
        """Ask xkcd for the latest comic's number, whether or not it is known. Raises an UpstreamError."""
        async with self._invocation(1, deadline) as invocation:
            return await self._ask_latest(invocation, TRIES)

    async def connect(self, count: int, deadline: float) -> None:
        """Open connections for so many comics at once. Raises an UpstreamError."""
        await _until(deadline, "a connection", self._xkcd.connect(count))

    @asynccontextmanager
    async def _invocation(self, most: int, deadline: float) -> AsyncIterator[Invocation]:
        """An invocation, which tells at its end how xkcd behaved and keeps what it got."""
        invocation = Invocation(Budget(most, self._rng, deadline), self._caches.for_invocation(deadline), deadline)
        try:
            yield invocation
        finally:
            self._xkcd.close(invocation.budget)
            await invocation.end()
        if invocation.fetched:
            with invocation.spending("cache"):
                await invocation.cache.keep(invocation.fetched.values(), invocation.latest_told)

    async def _numbers(self, selection: Selection, invocation: Invocation) -> Sequence[int]:
        """The selection's numbers; comics that will probably be among them are asked for while xkcd tells the latest.

        Raises LatestUnknown.
        """
        numbers = partial(selection.numbers, chance=self._rng.getrandbits(64))
        if not selection.needs_latest:
            return numbers(0)
        with invocation.spending("cache"):
            known = await invocation.cache.latest()
        if known is not None and known.is_fresh(self._clock()):
            return numbers(known.num)
        guess = self._guess(selection, known)
        # Not the guess itself: where it is right, it comes as the latest.
        await self._begin([num for num in numbers(guess) if num < guess], invocation)
        return numbers(await self._latest_number(known, invocation))

    def _guess(self, selection: Selection, known: LatestNumber | None) -> int:
        """What to take for the latest number while it is asked for: too low rather than too high, and 0 for nothing."""
        if not self._tells_latest:
            return 0  # all that is asked for beside it may be in vain again
        if known is not None:
            return known.num
        return self._floor if selection.steady else 0

    async def _latest_number(self, known: LatestNumber | None, invocation: Invocation) -> int:
        # Tasks that were begun start when this one waits: the latest is asked for before all comics.
        try:
            return await self._ask_latest(invocation, TRIES if known is None else 1)
        except UpstreamError as error:
            self._tells_latest = False
            if known is None:
                raise LatestUnknown(error) from error
            invocation.latest_stale = True
            return known.num

    async def _ask_latest(self, invocation: Invocation, tries: int) -> int:
        with invocation.spending("xkcd"), invocation.timing(0):
            asking = self._xkcd.latest(invocation.budget, tries)
            found = self._found(await _until(invocation.deadline, "the latest comic", asking))
        num, known = found.comic.num, self._memory.latest_number
        if known is not None and num > known.num + LEAP:
            raise BadAnswer(f"xkcd says that the latest comic is {num}, after {known.num}.")
        self._tells_latest = True
        invocation.had[num] = invocation.fetched[num] = found
        await self._memory.keep([found], LatestNumber(num, found.fetched_at))
        invocation.latest_told = self._memory.latest_number or LatestNumber(num, found.fetched_at)
        return invocation.latest_told.num

    async def _all(self, numbers: Sequence[int], invocation: Invocation) -> list[Found | Failure]:
        invocation.drop_all_but(numbers)
        asked = await self._begin(numbers, invocation)
        with invocation.spending("xkcd"):
            answers = await asyncio.gather(*asked.values())
        outcomes = {**invocation.had, **dict(zip(asked, answers, strict=True))}
        return [outcomes[num] for num in numbers]

    async def _begin(self, numbers: Sequence[int], invocation: Invocation) -> dict[int, asyncio.Task[Found | Failure]]:
        """Look into the caches, and begin to ask xkcd for what they lack: those tasks, by number."""
        had, asked, now = invocation.had, invocation.asked, self._clock()
        new = [num for num in existing(numbers) if num not in had and num not in asked]
        with invocation.spending("cache"):
            had.update(await invocation.cache.comics(new))
        lacking = [num for num in numbers if not (num in had and had[num].is_fresh(now))]
        for num in lacking:
            if num not in asked:
                asked[num] = asyncio.create_task(self._ask(num, invocation))
        return {num: asked[num] for num in lacking}

    async def _ask(self, num: int, invocation: Invocation) -> Found | Failure:
        if absence := self._memory.absence(num):
            return Failure(num, absence)
        older = invocation.had.get(num)
        try:
            with invocation.timing(num):
                found = await self._fetch(num, invocation, TRIES if older is None else 1)
        except NoSuchComic as error:
            self._memory.keep_absent(num)
            return Failure(num, error)
        except UpstreamError as error:
            return Failure(num, error) if older is None else replace(older, stale=True)
        invocation.fetched[num] = found
        return found

    async def _fetch(self, num: int, invocation: Invocation, tries: int) -> Found:
        asking = self._xkcd.comic(num, invocation.budget, tries)
        return self._found(await _until(invocation.deadline, f"comic {num}", asking))

    def _found(self, comic: Comic) -> Found:
        return Found(comic, self._clock())


async def _until(deadline: float, what: str, answer: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout_at(deadline):
            return await answer
    except TimeoutError as error:
        raise TooLate(f"The time allowed was over before xkcd answered for {what}.") from error
