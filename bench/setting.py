"""What all measurements of one run have in common: the upstream, how thorough to be, and what they ran on."""

import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from bench.lineup import BENCH_PYTHON
from bench.processes import serving
from bench.upstream import Upstream

LIBRARIES = ("aiohttp", "fastapi", "flask", "httpx", "mangum", "requests")
VERSIONS = (
    "import platform, sys; from importlib.metadata import version; "
    "print('Python', platform.python_version(), *(text for name in sys.argv[1:] for text in (name, version(name))))"
)


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a measurement takes place."""

    upstream: Upstream
    directory: Path
    """For files that it needs while it runs."""
    quick: bool

    def about(self, rounds: int, versions: str) -> dict[str, Any]:
        """What a reader must know of a measurement: when, on what and how often."""
        today = datetime.now(UTC).date().isoformat()
        return {"date": today, "machine": machine(), "versions": versions, "rounds": rounds}


@contextmanager
def setting(quick: bool) -> Iterator[Setting]:
    """The upstream, running meanwhile."""
    with TemporaryDirectory() as directory, serving("bench.upstream", directory) as printed:
        yield Setting(Upstream(**json.loads(printed)), Path(directory), quick)


@contextmanager
def progress(label: str, steps: int) -> Iterator[Callable[[str], None]]:
    """Shows on stderr how far it is; to be called with what is measured next."""
    with click.progressbar(length=steps, label=label, file=sys.stderr, show_pos=True, item_show_func=str) as bar:
        yield lambda what: bar.update(1, what)


def machine() -> str:
    """Architecture, cores and, where Linux tells it, the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    return ", ".join([platform.machine(), f"{os.cpu_count()} cores", *models[:1]])


def versions() -> str:
    """Those of what the ways are made of."""
    told = printed(BENCH_PYTHON, "-c", VERSIONS, *LIBRARIES).split()
    pairs = [f"{name} {version}" for name, version in zip(told[::2], told[1::2], strict=True)]
    return ", ".join([*pairs, f"Node {printed('node', '--version').removeprefix('v')}"])


def printed(*command: str, directory: Path | None = None) -> str:
    """What a program prints."""
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    return done.stdout.strip()
