"""Measures cold starts of all ways, from the start of a process to its handler and to its first answer.

The answer has 5, 25 or 100 comics over TLS, from a server that answers at once but is a round trip away, with TCP's
slow start (see tools/far.py): on bare loopback, connecting would cost nothing. This service is also asked for
`/comics`: five random comics, for which it needs the latest number. It starts from its package, as in Lambda, or
without a Python 3.13 from its sources, and with each of the stores in bench/stores.py.

All ways start on one core, and with five comics also on two (see bench/cores.py).
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zipfile import ZipFile

from app.connections.tls import AUTHORITIES
from bench import cores
from bench.lineup import FUNCTION_PYTHON, ROOT, WAYS, Way
from bench.processes import Worker, serving_from_afar
from bench.results import spread
from bench.setting import Setting, printed, progress, versions
from bench.stores import STORES, environs
from tools import build_zip, python313
from tools.authorities import write_directory

ROUND_TRIP = 0.03
COUNTS = ("5", "25", "100")
RANDOM = "/comics"

STARTING = (*STORES, *WAYS[1:])

FLOOR = "import asyncio, ssl"
"""What every way in Python imports: a start that does nothing else is the floor under theirs."""


class Started(NamedTuple):
    """One cold start: seconds until the handler was ready, from then to its answer, and of CPU time for the former."""

    init: float
    answer: float
    cpu: float | None = None


class Job(NamedTuple):
    """One cold start to measure: `request` is a number of comics, or RANDOM."""

    way: Way
    on_cores: int
    request: str


def measure(setting: Setting) -> dict[str, Any]:
    """All ways, by cores and name. The first start of each is not counted, as it reads files into memory."""
    rounds, slow_rounds = (1, 0) if setting.quick else (8, 2)
    python = python313.find()
    package = unpacked(setting, python) if python else ROOT
    uncounted = [Job(way, 1, "5") for way in STARTING]
    todo = uncounted + jobs(rounds, slow_rounds)
    starts: dict[Job, list[Started]] = defaultdict(list)
    with serving_from_afar(setting.upstream.near, ROUND_TRIP) as far, environs(setting, far, package) as ours:
        environ = {**dict.fromkeys(WAYS[1:], setting.upstream.environ(far)), **ours}
        with progress("cold", len(todo)) as begin:
            for at, job in enumerate(todo):
                begin(f"{job.way.name}, {job.request}, cores: {job.on_cores}")
                started = start(job, environ[job.way], package)
                if at >= len(uncounted):
                    starts[job].append(started)
    return {
        "about": setting.about(rounds, versions()),
        "slow rounds": slow_rounds,
        "round trip": ROUND_TRIP,
        "floor": spread([floor() for _ in range(rounds + 1)][1:]),
        "cores": {str(count): _by_name(starts, count) for count in cores.compared()},
    }


def jobs(rounds: int, slow_rounds: int) -> list[Job]:
    """All starts in their order; those that take ten seconds, in the first rounds only."""
    rng = Random(614)
    fewest, *more = cores.compared()
    each = [Job(way, fewest, count) for way in STARTING for count in COUNTS]
    each += [Job(way, fewest, RANDOM) for way in STORES]
    each += [Job(way, count, "5") for way in STARTING for count in more]
    quick = [job for job in each if not (job.way.in_turn and job.request == "100")]
    todo: list[Job] = []
    for turn in range(rounds):
        todo += rng.sample(each, len(each)) if turn < slow_rounds else rng.sample(quick, len(quick))
    return todo


@cache
def unpacked(setting: Setting, python: str) -> Path:
    """The deployed package, unpacked, but with this machine's wheels and the stand-in's authority beside the others."""
    built, package = setting.directory / "function.zip", setting.directory / "package"
    build_zip.build(built, python, build_zip.LOCAL_WHEELS)
    with ZipFile(built) as files:
        files.extractall(package)
    authorities = package / AUTHORITIES.relative_to(ROOT)
    shutil.rmtree(authorities)
    write_directory(Path(setting.upstream.authorities), authorities)
    return package


def start(job: Job, environ: Mapping[str, str], package: Path) -> Started:
    """Start the way, in the package if it is this service, and let it answer."""
    stores = STORES.get(job.way)
    directory = ROOT if stores is None else package
    began = time.perf_counter()
    with Worker(job.way.command, environ, directory, job.on_cores) as worker:
        ready = time.perf_counter()
        if job.request == RANDOM:
            answered = worker.invoke_random()
        else:
            answered = worker.invoke(int(job.request), stores[0] if stores else "xkcd")
        return Started(ready - began, answered.wall, worker.cpu_of_start)


def floor() -> float:
    """Seconds of a process that only imports what every way in Python does."""
    began = time.perf_counter()
    printed(*cores.for_worker(1), FUNCTION_PYTHON, "-c", FLOOR)
    return time.perf_counter() - began


def spreads(starts: list[Started]) -> dict[str, Any]:
    """The spread of their seconds, for both spans and for their sum."""
    return {
        "init": spread([started.init for started in starts]),
        "answer": spread([started.answer for started in starts]),
        "both": spread([started.init + started.answer for started in starts]),
    }


def _by_name(starts: dict[Job, list[Started]], on_cores: int) -> dict[str, Any]:
    """The spreads of all ways on that many cores: `init` and `cpu` of all starts, and spans by request."""
    found: dict[str, Any] = {}
    for way in STARTING:
        jobs = [Job(way, on_cores, request) for request in (*COUNTS, RANDOM)]
        measured = {job.request: starts[job] for job in jobs if job in starts}
        every = [started for taken in measured.values() for started in taken]
        found[way.name] = {
            "init": spread([started.init for started in every]),
            "cpu": spread([started.cpu for started in every if started.cpu is not None]),
            "requests": {request: spreads(taken) for request, taken in measured.items()},
        }
    return found
