"""Pure: what invocations cost on Lambda, worked out from what they take here.

Lambda gives a function memory/1769 of a processor. So what an invocation waits takes as long there as here, and what
it computes takes 1769/memory as long: duration = wall - CPU + CPU * 1769/memory, rounded up to milliseconds. That
supposes that Lambda's processor is as fast as the one that was measured, and that nothing is computed while it waits.
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
    """Seconds that Lambda bills with that much memory for what takes these seconds here."""
    waits = max(wall - cpu, 0.0)  # two threads can compute longer than the clock on the wall runs
    return ceil(1000 * (waits + cpu * WHOLE_PROCESSOR / memory)) / 1000


def million(wall: float, cpu: float, memory: int) -> float:
    """US dollars for a million such invocations."""
    return MILLION_REQUESTS + 1e6 * duration(wall, cpu, memory) * memory / 1024 * GIGABYTE_SECOND


def million_reads(comics: int) -> float:
    """US dollars that DynamoDB takes when each of a million invocations reads so many comics from the table."""
    return comics * READ_UNITS_A_COMIC * MILLION_READ_UNITS
