"""Pure: the cost of invocations on Lambda, computed from their durations here.

Lambda gives a function memory/1769 of a processor. So waiting takes as long there as here, and computing
takes 1769/memory as long: duration = wall - CPU + CPU * 1769/memory, rounded up to milliseconds. This
assumes that Lambda's processor is as fast as the measured one, and that nothing is computed during waits.
Starting, the gateway, logs and traffic are not in it: docs/deploy.md has them.
"""

from math import ceil

# US dollars. AWS's list prices for arm64 in eu-central-1, as in docs/costs.md.
GIGABYTE_SECOND = 0.0000133334
MILLION_REQUESTS = 0.20
MILLION_READ_UNITS = 0.1525
READ_UNITS_A_COMIC = 0.5

WHOLE_PROCESSOR = 1769
MEMORIES = (512, 1024, 1769)
"""Megabytes of memory; with the last a function has one whole processor."""


def duration(wall: float, cpu: float, memory: int) -> float:
    """Seconds that Lambda bills with that much memory for these seconds here."""
    waits = max(wall - cpu, 0.0)  # two threads can compute longer than the clock on the wall runs
    return ceil(1000 * (waits + cpu * WHOLE_PROCESSOR / memory)) / 1000


def million(wall: float, cpu: float, memory: int) -> float:
    """US dollars for a million such invocations."""
    return MILLION_REQUESTS + 1e6 * duration(wall, cpu, memory) * memory / 1024 * GIGABYTE_SECOND


def million_reads(comics: int) -> float:
    """US dollars of DynamoDB for a million invocations that each read this many comics."""
    return comics * READ_UNITS_A_COMIC * MILLION_READ_UNITS
