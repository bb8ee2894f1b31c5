"""The process that plays xkcd.com: the stand-in, which can also fall silent and report wrong latest numbers."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from random import Random

from tools.faults import Step
from tools.faults import answer as http_answer
from tools.soak.remote import serve
from tools.stand_in import StandIn, records

LATENCY = 0.01
"""Seconds before each answer in good weather."""

FIRST_LATEST = 2600
"""The latest comic at the start. There are records for 65 more."""


class Xkcd(StandIn):
    """The stand-in, with the methods that the soak calls."""

    def __init__(self) -> None:
        super().__init__(LATENCY)
        self.latest = FIRST_LATEST
        self._lies = False
        self._silent: set[asyncio.Transport] = set()

    def port(self) -> int:
        """The port at which it answers."""
        return int(self.url.rpartition(":")[2])

    def requests(self) -> int:
        """How many requests it has received."""
        return sum(self.asked.values())

    def fail(self, faults: list[tuple[int, str]], passing: list[str]) -> None:
        """Set `faults` by number and `passing_faults`, as in StandIn."""
        self.faults, self.passing_faults = dict(faults), passing

    def slow_down(self, latency: float, share: float = 0.0, times: float = 1.0) -> None:
        """Take `latency` seconds for each answer, and a share of them this many times as long."""
        self.latency, self.slow = latency, (share, times)

    def publish(self, num: int) -> None:
        """Let this be the latest comic."""
        self.latest = num

    def lie(self) -> None:
        """Report another wrong latest number in each answer: an old one with its record, or one far too high."""
        self._lies = True

    def abort_connections(self) -> None:
        """Reset every connection."""
        self._on_loop(self._abort_all)

    def fall_silent(self) -> None:
        """Read nothing more from the connections that are open, and keep them open, as when a router forgets them."""
        self._on_loop(self._silence_all)

    def clear(self) -> None:
        """Be well again. Connections that fell silent are reset."""
        self.fail([], [])
        self.slow_down(LATENCY)
        self._lies = False
        self._on_loop(self._abort_silent)

    def answer(self, path: str, headers: Mapping[str, str]) -> Iterable[Step]:
        """As StandIn, or a lie."""
        if self._lies and path == "/info.0.json":
            return [http_answer(_lie(self._rng, self.latest))]
        return super().answer(path, headers)

    def _on_loop(self, act: Callable[[], None]) -> None:
        async def run() -> None:
            act()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _silence_all(self) -> None:
        for transport in self._open - self._silent:
            if not transport.is_closing():
                transport.pause_reading()
                self._silent.add(transport)

    def _abort_silent(self) -> None:
        while self._silent:
            self._silent.pop().abort()


def _lie(rng: Random, latest: int) -> bytes:
    if rng.random() < 0.5:
        return records()[rng.choice([num for num in records() if num < latest])]
    return json.dumps({**json.loads(records()[latest]), "num": rng.randrange(500_000, 900_000)}).encode()


if __name__ == "__main__":
    with Xkcd() as xkcd:
        serve(xkcd)
