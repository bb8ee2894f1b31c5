"""Asks xkcd for comics: again where that is worth it, and not at all while it is to be left alone."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from app.comic import Comic
from app.errors import LeftAlone, Refused, UpstreamError
from app.politeness import TRIES, Budget, Circuit
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

    async def comic(self, num: int, budget: Budget, tries: int = TRIES) -> Comic:
        """The comic of that number, asked for at most `tries` times. Raises an UpstreamError."""
        return await self._ask(partial(self._xkcd.comic, num), budget, tries)

    async def newest(self, budget: Budget, tries: int = TRIES) -> Comic:
        """The newest comic, asked for at most `tries` times. Raises an UpstreamError."""
        return await self._ask(self._xkcd.newest, budget, tries)

    async def connect(self, count: int) -> None:
        """Open connections for `count` comics at once, unless xkcd is at rest. Raises an UpstreamError."""
        if not self._circuit.tripped:
            await self._xkcd.connect(count)

    def close(self, budget: Budget) -> None:
        """Take in that the invocation which had this budget is over."""
        if budget.only_refused:
            self._circuit.failed(self._clock())

    async def _ask(self, request: Request, budget: Budget, tries: int) -> Comic:
        if self._circuit.tripped:
            async with self._trial:
                if self._circuit.tripped:  # still, now that the one before has had its answer
                    return await self._ask_on_trial(request, budget)
        return await self._ask_repeatedly(request, budget, tries)

    async def _ask_on_trial(self, request: Request, budget: Budget) -> Comic:
        rest = self._circuit.rest(self._clock())
        if rest:
            raise LeftAlone("xkcd refused before and is left alone for a while.", retry_after=int(rest) + 1)
        try:
            return await self._ask_once(request, budget)
        except Refused:
            self._circuit.failed(self._clock())
            raise

    async def _ask_repeatedly(self, request: Request, budget: Budget, tries: int) -> Comic:
        for tried in range(1, tries):
            try:
                return await self._ask_once(request, budget)
            except UpstreamError as error:
                pause = budget.pause(error, tried)
                if pause is None:
                    raise
            await asyncio.sleep(pause)
        return await self._ask_once(request, budget)

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
        if not isinstance(error, Refused):
            self._circuit.worked()
