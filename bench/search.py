"""Measures the CPU time of searches, of ten comics, and of the page for one comic, from an archive of all comics.

The searches are those of bench/relevance.json. In each round, an answer of ten random comics follows each search, so
both are measured in the same process and weather. Comics come from the archive each time, as nothing keeps them in
memory. Only the process that answers pages keeps them. For their first requests, processes are started in turn.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from random import Random
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from bench.caches import environs
from bench.lineup import IN_RUNTIME, RUNTIME_PYTHON
from bench.processes import Worker, request
from bench.relevance import QUERIES
from bench.results import spread
from bench.setting import Setting, printed, progress
from tools.stand_in import records

SEARCH, TEN, PAGE = "a search", "ten comics from the archive", "a page from memory"
WARM = (SEARCH, TEN, PAGE)
FIRST = {
    "a search as a process's first request": {"q": "bobby tables"},
    "ten comics as a process's first request": {"n": "1-10"},
}

Begin = Callable[[str], None]
Measured = dict[str, list[float]]
"""Seconds of CPU time, by the name of the answer."""


def measure(setting: Setting) -> dict[str, Any]:
    """For each answer, the spread of its seconds of CPU time, and the 99th percentile of those of warm processes."""
    rounds, starts = (1, 1) if setting.quick else (10, 20)
    searches = [query["q"] for queries in QUERIES.values() for query in queries]
    archive = environs(setting, {})["archive"]
    measured: Measured = defaultdict(list)
    with progress("search", (rounds + 1) * len(searches) + len(FIRST) * starts) as begin:
        # These first: they let Python compile the modules that a search imports.
        _warm(archive, searches, rounds, measured, begin)
        for _ in range(starts):
            for name, parameters in FIRST.items():
                begin(name)
                with Worker(IN_RUNTIME, archive) as worker:
                    measured[name].append(_comics(worker, parameters))
    about = setting.about(rounds, printed(RUNTIME_PYTHON, "--version"))
    answers = {
        name: {"cpu": spread(measured[name]), "p99": _p99(measured[name]) if name in WARM else None}
        for name in (*WARM, *FIRST)
    }
    return {"about": about, "searches": len(searches), "starts": starts, "answers": answers}


def _warm(archive: dict[str, str], searches: Sequence[str], rounds: int, measured: Measured, begin: Begin) -> None:
    """Measure the answers of warm processes. The first round is not counted."""
    rng, numbers = Random(614), sorted(records())
    with ExitStack() as stack:
        worker = stack.enter_context(Worker(IN_RUNTIME, archive))
        reader = stack.enter_context(Worker(IN_RUNTIME, {**archive, "COMICS_IN_MEMORY": ""}))
        for turn in range(rounds + 1):
            for search in searches:
                begin(search)
                ten = ",".join(map(str, rng.sample(numbers, 10)))
                taken = {
                    SEARCH: _comics(worker, {"q": search}),
                    TEN: _comics(worker, {"n": ten}),
                    PAGE: _cpu(reader, request("/614/", accept="text/html")),
                }
                for name in taken if turn else ():
                    measured[name].append(taken[name])


def _comics(worker: Worker, parameters: dict[str, str]) -> float:
    return _cpu(worker, request("/comics", urlencode(parameters)))


def _cpu(worker: Worker, event: dict[str, Any]) -> float:
    """Seconds for a good answer. Raises RuntimeError if it is none, or has a comic that is not from the archive."""
    said = worker.ask(event)
    if said["status"] != 200 or not {"archive"}.issuperset(said["sources"]):
        raise RuntimeError(f"{event['rawPath']}?{event['rawQueryString']} was answered with {said}")
    cpu: float = said["cpu"]
    return cpu


def _p99(values: Sequence[float]) -> float:
    return round(quantiles(values, n=100, method="inclusive")[-1], 6)
