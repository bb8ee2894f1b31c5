"""Measures an invocation whose comics come from memory, from the table, and from xkcd.

    python -m bench.caches [--rounds 30]

One interleaved run: in each round every source answers for each number of comics once. xkcd is the stand-in with
100 ms latency, the table is moto's server, each in a process of its own; DynamoDB itself answers in a few
milliseconds where moto takes as long as its Python does. The table shows medians and the 10th to 90th percentile.
"""

import argparse
import json
import os
import platform
import sys
from collections import defaultdict
from collections.abc import Callable
from statistics import median

import serverless_wsgi

from app import create_app, events
from app.application import XkcdGather
from app.settings import Settings
from bench.gather import LATENCY, Measured, Way, measure, serving, spread

COUNTS = (5, 100)


def invoked(app: XkcdGather, source: str) -> Way:
    """The app behind the wrapper; its answers must come from that source."""

    def gather(count: int) -> int:
        asked = events.read({"path": f"/comics?n=1-{count}"})
        if not isinstance(asked, events.HttpRequest):
            raise TypeError("that event is a request")
        document = json.loads(serverless_wsgi.handle_request(app, asked.event, None)["body"])
        return sum(comic["source"] == source for comic in document["comics"])

    return gather


def run(xkcd_url: str, table: str, rounds: int) -> dict[tuple[str, int], list[Measured]]:
    """Every source with every count in every round, after a round that fills what is to be filled."""
    makes: dict[str, Callable[[], XkcdGather]] = {
        "memory": lambda: create_app(Settings(xkcd_url=xkcd_url)),
        "table": lambda: create_app(Settings(xkcd_url=xkcd_url, memory=0, table=table)),
        "xkcd": lambda: create_app(Settings(xkcd_url=xkcd_url, memory=0)),
    }
    ways = {}
    for source, make in makes.items():
        app = make()
        ways[source] = invoked(app, source)
        ways[source](max(COUNTS))
    results: dict[tuple[str, int], list[Measured]] = defaultdict(list)
    for turn in range(rounds):
        for count in COUNTS:
            for source, gather in ways.items():
                results[source, count].append(measure(gather, count))
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    return results


def report(results: dict[tuple[str, int], list[Measured]]) -> str:
    """The results as a Markdown table of milliseconds."""
    columns = [f"N={count} | CPU" for count in COUNTS]
    lines = [f"| comics from | {' | '.join(columns)} |", "|---|" + "---|" * (2 * len(COUNTS))]
    for source in dict.fromkeys(source for source, _ in results):
        cells = []
        for count in COUNTS:
            walls = [1000 * measured.wall for measured in results[source, count]]
            cells.append(spread(walls, ".1f", " ms"))
            cells.append(f"{1000 * median(measured.cpu for measured in results[source, count]):.1f} ms")
        lines.append(f"| {source} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print the table, with the machine and the version."""
    parser = argparse.ArgumentParser(prog="python -m bench.caches", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="how often each is measured (30)")
    rounds = parser.parse_args().rounds
    with serving("tools.stand_in", "--latency", str(LATENCY)) as xkcd_url, serving("tools.table") as table:
        environ = dict(setting.split("=", 1) for setting in table.split())
        os.environ |= environ
        results = run(xkcd_url, environ["COMICS_TABLE"], rounds)
    print(report(results))
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds.")


if __name__ == "__main__":
    main()
