"""The cores of processes: a worker runs on the first ones, and servers run on all but the first.

Lambda gives a function of 1 769 MB one core. Processes run on any core where `taskset` is missing, as outside Linux,
and where there is one core only.
"""

import os
import shutil
import sys

_CORES = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" and shutil.which("taskset") else []
CAN_PIN = len(_CORES) > 1


def for_worker(count: int) -> tuple[str, ...]:
    """What to put before a command that runs on that many cores."""
    return _taskset(_CORES[:count])


def for_servers() -> tuple[str, ...]:
    """What to put before the command of a server."""
    return _taskset(_CORES[1:])


def compared() -> tuple[int, ...]:
    """How many cores a worker has in turn: one and two, or all where it cannot be pinned."""
    return (1, 2) if CAN_PIN else (os.cpu_count() or 1,)


def _taskset(cores: list[int]) -> tuple[str, ...]:
    return ("taskset", "--cpu-list", ",".join(map(str, cores))) if CAN_PIN else ()
