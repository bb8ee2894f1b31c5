"""Measures the first request of a process that is ready, by where its comics come from.

How long it takes to be ready is measured in bench/cold.py. The setting is that of bench/caches.py.
"""

from collections import defaultdict
from typing import Any

from bench.caches import COUNTS, environs
from bench.lineup import IN_RUNTIME, RUNTIME_PYTHON
from bench.processes import Invocation, Worker, serving_table
from bench.setting import Setting, printed, progress
from bench.warm import times

SOURCES = ("archive", "table", "xkcd")


def measure(setting: Setting) -> dict[str, Any]:
    """The seconds for each number of comics from each source, each time by another process."""
    rounds = 1 if setting.quick else 10
    measured: dict[tuple[str, int], list[Invocation]] = defaultdict(list)
    with serving_table() as table:
        sources = environs(setting, table)
        with Worker(IN_RUNTIME, sources["table"]) as worker:
            worker.invoke(max(COUNTS))  # fills the table
        with progress("first", rounds * len(COUNTS) * len(SOURCES)) as begin:
            for _ in range(rounds):
                for count in COUNTS:
                    for source in SOURCES:
                        begin(f"N={count} from {source}")
                        with Worker(IN_RUNTIME, sources[source]) as worker:
                            measured[source, count].append(worker.invoke(count, source))
    taken = {source: {str(count): times(measured[source, count]) for count in COUNTS} for source in SOURCES}
    return {"about": setting.about(rounds, printed(RUNTIME_PYTHON, "--version")), "sources": taken}
