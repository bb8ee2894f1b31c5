"""Measures cold starts of all ways, from the start of a process to its handler and to its first answer.

The answer is five comics over TLS, from a server that answers at once but is a round trip away (see tools/far.py): on
bare loopback, connecting would cost nothing. With an archive, nothing is requested. This service starts from its
package, as in Lambda, or without a Python 3.13 from its sources.
"""

import time
from collections import defaultdict
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zipfile import ZipFile

from bench.lineup import FUNCTION_PYTHON, OURS, ROOT, WAYS, Way
from bench.processes import Worker, serving
from bench.results import spread
from bench.setting import Setting, printed, progress, versions
from tools import build_zip, python313

ROUND_TRIP = 0.03
COUNT = 5

ARCHIVED = replace(WAYS[0], name=f"{OURS}, with an archive")
"""This service as it starts with an archive."""

STARTING = (*WAYS, ARCHIVED)

FLOOR = "import flask, httptools, httpx, serverless_wsgi"
"""What this service is made of: a start that does nothing else is the floor under its own."""


class Started(NamedTuple):
    """One cold start: seconds until the handler was ready, and from then to its answer."""

    init: float
    answer: float


def measure(setting: Setting) -> dict[str, Any]:
    """All ways, by name. The first round is not counted, as it reads files into memory."""
    rounds, rng = (1 if setting.quick else 10), Random(614)
    python = python313.find()
    package = unpacked(setting.directory, python) if python else ROOT
    starts: dict[str, list[Started]] = defaultdict(list)
    floors = []
    server = urlsplit(setting.upstream.near).netloc
    with (
        serving("tools.far", "--round-trip", str(ROUND_TRIP), server) as address,
        progress("cold", (rounds + 1) * len(STARTING)) as begin,
    ):
        environ = setting.upstream.environ(f"https://{address}")
        for turn in range(rounds + 1):
            for way in rng.sample(STARTING, len(STARTING)):
                begin(way.name)
                archive = setting.archive if way is ARCHIVED else {}
                directory = package if way.command == ARCHIVED.command else ROOT
                started = start(way, {**environ, **archive}, directory)
                if turn:
                    starts[way.name].append(started)
            floors.append(floor(package))
    ways = {way.name: spreads(starts[way.name]) for way in STARTING}
    about = setting.about(rounds, versions())
    return {"about": about, "round trip": ROUND_TRIP, "floor": spread(floors[1:]), "ways": ways}


@cache
def unpacked(directory: Path, python: str) -> Path:
    """The deployed package, but with wheels for this machine, unpacked below that directory."""
    built, package = directory / "function.zip", directory / "package"
    build_zip.build(built, python, build_zip.LOCAL_WHEELS)
    with ZipFile(built) as files:
        files.extractall(package)
    return package


def start(way: Way, environ: dict[str, str], directory: Path) -> Started:
    """Start the way in that directory, from which it imports first, and let it answer."""
    began = time.perf_counter()
    with Worker(way.command, {"PYTHONPATH": str(ROOT), **environ}, directory) as worker:
        ready = time.perf_counter()
        worker.invoke(COUNT, "archive" if way is ARCHIVED else "xkcd")
        return Started(ready - began, time.perf_counter() - ready)


def floor(directory: Path) -> float:
    """Seconds of a process that only imports the libraries of this service, from that directory."""
    began = time.perf_counter()
    printed(FUNCTION_PYTHON, "-c", FLOOR, directory=directory)
    return time.perf_counter() - began


def spreads(starts: list[Started]) -> dict[str, Any]:
    """The spread of their seconds, for both spans and for their sum."""
    return {
        "init": spread([started.init for started in starts]),
        "answer": spread([started.answer for started in starts]),
        "both": spread([sum(started) for started in starts]),
    }
