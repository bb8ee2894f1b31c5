"""The results in bench/results.json, with a part for each measuring module."""

import json
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, NamedTuple

PATH = Path(__file__).parent / "results.json"


class Spread(NamedTuple):
    """The median, and the 10th and 90th percentiles."""

    median: float
    low: float
    high: float

    def times(self, factor: float) -> "Spread":
        """The same in another unit."""
        return Spread(*(factor * value for value in self))


def spread(values: Sequence[float], digits: int = 6) -> Spread:
    """The spread of at least one value. No percentile lies outside the values."""
    tenths = quantiles(values, n=10, method="inclusive") if len(values) > 1 else values
    return Spread(*(round(value, digits) for value in (median(values), tenths[0], tenths[-1])))


def load() -> dict[str, Any]:
    """All measured parts, by name."""
    parts: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}
    return parts


def save(name: str, part: dict[str, Any]) -> None:
    """Replace the previous results of that part."""
    PATH.write_text(json.dumps({**load(), name: part}, indent=1) + "\n")
