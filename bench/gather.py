"""Measures gathering against the usual ways, side by side.

    python -m bench.gather [--rounds 15]

One interleaved run against one stand-in with 100 ms latency in a process of its own: in each round every way
gathers each number of comics once. The table shows medians: wall time of an invocation as a multiple of the
latency (and the 10th to 90th percentile), and the CPU time of this process per invocation.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles

import flask
import httpx
import requests
import serverless_wsgi

LATENCY = 0.1
COUNTS = (1, 5, 25, 100)

Way = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Measured:
    """One invocation: seconds on the wall clock and of CPU."""

    wall: float
    cpu: float


def this_app(url: str) -> Way:
    """This service's Lambda handler."""
    os.environ |= {"XKCD_URL": url, "COMICS_IN_MEMORY": "0"}
    import handler

    def gather(count: int) -> int:
        answer = handler.handler({"path": f"/comics?n=1-{count}"}, None)
        return len(json.loads(answer["body"])["comics"])

    return gather


def one_after_the_other(url: str) -> Way:
    """A Flask view that calls requests.get in a loop, as most examples do."""
    app = flask.Flask("one-after-the-other")

    @app.get("/comics/<int:count>")
    def comics(count: int) -> list[object]:
        return [requests.get(f"{url}/{num}/info.0.json", timeout=10).json() for num in range(1, count + 1)]

    return invoked(app)


def client_per_request(url: str) -> Way:
    """An async Flask view with a new httpx.AsyncClient in it, as most articles on async Flask do."""
    app = flask.Flask("client-per-request")

    @app.get("/comics/<int:count>")
    async def comics(count: int) -> list[object]:
        async with httpx.AsyncClient(timeout=10, limits=httpx.Limits(max_connections=100)) as client:
            got = await asyncio.gather(*(client.get(f"{url}/{num}/info.0.json") for num in range(1, count + 1)))
        return [response.json() for response in got]

    return invoked(app)


def invoked(app: flask.Flask) -> Way:
    """The app behind the same wrapper and event as this service's."""

    def gather(count: int) -> int:
        event = {
            "version": "2.0",
            "rawPath": f"/comics/{count}",
            "headers": {},
            "requestContext": {"http": {"method": "GET"}, "authorizer": {}},
        }
        return len(json.loads(serverless_wsgi.handle_request(app, event, None)["body"]))

    return gather


WAYS: dict[str, Callable[[str], Way]] = {
    "requests, one after the other": one_after_the_other,
    "async view, a new httpx client per request": client_per_request,
    "xkcd-gather": this_app,
}


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run one of our servers in a process of its own, and yield what it prints once it serves."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own program
        try:
            yield server.stdout.readline().strip() if server.stdout else ""
        finally:
            server.terminate()


def measure(gather: Way, count: int) -> Measured:
    """One invocation. Raises RuntimeError when comics are missing from its answer."""
    wall, cpu = time.perf_counter(), time.process_time()
    got = gather(count)
    measured = Measured(time.perf_counter() - wall, time.process_time() - cpu)
    if got != count:
        raise RuntimeError(f"{got} comics came instead of {count}")
    return measured


def run(url: str, rounds: int) -> dict[tuple[str, int], list[Measured]]:
    """Every way with every count in every round; the first round, which warms up, does not count."""
    ways = {name: make(url) for name, make in WAYS.items()}
    results: dict[tuple[str, int], list[Measured]] = defaultdict(list)
    for turn in range(rounds + 1):
        for count in COUNTS:
            # One after the other takes ten seconds for a hundred, always the same ones: thrice is enough.
            for name, gather in ways.items():
                if gather is ways["requests, one after the other"] and count == 100 and turn > 3:
                    continue
                measured = measure(gather, count)
                if turn:
                    results[name, count].append(measured)
        print(f"round {turn} of {rounds}", file=sys.stderr)
    return results


def spread(values: list[float], form: str, unit: str = "") -> str:
    """The median, and the 10th to 90th percentile, each in that form."""
    tenths = quantiles(values, n=10)
    return f"{median(values):{form}}{unit} ({tenths[0]:{form}} to {tenths[-1]:{form}})"


def table(results: dict[tuple[str, int], list[Measured]]) -> str:
    """The results as a Markdown table."""
    lines = [
        "| wall time as a multiple of the latency | "
        + " | ".join(f"N={count}" for count in COUNTS)
        + " | CPU at N=100 |",
        "|---|" + "---|" * (len(COUNTS) + 1),
    ]
    for name in WAYS:
        cells = []
        for count in COUNTS:
            walls = [measured.wall / LATENCY for measured in results[name, count]]
            cells.append(spread(walls, ".2f"))
        cpu = median(measured.cpu for measured in results[name, COUNTS[-1]])
        lines.append(f"| {name} | {' | '.join(cells)} | {1000 * cpu:.0f} ms |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print the table, with the machine and the versions."""
    parser = argparse.ArgumentParser(prog="python -m bench.gather", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15, help="how often each is measured (15)")
    rounds = parser.parse_args().rounds
    with serving("tools.stand_in", "--latency", str(LATENCY)) as url:
        results = run(url, rounds)
    print(table(results))
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, httpx {httpx.__version__}, {rounds} rounds.")


if __name__ == "__main__":
    main()
