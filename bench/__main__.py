"""Measures this service and other ways to gather comics, side by side on one machine.

    python -m bench [--quick] [--only warm] [--only cold] …

The results go into bench/results.json, where each part replaces its previous results. `.venv-bench/bin/python -m
bench.report` writes the tables and plots in docs/. `make bench` does both.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from bench import caches, cold, first, package, random_cold, search, tail, warm, where
from bench.results import save
from bench.setting import Setting, setting

PARTS: dict[str, Callable[[Setting], dict[str, Any] | None]] = {
    "warm": warm.measure,
    "cold": cold.measure,
    "package": package.measure,
    "caches": caches.measure,
    "first": first.measure,
    "search": search.measure,
    "random": random_cold.measure,
    "tail": tail.measure,
    "where": where.measure,
}
"""What measures each part of the results: returns what JSON can hold, or None where it cannot measure."""


def main() -> None:
    """Measure the named parts, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, in two minutes: to see that it works")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part; may be repeated")
    options = parser.parse_args()
    with setting(options.quick) as here:
        for name in options.only or PARTS:
            part = PARTS[name](here)
            if part is None:
                print(f"{name}: not measured, it needs a Python 3.13 as PYTHON313 or python3.13.", file=sys.stderr)
            else:
                save(name, part)


if __name__ == "__main__":
    main()
