"""Gathers comics: all of a selection at once, before a deadline, whatever becomes of single ones."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from app.asking import PoliteXkcd
from app.comic import Comic
from app.errors import NewestUnknown, NoSuchComic, TooLate, UpstreamError
from app.gathered import Failure, Found, Gathered, Timing
from app.politeness import Budget
from app.selection import Selection
from app.xkcd import Xkcd

FRESH = 300.0
"""Seconds for which the newest comic's number, once learnt, is taken for known."""


@dataclass(slots=True)
class _Invocation:
    """What one gathering may use, and what it has in hand without asking."""

    budget: Budget
    deadline: float
    began: float = field(default_factory=time.monotonic)
    in_hand: dict[int, Found] = field(default_factory=dict)

    def elapsed(self) -> float:
        return time.monotonic() - self.began


class Gatherer:
    """Gathers comics from xkcd, and owns the newest one's number. Lives on the event loop: it has no locks.

    `clock` gives the seconds since 1970; deadlines are on the monotonic clock.
    """

    def __init__(self, xkcd: Xkcd, rng: Random | None = None, clock: Callable[[], float] = time.time) -> None:
        self._xkcd = PoliteXkcd(xkcd, clock)
        self._rng = rng or Random()
        self._clock = clock
        self._newest: int | None = None
        self._newest_learnt = 0.0

    async def gather(self, selection: Selection, deadline: float) -> Gathered:
        """Ask for every comic of the selection at once; at the deadline, return what is there.

        Raises NewestUnknown when the selection depends on the newest number and xkcd does not tell it.
        """
        invocation = _Invocation(Budget(selection.most, self._rng), deadline)
        try:
            if selection.needs_newest and not self._newest_is_fresh():
                await self._look_up_newest(invocation)
            outcomes = await self._all(selection.numbers(self._newest or 0, self._rng), invocation)
        finally:
            self._xkcd.close(invocation.budget)
        return Gathered(
            comics=tuple(outcome for outcome, _ in outcomes if isinstance(outcome, Found)),
            failures=tuple(outcome for outcome, _ in outcomes if isinstance(outcome, Failure)),
            timings=tuple(timing for _, timing in outcomes),
            latest=self._newest,
            seconds=invocation.elapsed(),
        )

    async def renew_newest(self, deadline: float) -> int:
        """Ask xkcd for the newest comic's number, whether or not it is known. Raises an UpstreamError."""
        invocation = _Invocation(Budget(1, self._rng), deadline)
        try:
            return (await self._ask_newest(invocation)).comic.num
        finally:
            self._xkcd.close(invocation.budget)

    async def _look_up_newest(self, invocation: _Invocation) -> None:
        try:
            found = await self._ask_newest(invocation)
        except UpstreamError as error:
            if self._newest is None:
                raise NewestUnknown(error) from error
        else:
            invocation.in_hand[found.comic.num] = found

    async def _ask_newest(self, invocation: _Invocation) -> Found:
        async with _until(invocation.deadline, "the newest comic"):
            found = self._found(await self._xkcd.newest(invocation.budget))
        self._newest, self._newest_learnt = found.comic.num, self._clock()
        return found

    async def _all(self, numbers: Sequence[int], invocation: _Invocation) -> list[tuple[Found | Failure, Timing]]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one(num, invocation)) for num in numbers]
        return [task.result() for task in tasks]

    async def _one(self, num: int, invocation: _Invocation) -> tuple[Found | Failure, Timing]:
        start = invocation.elapsed()
        outcome: Found | Failure
        try:
            outcome = invocation.in_hand.get(num) or await self._ask(num, invocation)
        except UpstreamError as error:
            outcome = Failure(num, error)
        return outcome, Timing(num, start, invocation.elapsed())

    async def _ask(self, num: int, invocation: _Invocation) -> Found:
        if self._newest is not None and num > self._newest and self._newest_is_fresh():
            raise NoSuchComic(f"xkcd has no comic {num}: the newest is {self._newest}.")
        async with _until(invocation.deadline, f"comic {num}"):
            found = self._found(await self._xkcd.comic(num, invocation.budget))
        if self._newest is not None:
            self._newest = max(self._newest, num)
        return found

    def _found(self, comic: Comic) -> Found:
        return Found(comic, datetime.fromtimestamp(self._clock(), UTC))

    def _newest_is_fresh(self) -> bool:
        return self._newest is not None and self._clock() - self._newest_learnt < FRESH


@asynccontextmanager
async def _until(deadline: float, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        raise TooLate(f"The time allowed was over before xkcd answered for {what}.") from error
