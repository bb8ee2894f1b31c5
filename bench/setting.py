"""The setting that all measurements of a run share: upstream, thoroughness and machine."""

import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from bench import cores
from bench.lineup import BENCH_PYTHON
from bench.processes import serving
from bench.upstream import Upstream
from tools.stand_in.archived import write_archive

LIBRARIES = ("aiohttp", "fastapi", "flask", "httpx", "mangum", "requests")
VERSIONS = (
    "import platform, sys; from importlib.metadata import version; "
    "print('Python', platform.python_version(), *(text for name in sys.argv[1:] for text in (name, version(name))))"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The setting of a measurement."""

    upstream: Upstream
    directory: Path
    """For files that it needs while it runs."""
    quick: bool

    @property
    def archive(self) -> dict[str, str]:
        """The environment that names an archive of all comics. It is made when it is first needed."""
        path = self.directory / "archive.sqlite"
        return {"ARCHIVE": str(path if path.exists() else write_archive(path, time.time()))}

    def about(self, rounds: int, versions: str) -> dict[str, Any]:
        """The circumstances of a measurement: when, on which machine and how often."""
        today = datetime.now(UTC).date().isoformat()
        return {"date": today, "machine": machine(), "versions": versions, "rounds": rounds}


@contextmanager
def setting(quick: bool) -> Iterator[Setting]:
    """The upstream, which runs meanwhile."""
    with TemporaryDirectory() as directory, serving("bench.upstream", directory) as printed:
        yield Setting(Upstream(**json.loads(printed)), Path(directory), quick)


@contextmanager
def progress(label: str, steps: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on stderr; call it with the name of the next measurement."""
    with click.progressbar(length=steps, label=label, file=sys.stderr, show_pos=True, item_show_func=str) as bar:
        yield lambda what: bar.update(1, what)


def machine() -> str:
    """Architecture, cores and, on Linux, the processor and how its cores are shared."""
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    shared = ["workers on one core, servers on the others"] if cores.CAN_PIN else []
    return "; ".join([", ".join([platform.machine(), f"{os.cpu_count()} cores", *models[:1]]), *shared])


def versions() -> str:
    """The versions of the ways' libraries."""
    told = printed(BENCH_PYTHON, "-c", VERSIONS, *LIBRARIES).split()
    pairs = [f"{name} {version}" for name, version in zip(told[::2], told[1::2], strict=True)]
    return ", ".join([*pairs, f"Node {printed('node', '--version').removeprefix('v')}"])


def printed(*command: str, directory: Path | None = None) -> str:
    """The output of a program."""
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return done.stdout.strip()
