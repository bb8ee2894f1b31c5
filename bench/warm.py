"""Measures invocations of warm processes: wall time, CPU time and memory.

In each round every way gathers each number of comics once, over HTTP and over TLS, in another order each time. If
connections stay open, an uncounted invocation goes first: the turns of the other ways take so long that clients which
close idle connections after some seconds would have to reconnect each time.
"""

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.lineup import WAYS, Way
from bench.processes import Invocation, Worker
from bench.results import spread
from bench.setting import Setting, progress, versions
from bench.upstream import LATENCY

SCHEMES = ("http", "https")
COUNTS = (1, 5, 25, 100)


@dataclass(frozen=True, slots=True)
class Job:
    """One invocation to measure."""

    way: Way
    scheme: str
    count: int

    def __str__(self) -> str:
        return f"{self.scheme}, N={self.count}: {self.way.name}"


def measure(setting: Setting) -> dict[str, Any]:
    """All ways, by name: the seconds for each number of comics over HTTP and TLS, and the memory over TLS."""
    rounds, slow_rounds = (1, 1) if setting.quick else (15, 3)
    todo = jobs(rounds, slow_rounds)
    measured: dict[Job, list[Invocation]] = defaultdict(list)
    with ExitStack() as stack, progress("warm", len(todo)) as begin:
        workers = _start(stack, setting)
        for job in todo:
            begin(str(job))
            worker = workers[job.way, job.scheme]
            if job.way.keeps:
                worker.invoke(job.count)
            measured[job].append(worker.invoke(job.count))
        megabytes = {way.name: round(workers[way, "https"].peak_megabytes, 1) for way in WAYS}
    ways = {way.name: {**_taken(way, measured), "megabytes": megabytes[way.name]} for way in WAYS}
    about = setting.about(rounds, versions())
    return {"about": about, "slow rounds": slow_rounds, "latency": LATENCY, "ways": ways}


def jobs(rounds: int, slow_rounds: int) -> list[Job]:
    """All invocations in their order; those that take ten seconds, in the first rounds only."""
    rng = Random(614)
    todo = []
    for turn in range(rounds):
        for scheme in SCHEMES:
            for count in COUNTS:
                ways = [way for way in WAYS if turn < slow_rounds or not (way.in_turn and count == max(COUNTS))]
                todo += [Job(way, scheme, count) for way in rng.sample(ways, len(ways))]
    return todo


def _start(stack: ExitStack, setting: Setting) -> dict[tuple[Way, str], Worker]:
    """A worker for each way and scheme, each of which has answered once."""
    workers = {}
    for scheme, url in (("http", setting.upstream.http), ("https", setting.upstream.https)):
        for way in WAYS:
            worker = stack.enter_context(Worker(way.command, setting.upstream.environ(url)))
            worker.invoke(1)
            workers[way, scheme] = worker
    return workers


def _taken(way: Way, measured: dict[Job, list[Invocation]]) -> dict[str, Any]:
    return {scheme: {str(count): times(measured[Job(way, scheme, count)]) for count in COUNTS} for scheme in SCHEMES}


def times(invocations: list[Invocation]) -> dict[str, Any]:
    """The spread of their seconds."""
    return {
        "wall": spread([invocation.wall for invocation in invocations]),
        "cpu": spread([invocation.cpu for invocation in invocations]),
    }
