"""Measures the slowest invocations, with and without hedged requests.

    python -m bench.tail [--invocations 3000] [--connecting 0]

Each way has a stand-in of its own, in a process of its own, with 30 ms latency; 2 % of its answers take ten times as
long, the same ones for both. The ways take turns in one run, ten invocations each, of 25 comics that nobody remembers.
The table shows percentiles of an invocation's wall time as multiples of the latency, and how many requests the
stand-in got beyond one for each comic. `--connecting 2` has a new connection take two such latencies, as one over
TLS does where the way there and back is all the latency; without it, it takes no time.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import Any

import httpx
import serverless_wsgi

from app import XkcdGather, create_app, events
from app.settings import Settings
from bench.gather import serving

LATENCY = 0.03
SLOW = (0.02, 10)
COMICS = 25
BLOCK = 10
"""Invocations of one way before it is the other's turn."""

SHOWN = ("50", "90", "99", "99.9")
WAYS = {"plain": False, "hedged": True}


@dataclass(frozen=True, slots=True)
class Way:
    """The app, the address of the stand-in that it asks, and seconds that its invocations took."""

    app: XkcdGather
    xkcd_url: str
    walls: list[float] = field(default_factory=list)

    def invoke(self) -> float:
        """Seconds that an invocation takes. Raises RuntimeError when comics are missing from its answer."""
        asked = events.read({"path": f"/comics?n=1-{COMICS}"})
        if not isinstance(asked, events.HttpRequest):
            raise TypeError("that event is a request")
        began = perf_counter()
        answer = serverless_wsgi.handle_request(self.app, asked.event, None)
        wall = perf_counter() - began
        if not json.loads(answer["body"])["complete"]:
            raise RuntimeError("comics are missing")
        return wall

    def result(self) -> dict[str, Any]:
        """The percentiles of its invocations, in latencies, and the requests beyond one a comic, in percent."""
        thousandths = quantiles([wall / LATENCY for wall in self.walls], n=1000, method="inclusive")
        percentiles = {str(percent): thousandths[10 * percent - 1] for percent in range(1, 100)}
        asked = sum(httpx.get(f"{self.xkcd_url}/stand-in").json()["asked"].values())
        needed = COMICS * (len(self.walls) + BLOCK)
        return {"percentiles": {**percentiles, "99.9": thousandths[998]}, "more_requests": 100 * (asked / needed - 1)}


async def connect_in(seconds: float) -> None:
    """Have every new connection of the running event loop take so long."""
    loop = asyncio.get_running_loop()
    connect = loop.create_connection

    async def connect_late(*args: Any, **options: Any) -> Any:
        await asyncio.sleep(seconds)
        return await connect(*args, **options)

    loop.create_connection = connect_late  # type: ignore[method-assign]


@contextmanager
def ways(connecting: float) -> Iterator[dict[str, Way]]:
    """Plain and hedged, each warmed up by a block of invocations that do not count."""
    slow = ":".join(map(str, SLOW))
    made = {}
    with ExitStack() as stack:
        for name, hedge in WAYS.items():
            url = stack.enter_context(serving("tools.stand_in", "--latency", str(LATENCY), "--slow", slow))
            app = stack.enter_context(closing(create_app(Settings(xkcd_url=url, memory=0, hedge=hedge))))
            app.event_loop.run(connect_in(connecting * LATENCY))
            made[name] = Way(app, url)
            for _ in range(BLOCK):
                made[name].invoke()
        yield made


def measure(invocations: int, connecting: float) -> dict[str, Any]:
    """What was measured, and the result of each way, ready for JSON."""
    with ways(connecting) as made:
        for turn in range(0, invocations, BLOCK):
            for way in made.values():
                way.walls.extend(way.invoke() for _ in range(BLOCK))
            if turn % 100 == 0:
                print(f"invocation {turn} of {invocations}", file=sys.stderr)
        return {
            "latency": LATENCY,
            "slow": SLOW,
            "comics": COMICS,
            "connecting": connecting,
            "invocations": len(made["plain"].walls),
            "ways": {name: way.result() for name, way in made.items()},
        }


def table(measured: dict[str, Any]) -> str:
    """The results as a Markdown table."""
    lines = [f"| | {' | '.join(f'p{shown}' for shown in SHOWN)} | more requests |", "|---|" + "---|" * (len(SHOWN) + 1)]
    for name, result in measured["ways"].items():
        cells = [f"{result['percentiles'][shown]:.2f}" for shown in SHOWN]
        lines.append(f"| {name} | {' | '.join(cells)} | {result['more_requests']:.2f} % |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print the table, with the machine and the version."""
    parser = argparse.ArgumentParser(prog="python -m bench.tail", description=__doc__.splitlines()[0])
    parser.add_argument("--invocations", type=int, default=3000, help="of each way (3000)")
    parser.add_argument("--connecting", type=float, default=0.0, help="latencies that a new connection takes (0)")
    options = parser.parse_args()
    measured = measure(options.invocations, options.connecting)
    print(table(measured))
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, {measured['invocations']} invocations each.")


if __name__ == "__main__":
    main()
