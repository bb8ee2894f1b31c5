"""Asks xkcd for comics: again or once more beside where that is worth it, and not at all while it is left alone."""

import asyncio
from contextlib import suppress
from functools import partial

from app.circuit import Circuit
from app.clock import Clock
from app.comics.comic import Comic
from app.errors import LeftAlone, Refused, UpstreamError
from app.upstream.budget import TRIES, Budget
from app.upstream.hedging import Allowance, Latencies
from app.upstream.race import Race, Request
from app.upstream.xkcd import Xkcd

KEPT = 25
"""How many connections hedging sees to; for each of them `connect` takes one of the hundred that there may be."""

MARGIN = 0.05
"""Seconds before the deadline at which it no longer does, so that it never costs the answer that was waited for."""


class PoliteXkcd:
    """xkcd's client behind the rules of politeness.py and hedging.py. Lives on the event loop: it has no locks.

    `clock` gives seconds; it is read to know when xkcd's rest is over. `hedge` is whether a slow request may bring
    about another.
    """

    def __init__(self, xkcd: Xkcd, clock: Clock, hedge: bool) -> None:
        self._xkcd = xkcd
        self._clock = clock
        self._hedge = hedge
        self._latencies = Latencies()
        self._allowance = Allowance()
        self._circuit = Circuit()
        self._trial = asyncio.Lock()

    async def comic(self, num: int, budget: Budget, tries: int = TRIES) -> Comic:
        """The comic of that number, asked for at most `tries` times. Raises an UpstreamError."""
        return await self._ask(partial(self._xkcd.comic, num), budget, tries)

    async def latest(self, budget: Budget, tries: int = TRIES) -> Comic:
        """The latest comic, asked for at most `tries` times. Raises an UpstreamError."""
        return await self._ask(self._xkcd.latest, budget, tries)

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
        self._allowance.count()
        noted = partial(self._ask_and_note, request, budget)
        patience = self._latencies.patience if self._hedge else None
        if patience is None:
            return await noted()
        reconnect = partial(self._reconnect, budget, patience)
        return await Race(noted, patience, partial(self._may_hedge, budget), reconnect).run()

    async def _ask_and_note(self, request: Request, budget: Budget) -> Comic:
        now = asyncio.get_running_loop().time
        began = now()
        try:
            comic = await request()
        except UpstreamError as error:
            self._note(error, budget)
            raise
        self._latencies.learn(now() - began)
        self._note(None, budget)
        return comic

    def _may_hedge(self, budget: Budget) -> bool:
        """Whether one more request may be sent, which then counts as sent."""
        may = budget.may_hedge and not self._circuit.cautious and self._allowance.take()
        if may:
            budget.note_hedge()
        return may

    async def _reconnect(self, budget: Budget, patience: float) -> None:
        """Have a connection wait for each request of this invocation that is over: whoever loses takes one away.

        Else the next invocation would lack it, and take the request that has to connect for a slow one.
        """
        # Connecting takes two round trips, with TLS, and no answer less than one.
        soon = min(asyncio.get_running_loop().time() + 2 * patience, budget.deadline - MARGIN)
        with suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout_at(soon):
                await self._xkcd.connect(min(budget.ended, KEPT))

    def _note(self, error: UpstreamError | None, budget: Budget) -> None:
        budget.note(error)
        if not isinstance(error, Refused):
            self._circuit.worked()
