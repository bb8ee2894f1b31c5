"""Measures cold starts under AWS's own runtime client, as in Lambda (see tools/lambda_runtime.py).

It starts the package with files that Python 3.13 compiled, without them, and with them and a table, an archive, or
both. The first event asks for five comics, from the stand-in, the archive, or the table, which is moto's server in a
process of its own.
"""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cold import Started, spreads, unpacked
from bench.lineup import ROOT
from bench.processes import event, serving_table
from bench.setting import Setting, printed, progress
from tools import python313
from tools.lambda_runtime import LambdaFunction

RUNTIME_PYTHON = ROOT / ".venv-runtime/bin/python"
VERSIONS = "import awslambdaric, platform; print(platform.python_version(), awslambdaric.__version__)"


@dataclass(frozen=True, slots=True)
class Package:
    """An unpacked package and its environment."""

    directory: Path
    environ: dict[str, str]


def measure(setting: Setting) -> dict[str, Any] | None:
    """The packages, by name; None without a Python 3.13. The first round is not counted, as it fills the table."""
    python, (runtime, client) = python313.find(), printed(str(RUNTIME_PYTHON), "-c", VERSIONS).split()
    if not python or not runtime.startswith("3.13."):
        return None
    rounds = 1 if setting.quick else 10
    starts: dict[str, list[Started]] = defaultdict(list)
    with serving_table() as table:
        compared = packages(setting, python, table)
        with progress("package", (rounds + 1) * len(compared)) as begin:
            for turn in range(rounds + 1):
                for name, package in compared.items():
                    begin(name)
                    started = start(package)
                    if turn:
                        starts[name].append(started)
    about = setting.about(rounds, f"Python {runtime}, awslambdaric {client}")
    return {"about": about, "packages": {name: spreads(taken) for name, taken in starts.items()}}


def packages(setting: Setting, python: str, table: dict[str, str]) -> dict[str, Package]:
    """The package as it is, without its compiled files, and with an archive, a table or both."""
    package, sources = unpacked(setting.directory, python), setting.directory / "sources"
    shutil.copytree(package, sources, ignore=shutil.ignore_patterns("*.pyc"))
    xkcd = setting.upstream.environ(setting.upstream.http)
    return {
        "without .pyc": Package(sources, xkcd),
        "with .pyc": Package(package, xkcd),
        "with .pyc and a table": Package(package, {**xkcd, **table}),
        "with .pyc and an archive": Package(package, {**xkcd, **setting.archive}),
        "with .pyc, an archive and a table": Package(package, {**xkcd, **setting.archive, **table}),
    }


def start(package: Package) -> Started:
    """Start the function and let it answer one event. Raises RuntimeError if the answer is not a 200."""
    with LambdaFunction(package.directory, RUNTIME_PYTHON, package.environ) as function:
        answer = function.invoke(event(5))
        if answer["statusCode"] != 200:
            raise RuntimeError(f"the answer is {answer}")
        (init,), (answered,) = function.init_milliseconds, function.answer_milliseconds
        return Started(init / 1000, answered / 1000)
