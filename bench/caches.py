"""Measures an invocation of this service whose comics come from memory, an archive, the table, and xkcd.

The table is moto's server in a process of its own. DynamoDB would answer in a few milliseconds, moto takes as long as
its Python code.

Between two invocations from memory, the process waits for others, and the processor forgets what it read for it. So
those are also measured in a row, with a body that is compressed and with one that is not.
"""

from collections import defaultdict
from contextlib import ExitStack
from typing import Any

from bench.lineup import IN_RUNTIME, RUNTIME_PYTHON, function_packages
from bench.processes import BROWSERS_ENCODINGS, Invocation, Worker, serving_table
from bench.setting import Setting, printed, progress
from bench.warm import times

COUNTS = (5, 25, 100)
ENCODINGS = {"memory, in a row": BROWSERS_ENCODINGS, "memory, in a row, not compressed": "identity"}


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
        in_a_row = {name: _in_a_row(workers["memory"], accepted, rounds) for name, accepted in ENCODINGS.items()}
    about = setting.about(rounds, printed(RUNTIME_PYTHON, "--version"))
    return {"about": about, "sources": sources, "in a row": in_a_row}


def _in_a_row(worker: Worker, accept_encoding: str, rounds: int) -> dict[str, Any]:
    """The seconds for each number of comics from memory, in ten invocations of each round, one after the other."""
    taken = {}
    for count in COUNTS:
        invocations = [worker.invoke(count, "memory", accept_encoding) for _ in range(10 * rounds)]
        taken[str(count)] = times(invocations)
    return taken


def _start(stack: ExitStack, setting: Setting) -> dict[str, Worker]:
    """A worker for each source, which has all requested comics."""
    workers = {}
    for source, environ in environs(setting, stack.enter_context(serving_table())).items():
        workers[source] = stack.enter_context(Worker(IN_RUNTIME, environ))
        workers[source].invoke(max(COUNTS), "archive" if source == "archive" else "xkcd")
    return workers


def environs(setting: Setting, table: dict[str, str]) -> dict[str, dict[str, str]]:
    """For each source, the environment of a worker whose comics come from there once it has had them."""
    xkcd = {**setting.upstream.environ(setting.upstream.https), "PYTHONPATH": function_packages()}
    return {
        "memory": {**xkcd, "COMICS_IN_MEMORY": ""},
        "archive": {**xkcd, **setting.archive},
        "table": {**xkcd, **table},
        "xkcd": xkcd,
    }
