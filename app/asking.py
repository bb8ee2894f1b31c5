"""Asks xkcd for comics: again where that is worth it, and not at all while it is to be left alone."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from app.comic import Comic
from app.errors import Refused, UpstreamError
from app.politeness import Budget, Circuit
from app.xkcd import Xkcd

Request = Callable[[], Awaitable[Comic]]


class PoliteXkcd:
    """xkcd's client behind the rules of politeness.py. Lives on the event loop: it has no locks for threads.

    `clock` gives seconds; it is read to know when xkcd's rest is over.
    """

    def __init__(self, xkcd: Xkcd, clock: Callable[[], float]) -> None:
        self._xkcd = xkcd
        self._clock = clock
        self._circuit = Circuit()
        self._trial = asyncio.Lock()

    async def comic(self, num: int, budget: Budget) -> Comic:
        """The comic of that number. Raises an UpstreamError."""
        return await self._ask(partial(self._xkcd.comic, num), budget)

    async def newest(self, budget: Budget) -> Comic:
        """The newest comic. Raises an UpstreamError."""
        return await self._ask(self._xkcd.newest, budget)

    def close(self, budget: Budget) -> None:
        """Take in that the invocation which had this budget is over."""
        if budget.only_refused:
            self._circuit.refused(self._clock())

    async def _ask(self, request: Request, budget: Budget) -> Comic:
        if self._circuit.tripped:
            async with self._trial:
                if self._circuit.tripped:  # still, now that the one before has had its answer
                    return await self._ask_on_trial(request, budget)
        return await self._ask_repeatedly(request, budget)

    async def _ask_on_trial(self, request: Request, budget: Budget) -> Comic:
        self._circuit.check(self._clock())
        try:
            return await self._ask_once(request, budget)
        except Refused:
            self._circuit.refused(self._clock())
            raise

    async def _ask_repeatedly(self, request: Request, budget: Budget) -> Comic:
        tries = 0
        while True:
            try:
                return await self._ask_once(request, budget)
            except UpstreamError as error:
                tries += 1
                pause = budget.pause(error, tries)
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    async def _ask_once(self, request: Request, budget: Budget) -> Comic:
        budget.check()
        try:
            comic = await request()
        except UpstreamError as error:
            self._note(error, budget)
            raise
        self._note(None, budget)
        return comic

    def _note(self, error: UpstreamError | None, budget: Budget) -> None:
        budget.note(error)
        self._circuit.note(error)
