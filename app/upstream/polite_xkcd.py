"""xkcd's client with retries, hedging, a circuit breaker and single flight."""

from collections.abc import Callable
from functools import partial

from app.clock import Clock
from app.comics.comic import Comic
from app.upstream.budget import Budget
from app.upstream.hedger import Hedger
from app.upstream.polite import Polite
from app.upstream.race import Request
from app.upstream.xkcd import Xkcd

LATEST = 0
"""Stands for the latest comic among the numbers of requests."""


class PoliteXkcd(Polite[int, Comic]):
    """xkcd's client that backs off when xkcd is in trouble. `hedge` says whether slow requests are sent again."""

    def __init__(self, xkcd: Xkcd, clock: Clock, hedge: bool) -> None:
        super().__init__("xkcd", clock)
        self._xkcd = xkcd
        self._hedger = Hedger(xkcd.connect, self._circuit, hedge)

    async def comic(self, num: int, budget: Budget, attempts: int) -> Comic:
        """The comic of that number, after up to `attempts` attempts. Raises an UpstreamError."""
        return await self.ask(num, partial(self._xkcd.comic, num), budget, attempts)

    async def latest(self, budget: Budget, attempts: int) -> Comic:
        """The latest comic, after up to `attempts` attempts. Raises an UpstreamError."""
        return await self.ask(LATEST, self._xkcd.latest, budget, attempts)

    def forget_latest(self) -> None:
        """Have xkcd send the latest comic in full next time, because its last answer was not believed."""
        self._xkcd.forget_latest()

    async def connect(self, count: int) -> None:
        """Open connections until `count` are idle, unless xkcd is paused. Raises an UpstreamError."""
        if not self._circuit.is_open:
            await self._xkcd.connect(count)

    async def _send(self, request: Request[Comic], budget: Budget, is_busy: Callable[[], bool]) -> Comic:
        return await self._hedger.send(request, budget, is_busy)
