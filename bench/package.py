"""Measures cold starts under AWS's own runtime client, as in Lambda (see tools/lambda_runtime.py).

It starts the package with files that Python 3.13 compiled, without them, and with them and a table, an archive, or
both. The first event asks for five comics, from the stand-in over TLS a round trip away, the archive, or the table,
which is moto's server in a process of its own. All run on one core (see bench/cores.py).
"""

import shlex
import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import cores
from bench.cold import ROUND_TRIP, Started, spreads, unpacked
from bench.lineup import RUNTIME_PYTHON
from bench.processes import AS_DEPLOYED, event, serving_from_afar, serving_table
from bench.setting import Setting, printed, progress
from tools import python313
from tools.lambda_runtime import LambdaFunction

VERSIONS = "import awslambdaric, platform; print(platform.python_version(), awslambdaric.__version__)"


@dataclass(frozen=True, slots=True)
class Package:
    """An unpacked package and its environment."""

    directory: Path
    environ: dict[str, str]


def measure(setting: Setting) -> dict[str, Any] | None:
    """The packages, by name; None without a Python 3.13. The first round is not counted, as it fills the table."""
    python, (runtime, client) = python313.find(), printed(RUNTIME_PYTHON, "-c", VERSIONS).split()
    if not python or not runtime.startswith("3.13."):
        return None
    rounds = 1 if setting.quick else 10
    starts: dict[str, list[Started]] = defaultdict(list)
    with serving_table() as table, serving_from_afar(setting.upstream.near, ROUND_TRIP) as xkcd_url:
        compared = packages(setting, python, xkcd_url, table)
        on_one_core = pinned(setting.directory)
        with progress("package", (rounds + 1) * len(compared)) as begin:
            for turn in range(rounds + 1):
                for name, package in compared.items():
                    begin(name)
                    started = start(package, on_one_core)
                    if turn:
                        starts[name].append(started)
    about = setting.about(rounds, f"Python {runtime}, awslambdaric {client}")
    found = {name: spreads(taken) for name, taken in starts.items()}
    return {"about": about, "round trip": ROUND_TRIP, "packages": found}


def packages(setting: Setting, python: str, xkcd_url: str, table: dict[str, str]) -> dict[str, Package]:
    """The package as it is, without its compiled files, and with an archive, a table or both."""
    package, sources = unpacked(setting, python), setting.directory / "sources"
    shutil.copytree(package, sources, ignore=shutil.ignore_patterns("*.pyc"))
    xkcd = {**AS_DEPLOYED, **setting.upstream.package_environ(xkcd_url)}
    return {
        "without .pyc": Package(sources, xkcd),
        "with .pyc": Package(package, xkcd),
        "with .pyc and a table": Package(package, {**xkcd, **table}),
        "with .pyc and an archive": Package(package, {**xkcd, **setting.archive}),
        "with .pyc, an archive and a table": Package(package, {**xkcd, **setting.archive, **table}),
    }


def pinned(directory: Path) -> Path:
    """Write a program to that directory that is Python on the core of workers."""
    program = directory / "python"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([*cores.for_worker(1), RUNTIME_PYTHON])} "$@"\n')
    program.chmod(0o755)
    return program


def start(package: Package, python: Path) -> Started:
    """Start the function and let it answer one event. Raises RuntimeError if the answer is not a 200."""
    with LambdaFunction(package.directory, python, package.environ) as function:
        answer = function.invoke(event(5))
        if answer["statusCode"] != 200:
            raise RuntimeError(f"the answer is {answer}")
        (init,), (answered,) = function.init_milliseconds, function.answer_milliseconds
        return Started(init / 1000, answered / 1000)
