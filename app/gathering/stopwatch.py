"""How long a gathering and its parts take."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from app.gathering.gathered import Timing


class Stopwatch:
    """Measures one gathering, in seconds from its making on."""

    def __init__(self) -> None:
        self.spent = {"cache": 0.0, "xkcd": 0.0}
        self._began = time.monotonic()
        self._timings: dict[int, Timing] = {}

    @property
    def seconds(self) -> float:
        """Seconds since the gathering began."""
        return time.monotonic() - self._began

    @contextmanager
    def spending(self, on: Literal["cache", "xkcd"]) -> Iterator[None]:
        """Count the duration of the block as spent on the caches or on xkcd."""
        began = self.seconds
        try:
            yield
        finally:
            self.spent[on] += self.seconds - began

    @contextmanager
    def timing(self, num: int) -> Iterator[None]:
        """Record when the block, a request for that comic (0: the latest), began and ended."""
        began = self.seconds
        try:
            yield
        finally:
            self._timings[num] = Timing(num, began, self.seconds)

    def timings(self, numbers: Iterable[int]) -> tuple[Timing, ...]:
        """The timings of those of these comics that were requested."""
        return tuple(self._timings[num] for num in numbers if num in self._timings)
