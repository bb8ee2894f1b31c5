"""Measures an invocation of this service whose comics come from memory, an archive, the table, and xkcd.

The table is moto's server in a process of its own. DynamoDB would answer in a few milliseconds, moto takes as long as
its Python code.
"""

from collections import defaultdict
from contextlib import ExitStack
from typing import Any

from bench.lineup import ROOT
from bench.package import RUNTIME_PYTHON
from bench.processes import Invocation, Worker, serving_table
from bench.setting import Setting, printed, progress
from bench.warm import times

COUNTS = (5, 25, 100)
COMMAND = (str(RUNTIME_PYTHON), "-m", "bench.worker", "handler.handler")


def measure(setting: Setting) -> dict[str, Any]:
    """The seconds for each number of comics from each source."""
    rounds = 3 if setting.quick else 30
    measured: dict[tuple[str, int], list[Invocation]] = defaultdict(list)
    with ExitStack() as stack:
        workers = _start(stack, setting)
        begin = stack.enter_context(progress("caches", rounds * len(COUNTS) * len(workers)))
        for _ in range(rounds):
            for count in COUNTS:
                for source, worker in workers.items():
                    begin(f"N={count} from {source}")
                    measured[source, count].append(worker.invoke(count, source))
        sources = {source: {str(count): times(measured[source, count]) for count in COUNTS} for source in workers}
    return {"about": setting.about(rounds, printed(str(RUNTIME_PYTHON), "--version")), "sources": sources}


def _start(stack: ExitStack, setting: Setting) -> dict[str, Worker]:
    """A worker for each source, which has all requested comics."""
    workers = {}
    for source, environ in environs(setting, stack.enter_context(serving_table())).items():
        workers[source] = stack.enter_context(Worker(COMMAND, environ))
        workers[source].invoke(max(COUNTS), "archive" if source == "archive" else "xkcd")
    return workers


def environs(setting: Setting, table: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each source, the environment of a worker whose comics come from there once it has had them."""
    xkcd = {**setting.upstream.environ(setting.upstream.https), "PYTHONPATH": _function()}
    return {
        "memory": {**xkcd, "COMICS_IN_MEMORY": ""},
        "archive": {**xkcd, **setting.archive},
        "table": {**xkcd, **table},
        "xkcd": xkcd,
    }


def _function() -> str:
    """The directory of the function's packages, which Lambda's Python finds besides its own."""
    (packages,) = (ROOT / ".venv-function/lib").glob("python3*/site-packages")
    return str(packages)
