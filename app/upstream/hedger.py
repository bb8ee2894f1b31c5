"""Sends requests, and once more those that are slow."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from app.circuit import Circuit
from app.errors import UpstreamError
from app.upstream.budget import Budget
from app.upstream.hedging import Allowance, Latencies
from app.upstream.race import Request, race

CONNECTIONS_RESTORED = 25
"""Connections that hedging keeps open at most; connecting takes a slot of the pool for each."""

ANSWER_MARGIN = 0.05
"""Seconds before the deadline at which reconnecting ends, so that it never delays an answer."""

T = TypeVar("T")


class Hedger:
    """Sends each request, and again while it is slow. Lives on the event loop, so it needs no locks.

    It learns from earlier requests how long is slow. `connect` opens connections until that many are idle. Nothing
    is hedged after a failure that `circuit` knows of, or if `enabled` is false.
    """

    def __init__(self, connect: Callable[[int], Awaitable[None]], circuit: Circuit, enabled: bool) -> None:
        self._connect = connect
        self._circuit = circuit
        self._enabled = enabled
        self._latencies = Latencies()
        self._allowance = Allowance()

    async def send(self, request: Request[T], budget: Budget, is_busy: Callable[[], bool]) -> T:
        """The first answer to the request or to one of its hedges. Raises the first UpstreamError if all fail.

        Nothing is hedged while `is_busy`, when other requests wait for a connection.
        """
        self._allowance.record_request()
        timed = partial(self._timed, request)
        patience = self._latencies.patience if self._enabled else None
        if patience is None:
            return await timed()
        return await race(
            timed,
            patience,
            may_hedge=lambda: not is_busy() and self._may_hedge(budget),
            reconnect=partial(self._reconnect, budget, patience),
        )

    async def _timed(self, request: Request[T]) -> T:
        now = asyncio.get_running_loop().time
        began = now()
        answer = await request()
        self._latencies.record(now() - began)
        return answer

    def _may_hedge(self, budget: Budget) -> bool:
        """Whether one more hedge may be sent. If so, it counts as sent."""
        may = budget.may_hedge and not self._circuit.has_failed and self._allowance.take()
        if may:
            budget.hedged += 1
        return may

    async def _reconnect(self, budget: Budget, patience: float) -> None:
        """Keep one idle connection for each request of this gathering that is over.

        Otherwise the next gathering would have too few, and would take the time to connect for a slow answer.
        """
        # Connecting over TLS takes two round trips, and an answer at least one.
        end = min(asyncio.get_running_loop().time() + 2 * patience, budget.deadline - ANSWER_MARGIN)
        with suppress(UpstreamError, TimeoutError):
            async with asyncio.timeout_at(end):
                await self._connect(min(budget.ended, CONNECTIONS_RESTORED))
