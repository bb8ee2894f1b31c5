"""Asks a server with retries, a circuit breaker and single flight."""

import asyncio
import logging
from collections.abc import Callable, Hashable
from functools import partial
from math import ceil
from typing import Generic, TypeVar

from app.circuit import Circuit
from app.clock import Clock
from app.errors import Forbidden, Paused, RateLimited, Refused, UpstreamError
from app.runtime.per_loop import PerLoop
from app.runtime.single_flight import SingleFlight
from app.settings import MOST_CONNECTIONS
from app.upstream.budget import Budget
from app.upstream.race import Request

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

_log = logging.getLogger(__name__)


class Polite(Generic[K, T]):
    """Sends requests by key, and backs off when the server is in trouble. Lives on the event loop: it needs no locks.

    No request is sent for a while after two consecutive gatherings that were only refused. If the server names a time
    to wait, that is obeyed at once: after a 403 or a 429 always, after a 5xx if nothing else came in that gathering, as
    otherwise it concerns a single comic. After the pause, requests are tried one at a time until one is not refused.
    `clock`, which is monotonic, measures pauses. `name` is the server's in the log.

    Gatherings that need the same at the same time share its request, with the retries of the first of them.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._circuit = Circuit(clock)
        self._trial = PerLoop(asyncio.Lock)
        self._slots = PerLoop(lambda: asyncio.Semaphore(MOST_CONNECTIONS))
        self._flights = SingleFlight[K, T]()

    async def ask(self, key: K, request: Request[T], budget: Budget, attempts: int) -> T:
        """The answer to this request after up to `attempts` attempts, or to the one under way for this key.

        Raises an UpstreamError.
        """
        budget.raise_if_over()
        try:
            return await self._flights.join(key, partial(self._ask, request, budget, attempts))
        except UpstreamError as error:
            budget.record_shared(error)
            raise

    def close(self, budget: Budget) -> None:
        """Record that the gathering with this budget is over, and log one warning for each reason of its failures."""
        for reason, count in budget.reasons.items():
            first = next(error for error in budget.failures if error.reason == reason)
            cause = f" {first.__cause__!r}" if first.__cause__ else ""
            _log.warning("%s failed (%s) in %d requests: %s%.200s", self._name, reason, count, first, cause)
        if budget.only_refused and budget.retry_after:
            self._circuit.pause(budget.retry_after)
        elif budget.only_refused:
            self._circuit.record_failure()

    async def _ask(self, request: Request[T], budget: Budget, attempts: int) -> T:
        if self._circuit.is_open:
            async with self._trial.get():
                if self._circuit.is_open:  # the request tried before this one may have closed it
                    return await self._try(request, budget)
        return await self._ask_repeatedly(request, budget, attempts)

    async def _try(self, request: Request[T], budget: Budget) -> T:
        seconds = ceil(self._circuit.seconds_left)
        if seconds:
            paused = Paused(f"xkcd refused earlier requests, so none is sent for {seconds} s.", seconds)
            budget.failures.append(paused)
            raise paused
        try:
            return await self._ask_once(request, budget)
        except Refused:
            self._circuit.record_failure()
            raise

    async def _ask_repeatedly(self, request: Request[T], budget: Budget, attempts: int) -> T:
        for attempt in range(1, attempts):
            try:
                return await self._ask_once(request, budget)
            except UpstreamError as error:
                backoff = budget.backoff(error, attempt)
                if backoff is None:
                    raise
            await asyncio.sleep(backoff)
        return await self._ask_once(request, budget)

    async def _ask_once(self, request: Request[T], budget: Budget) -> T:
        slots = self._slots.get()
        async with slots:
            budget.raise_if_over()
            return await self._send(partial(self._recorded, request, budget), budget, slots.locked)

    async def _send(self, request: Request[T], budget: Budget, is_busy: Callable[[], bool]) -> T:
        """Send it. `is_busy` tells whether other requests wait for a connection."""
        return await request()

    async def _recorded(self, request: Request[T], budget: Budget) -> T:
        try:
            answer = await request()
        except UpstreamError as error:
            self._record(error, budget)
            raise
        self._record(None, budget)
        return answer

    def _record(self, error: UpstreamError | None, budget: Budget) -> None:
        budget.record(error)
        if not isinstance(error, Refused):
            self._circuit.record_success()
        elif isinstance(error, Forbidden | RateLimited) and error.retry_after:
            self._circuit.pause(error.retry_after)
