"""Measures a cold start: until the function asks for its first event, and until that one is answered.

    python -m bench.cold [--rounds 10]

Builds the package with files compiled by Python 3.13, and runs it with them, without them, and with them and a
table, in turn in each round, under AWS's runtime client (see tools/lambda_runtime.py). The first event asks for five
comics: of the stand-in with 100 ms latency, or of the table, which is moto's server, each in a process of its own.
The table shows medians and the 10th to 90th percentile.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from bench.gather import LATENCY, serving, spread
from tools import build_zip, python313
from tools.lambda_runtime import LambdaFunction

RUNTIME_PYTHON = Path(".venv-runtime/bin/python")
EVENT = {"path": "/comics?n=1-5"}
VERSIONS = "import awslambdaric, platform; print(platform.python_version(), awslambdaric.__version__)"


@dataclass(frozen=True, slots=True)
class Way:
    """A package, unpacked, and what its environment says."""

    package: Path
    environ: dict[str, str]


@dataclass(frozen=True, slots=True)
class Started:
    """One cold start, in milliseconds."""

    init: float
    answer: float


def ways(directory: Path, python: str, xkcd_url: str, table: dict[str, str]) -> dict[str, Way]:
    """The package unpacked as it is, and without its compiled files."""
    built, whole, sources = (directory / name for name in ("function.zip", "whole", "sources"))
    build_zip.build(built, python)
    with ZipFile(built) as files:
        files.extractall(whole)
        files.extractall(sources, [name for name in files.namelist() if not name.endswith(".pyc")])
    xkcd = {"XKCD_URL": xkcd_url}
    return {
        "without .pyc": Way(sources, xkcd),
        "with .pyc": Way(whole, xkcd),
        "with .pyc and a table": Way(whole, {**xkcd, **table}),
    }


def start(way: Way) -> Started:
    """Start the function and have one event answered. Raises RuntimeError when that is not done well."""
    with LambdaFunction(way.package, RUNTIME_PYTHON, way.environ) as function:
        answer = function.invoke(EVENT)
        if answer["statusCode"] != 200:
            raise RuntimeError(f"the answer is {answer}")
        return Started(*function.init_milliseconds, *function.answer_milliseconds)


def run(ways: dict[str, Way], rounds: int) -> dict[str, list[Started]]:
    """Every way in every round; the first round, which brings files into memory and comics into the table, is extra."""
    results: dict[str, list[Started]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, way in ways.items():
            started = start(way)
            if turn:
                results[name].append(started)
        print(f"round {turn} of {rounds}", file=sys.stderr)
    return results


def report(results: dict[str, list[Started]]) -> str:
    """The results as a Markdown table of milliseconds."""
    lines = ["| package | init | first answer, five comics | both |", "|---|---|---|---|"]
    for name, starts in results.items():
        columns = (
            [started.init for started in starts],
            [started.answer for started in starts],
            [started.init + started.answer for started in starts],
        )
        cells = [spread(column, ".0f", " ms") for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def runtime_versions() -> list[str]:
    """Those of Python and of awslambdaric in .venv-runtime."""
    command = [str(RUNTIME_PYTHON), "-c", VERSIONS]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - our own Python
    return told.stdout.split()


def main() -> None:
    """Measure and print the table, with the machine and the versions."""
    parser = argparse.ArgumentParser(prog="python -m bench.cold", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10, help="how often each is measured (10)")
    rounds = parser.parse_args().rounds
    python, runtime = python313.find(), runtime_versions()
    if not python or not runtime[0].startswith("3.13."):
        sys.exit("A Python 3.13 is needed, as PYTHON313 or as python3.13, and a .venv-runtime made with it.")
    with (
        TemporaryDirectory() as directory,
        serving("tools.stand_in", "--latency", str(LATENCY)) as xkcd_url,
        serving("tools.table") as table,
    ):
        environ = dict(setting.split("=", 1) for setting in table.split())
        results = run(ways(Path(directory), python, xkcd_url, environ), rounds)
    print(report(results))
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"\n{machine}, Python {runtime[0]}, awslambdaric {runtime[1]}, {rounds} rounds.")


if __name__ == "__main__":
    main()
