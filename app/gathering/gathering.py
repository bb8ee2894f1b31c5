"""One gathering while it goes on: what it may use, what it had and got, and whom it asks."""

import asyncio
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from app.caches.layers import Cache
from app.comics.found import Found, LatestNumber
from app.gathering.gathered import Failure, Timing
from app.upstream.budget import Budget


@dataclass(slots=True)
class Invocation:
    """`had` is what the caches had and the latest comic, `asked` whom xkcd is asked for, `fetched` what it sent."""

    budget: Budget
    cache: Cache
    deadline: float
    began: float = field(default_factory=time.monotonic)
    had: dict[int, Found] = field(default_factory=dict)
    asked: dict[int, asyncio.Task[Found | Failure]] = field(default_factory=dict)
    fetched: dict[int, Found] = field(default_factory=dict)
    latest_told: LatestNumber | None = None
    latest_stale: bool = False
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

    def drop_all_but(self, numbers: Collection[int]) -> None:
        """Cancel the asking for all other comics; what came of them stays."""
        for num in self.asked.keys() - set(numbers):
            self.asked[num].cancel()

    async def end(self) -> None:
        """Cancel what is still asked, and return when nothing is."""
        self.drop_all_but(())
        await asyncio.gather(*self.asked.values(), return_exceptions=True)
