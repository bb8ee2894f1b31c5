"""Measures five comics where the newest comic's number is not known yet, against where it is or is not needed.

    python -m bench.random_cold [--rounds 30]

Every invocation is the first of a new application, with nothing remembered and no connection open; in each round
each question is asked once, of the stand-in with 100 ms latency in a process of its own. The table shows the
median of the wall time as a multiple of the latency, and the 10th to 90th percentile.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections import defaultdict
from dataclasses import dataclass

from app import create_app
from app.settings import Settings
from bench.gather import LATENCY, serving, spread

NEWEST = 2665
"""That of the stand-in."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request for five comics, of an application that was asked `before` and begins at `floor`."""

    path: str
    floor: int = NEWEST
    before: str = ""


QUESTIONS = {
    "five fixed numbers": Question("/comics?n=1-5"),
    "random=5, the newest known": Question("/comics?random=5", before="/comics/latest"),
    "random=5, the newest not known": Question("/comics?random=5"),
    "the same with a floor 40 comics ago": Question("/comics?random=5", floor=NEWEST - 40),
    "the same with the newest asked for first": Question("/comics?random=5", floor=0),
    "n=1-4,latest, the newest not known": Question("/comics?n=1-4,latest"),
    "latest=5, the newest not known": Question("/comics?latest=5"),
}


def ask(url: str, question: Question) -> float:
    """The seconds that the answer took. Raises RuntimeError when comics are missing from it."""
    app = create_app(Settings(xkcd_url=url, floor=question.floor))
    try:
        client = app.test_client()
        if question.before:
            client.get(question.before)
        began = time.perf_counter()
        got = len(json.loads(client.get(question.path).text)["comics"])
        wall = time.perf_counter() - began
    finally:
        app.close()
    if got != 5:
        raise RuntimeError(f"{got} comics came instead of 5")
    return wall


def run(url: str, rounds: int) -> dict[str, list[float]]:
    """Every question in every round; the first round, which imports what is needed, does not count."""
    results: dict[str, list[float]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, question in QUESTIONS.items():
            wall = ask(url, question)
            if turn:
                results[name].append(wall)
        print(f"round {turn} of {rounds}", file=sys.stderr)
    return results


def report(results: dict[str, list[float]]) -> str:
    """The results as a Markdown table."""
    lines = ["| five comics at first | wall time as a multiple of the latency |", "|---|---|"]
    for name, walls in results.items():
        lines.append(f"| {name} | {spread([wall / LATENCY for wall in walls], '.2f')} |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print the table, with the machine and the version."""
    parser = argparse.ArgumentParser(prog="python -m bench.random_cold", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30, help="how often each is measured (30)")
    rounds = parser.parse_args().rounds
    with serving("tools.stand_in", "--latency", str(LATENCY)) as url:
        results = run(url, rounds)
    print(report(results))
    print(f"\nPython {platform.python_version()}, {os.cpu_count()} cores, {rounds} rounds.")


if __name__ == "__main__":
    main()
