"""Measures the slowest invocations of this service, with and without hedged requests.

2 % of the stand-in's answers take ten times as long, and the same ones for both, as each has a stand-in of its own.
They take turns, with ten invocations each, of 25 comics that are not cached. This is measured near the stand-in over
HTTP, where connecting takes no time, and over TLS a round trip away (see tools/far.py), where a connection closed by
a hedge would be missed. There the other answers take a round trip plus the latency.
"""

import json
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any
from urllib.request import urlopen

from bench.lineup import WAYS
from bench.processes import Worker, serving, serving_from_afar
from bench.setting import Setting, progress, versions
from bench.upstream import Upstream

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
    authority: str
    walls: list[float] = field(default_factory=list)

    def invoke(self) -> None:
        """Run a block of invocations."""
        self.walls.extend(self.worker.invoke(COMICS).wall for _ in range(BLOCK))

    def result(self, usual: float) -> dict[str, Any]:
        """Percentiles of its invocations in multiples of `usual` seconds, and the extra requests in percent."""
        walls = self.walls[BLOCK:]  # the first block warms up
        percentiles = quantiles([wall / usual for wall in walls], n=1000, method="inclusive")
        asked = sum(self._asked().values())
        return {
            "percentiles": {str(percent): percentiles[round(10 * percent) - 1] for percent in (*range(1, 100), 99.9)},
            "more": 100 * (asked / (COMICS * len(self.walls)) - 1),
        }

    def _asked(self) -> dict[str, int]:
        trusting = ssl.create_default_context(cafile=self.authority)
        with urlopen(f"{self.xkcd_url}/stand-in", context=trusting) as answer:  # noqa: S310 - our own server
            asked: dict[str, int] = json.load(answer)["asked"]
            return asked


def measure(setting: Setting) -> dict[str, Any]:
    """Plain and hedged, near and a round trip away."""
    near, far = (40, 10) if setting.quick else (2000, 400)
    return {
        "about": setting.about(near, versions()),
        "slow": SLOW,
        "comics": COMICS,
        "places": {
            f"near, {near} invocations each": compared(near, setting.upstream, 0.0),
            f"over TLS and {1000 * ROUND_TRIP:.0f} ms away, {far} each": compared(far, setting.upstream, ROUND_TRIP),
        },
    }


def compared(invocations: int, upstream: Upstream, round_trip: float) -> dict[str, Any]:
    """The result of each way, over TLS and that far from its stand-in, or near it without a distance."""
    with ExitStack() as stack, progress("tail", len(HEDGE) * (invocations // BLOCK + 1)) as begin:
        ways = {name: started(stack, hedge, upstream, round_trip) for name, hedge in HEDGE.items()}
        for _ in range(invocations // BLOCK + 1):
            for name, way in ways.items():
                begin(name)
                way.invoke()
        return {name: way.result(LATENCY + round_trip) for name, way in ways.items()}


def started(stack: ExitStack, hedge: str, upstream: Upstream, round_trip: float) -> Way:
    """This service with hedged requests or without, and the stand-in that it asks."""
    options = ["--latency", str(LATENCY), "--slow", ":".join(map(str, SLOW))]
    if round_trip:
        options += ["--certificate", upstream.certificate]
    url = asked = stack.enter_context(serving("tools.stand_in", *options))
    if round_trip:
        asked = stack.enter_context(serving_from_afar(url, round_trip))
    worker = Worker(WAYS[0].command, {**upstream.environ(asked), "HEDGE": hedge})
    return Way(stack.enter_context(worker), url, upstream.authority)
