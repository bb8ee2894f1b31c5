"""Measures the slowest invocations of this service, with and without hedged requests.

2 % of the stand-in's answers take ten times as long, the same ones for both: each has a stand-in of its own, in a
process of its own. They take turns, ten invocations each, of 25 comics that nobody remembers. Once near it, where
connecting takes no time, and once a round trip away (see tools/far.py), where a connection that a hedge cost is
missed: there the usual answer takes as long as the way and the latency.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from bench.lineup import WAYS
from bench.processes import Worker, serving
from bench.setting import Setting, progress, versions

LATENCY = ROUND_TRIP = 0.03
SLOW = (0.02, 10)
COMICS = 25
BLOCK = 10
"""Invocations of one way before it is the other's turn."""

HEDGE = {"plain": "0", "hedged": "1"}


@dataclass(frozen=True, slots=True)
class Way:
    """A worker, the stand-in that it asks, and the seconds that its invocations took."""

    worker: Worker
    xkcd_url: str
    walls: list[float] = field(default_factory=list)

    def invoke(self) -> None:
        """Have a block of invocations."""
        self.walls.extend(self.worker.invoke(COMICS).wall for _ in range(BLOCK))

    def result(self, usual: float) -> dict[str, Any]:
        """Percentiles of its invocations in multiples of `usual` seconds; requests beyond one a comic, in percent."""
        walls = self.walls[BLOCK:]  # the first block warms up
        percentiles = quantiles([wall / usual for wall in walls], n=1000, method="inclusive")
        asked = sum(self._asked().values())
        return {
            "percentiles": {str(percent): percentiles[round(10 * percent) - 1] for percent in (*range(1, 100), 99.9)},
            "more": 100 * (asked / (COMICS * len(self.walls)) - 1),
        }

    def _asked(self) -> dict[str, int]:
        with urlopen(f"{self.xkcd_url}/stand-in") as answer:  # noqa: S310 - our own server
            asked: dict[str, int] = json.load(answer)["asked"]
            return asked


def measure(setting: Setting) -> dict[str, Any]:
    """Plain and hedged, near and a round trip away."""
    near, far = (100, 50) if setting.quick else (3000, 1000)
    return {
        "about": setting.about(near, versions()),
        "slow": SLOW,
        "comics": COMICS,
        "places": {
            f"near, {near} invocations each": compared(near, 0.0),
            f"{1000 * ROUND_TRIP:.0f} ms away, {far} invocations each": compared(far, ROUND_TRIP),
        },
    }


def compared(invocations: int, round_trip: float) -> dict[str, Any]:
    """The result of each way, that far from its stand-in."""
    with ExitStack() as stack, progress("tail", len(HEDGE) * (invocations // BLOCK + 1)) as begin:
        ways = {name: started(stack, hedge, round_trip) for name, hedge in HEDGE.items()}
        for _ in range(invocations // BLOCK + 1):
            for name, way in ways.items():
                begin(name)
                way.invoke()
        return {name: way.result(LATENCY + round_trip) for name, way in ways.items()}


def started(stack: ExitStack, hedge: str, round_trip: float) -> Way:
    """This service with hedged requests or without, and a stand-in that far away."""
    slow = ":".join(map(str, SLOW))
    url = stack.enter_context(serving("tools.stand_in", "--latency", str(LATENCY), "--slow", slow))
    address = urlsplit(url).netloc
    if round_trip:
        address = stack.enter_context(serving("tools.far", "--round-trip", str(round_trip), address))
    environ = {"XKCD_URL": f"http://{address}", "HEDGE": hedge}
    return Way(stack.enter_context(Worker(WAYS[0].command, environ)), url)
