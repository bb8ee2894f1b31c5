"""xkcd's client with retries, hedging, a circuit breaker and single flight."""

import asyncio
import logging
from functools import partial
from math import ceil

from app.circuit import Circuit
from app.clock import Clock
from app.comics.comic import Comic
from app.errors import Forbidden, Paused, RateLimited, Refused, UpstreamError
from app.runtime.per_loop import PerLoop
from app.runtime.single_flight import SingleFlight
from app.settings import MOST_CONNECTIONS
from app.upstream.budget import Budget
from app.upstream.hedger import Hedger
from app.upstream.race import Request
from app.upstream.xkcd import Xkcd

LATEST = 0
"""Stands for the latest comic among the numbers of requests."""

_log = logging.getLogger(__name__)


class PoliteXkcd:
    """xkcd's client that backs off when xkcd is in trouble. Lives on the event loop, so it needs no locks.

    No request is sent for a while after two consecutive gatherings that were only refused. If xkcd names a time to
    wait, that is obeyed at once: after a 403 or a 429 always, after a 5xx if nothing else came in that gathering, as
    otherwise it concerns a single comic. After the pause, requests are tried one at a time until one is not refused.
    `hedge` says whether slow requests are sent again, and `clock`, which is monotonic, measures pauses.

    Gatherings that need the same comic at the same time share its request, with the retries of the first of them.
    """

    def __init__(self, xkcd: Xkcd, clock: Clock, hedge: bool) -> None:
        self._xkcd = xkcd
        self._circuit = Circuit(clock)
        self._hedger = Hedger(xkcd.connect, self._circuit, hedge)
        self._trial = PerLoop(asyncio.Lock)
        self._slots = PerLoop(lambda: asyncio.Semaphore(MOST_CONNECTIONS))
        self._flights = SingleFlight[int, Comic]()

    async def comic(self, num: int, budget: Budget, attempts: int) -> Comic:
        """The comic of that number, after up to `attempts` attempts. Raises an UpstreamError."""
        return await self._share(num, partial(self._xkcd.comic, num), budget, attempts)

    async def latest(self, budget: Budget, attempts: int) -> Comic:
        """The latest comic, after up to `attempts` attempts. Raises an UpstreamError."""
        return await self._share(LATEST, self._xkcd.latest, budget, attempts)

    def forget_latest(self) -> None:
        """Have xkcd send the latest comic in full next time, because its last answer was not believed."""
        self._xkcd.forget_latest()

    async def connect(self, count: int) -> None:
        """Open connections until `count` are idle, unless xkcd is paused. Raises an UpstreamError."""
        if not self._circuit.is_open:
            await self._xkcd.connect(count)

    def close(self, budget: Budget) -> None:
        """Record that the gathering with this budget is over, and log one warning for each reason of its failures."""
        for reason, count in budget.reasons.items():
            first = next(error for error in budget.failures if error.reason == reason)
            cause = f" {first.__cause__!r}" if first.__cause__ else ""
            _log.warning("xkcd failed (%s) in %d requests: %s%.200s", reason, count, first, cause)
        if budget.only_refused and budget.retry_after:
            self._circuit.pause(budget.retry_after)
        elif budget.only_refused:
            self._circuit.record_failure()

    async def _share(self, num: int, request: Request, budget: Budget, attempts: int) -> Comic:
        budget.raise_if_over()
        try:
            return await self._flights.join(num, partial(self._ask, request, budget, attempts))
        except UpstreamError as error:
            budget.record_shared(error)
            raise

    async def _ask(self, request: Request, budget: Budget, attempts: int) -> Comic:
        if self._circuit.is_open:
            async with self._trial.get():
                if self._circuit.is_open:  # the request tried before this one may have closed it
                    return await self._try(request, budget)
        return await self._ask_repeatedly(request, budget, attempts)

    async def _try(self, request: Request, budget: Budget) -> Comic:
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

    async def _ask_repeatedly(self, request: Request, budget: Budget, attempts: int) -> Comic:
        for attempt in range(1, attempts):
            try:
                return await self._ask_once(request, budget)
            except UpstreamError as error:
                backoff = budget.backoff(error, attempt)
                if backoff is None:
                    raise
            await asyncio.sleep(backoff)
        return await self._ask_once(request, budget)

    async def _ask_once(self, request: Request, budget: Budget) -> Comic:
        slots = self._slots.get()
        async with slots:
            budget.raise_if_over()
            return await self._hedger.send(partial(self._recorded, request, budget), budget, slots.locked)

    async def _recorded(self, request: Request, budget: Budget) -> Comic:
        try:
            comic = await request()
        except UpstreamError as error:
            self._record(error, budget)
            raise
        self._record(None, budget)
        return comic

    def _record(self, error: UpstreamError | None, budget: Budget) -> None:
        budget.record(error)
        if not isinstance(error, Refused):
            self._circuit.record_success()
        elif isinstance(error, Forbidden | RateLimited) and error.retry_after:
            self._circuit.pause(error.retry_after)
