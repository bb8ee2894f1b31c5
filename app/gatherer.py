"""Gathers comics: all of a selection at once, before a deadline, whatever becomes of single ones."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from app.asking import PoliteXkcd
from app.cache import Cache
from app.caches import Caches
from app.comic import Comic
from app.errors import BadAnswer, NewestUnknown, NoSuchComic, TooLate, UpstreamError
from app.gathered import Failure, Found, Gathered, NewestNumber, Timing
from app.politeness import TRIES, Budget
from app.selection import Selection, existing
from app.xkcd import Xkcd

LEAP = 500
"""By how many the newest comic's number may rise at once: three years' worth."""


@dataclass(slots=True)
class _Invocation:
    """What one gathering may use, what it had already, and what it got from xkcd."""

    budget: Budget
    cache: Cache
    deadline: float
    began: float = field(default_factory=time.monotonic)
    had: dict[int, Found] = field(default_factory=dict)
    fetched: dict[int, Found] = field(default_factory=dict)
    newest_told: NewestNumber | None = None
    newest_stale: bool = False
    timings: dict[int, Timing] = field(default_factory=dict)
    spent: dict[str, float] = field(default_factory=lambda: {"cache": 0.0, "xkcd": 0.0})

    @contextmanager
    def spending(self, on: str) -> Iterator[None]:
        """Add the seconds that the block takes to what is spent on the caches or on xkcd."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.spent[on] += time.monotonic() - began

    @contextmanager
    def timing(self, num: int) -> Iterator[None]:
        """Note when the block, which asks xkcd for that comic, began and ended."""
        start = self.elapsed()
        try:
            yield
        finally:
            self.timings[num] = Timing(num, start, self.elapsed())

    def elapsed(self) -> float:
        return time.monotonic() - self.began


class Gatherer:
    """Gathers comics: from the caches, and from xkcd what they lack. Lives on the event loop: it has no locks.

    `clock` gives the seconds since 1970; deadlines are on the monotonic clock. `hedge` is whether a request that is
    slow may bring about another.
    """

    def __init__(
        self,
        xkcd: Xkcd,
        caches: Caches,
        rng: Random | None = None,
        clock: Callable[[], float] = time.time,
        hedge: bool = False,
    ) -> None:
        self._xkcd = PoliteXkcd(xkcd, clock, hedge)
        self._caches = caches
        self._memory = caches.memory
        self._rng = rng or Random()
        self._clock = clock

    async def gather(self, selection: Selection, deadline: float) -> Gathered:
        """Look for every comic of the selection at once; at the deadline, return what is there.

        Raises NewestUnknown when the selection depends on the newest number and nobody tells it.
        """
        async with self._invocation(selection.most, deadline) as invocation:
            newest = await self._newest_number(invocation) if selection.needs_newest else 0
            numbers = selection.numbers(newest, self._rng)
            outcomes = await self._all(numbers, invocation)
        latest = self._memory.newest_number
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
            newest_stale=invocation.newest_stale,
        )

    async def renew_newest(self, deadline: float) -> int:
        """Ask xkcd for the newest comic's number, whether or not it is known. Raises an UpstreamError."""
        async with self._invocation(1, deadline) as invocation:
            return await self._ask_newest(invocation, TRIES)

    async def connect(self, count: int, deadline: float) -> None:
        """Open connections for so many comics at once. Raises an UpstreamError."""
        async with _until(deadline, "a connection"):
            await self._xkcd.connect(count)

    @asynccontextmanager
    async def _invocation(self, most: int, deadline: float) -> AsyncIterator[_Invocation]:
        """An invocation, which tells at its end how xkcd behaved and keeps what it got."""
        invocation = _Invocation(Budget(most, self._rng, deadline), self._caches.for_invocation(deadline), deadline)
        try:
            yield invocation
        finally:
            self._xkcd.close(invocation.budget)
        if invocation.fetched:
            with invocation.spending("cache"):
                await invocation.cache.keep(invocation.fetched.values(), invocation.newest_told)

    async def _newest_number(self, invocation: _Invocation) -> int:
        with invocation.spending("cache"):
            known = await invocation.cache.newest()
        if known is not None and known.is_fresh(self._clock()):
            return known.num
        try:
            return await self._ask_newest(invocation, TRIES if known is None else 1)
        except UpstreamError as error:
            if known is None:
                raise NewestUnknown(error) from error
            invocation.newest_stale = True
            return known.num

    async def _ask_newest(self, invocation: _Invocation, tries: int) -> int:
        with invocation.spending("xkcd"), invocation.timing(0):
            async with _until(invocation.deadline, "the newest comic"):
                found = self._found(await self._xkcd.newest(invocation.budget, tries))
        num, known = found.comic.num, self._memory.newest_number
        if known is not None and num > known.num + LEAP:
            raise BadAnswer(f"xkcd says that the newest comic is {num}, after {known.num}.")
        invocation.had[num] = invocation.fetched[num] = found
        await self._memory.keep([found], NewestNumber(num, found.fetched_at))
        invocation.newest_told = self._memory.newest_number or NewestNumber(num, found.fetched_at)
        return invocation.newest_told.num

    async def _all(self, numbers: Sequence[int], invocation: _Invocation) -> list[Found | Failure]:
        had, now = invocation.had, self._clock()
        with invocation.spending("cache"):
            had.update(await invocation.cache.comics([num for num in existing(numbers) if num not in had]))
        lacking = [num for num in numbers if not (num in had and had[num].is_fresh(now))]
        absent = {num: Failure(num, why) for num in lacking if (why := self._memory.absence(num))}
        with invocation.spending("xkcd"):
            async with asyncio.TaskGroup() as group:
                asked = {num: group.create_task(self._ask(num, invocation)) for num in lacking if num not in absent}
        outcomes = {**had, **absent, **{num: task.result() for num, task in asked.items()}}
        return [outcomes[num] for num in numbers]

    async def _ask(self, num: int, invocation: _Invocation) -> Found | Failure:
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

    async def _fetch(self, num: int, invocation: _Invocation, tries: int) -> Found:
        async with _until(invocation.deadline, f"comic {num}"):
            return self._found(await self._xkcd.comic(num, invocation.budget, tries))

    def _found(self, comic: Comic) -> Found:
        return Found(comic, self._clock())


@asynccontextmanager
async def _until(deadline: float, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise TooLate(f"The time allowed was over before xkcd answered for {what}.") from error
