"""Values that belong to one event loop."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One value for each event loop, made when that loop first needs it.

    Sockets, locks and tasks work on their own loop only. After a fork or a close the process has another loop.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._values: dict[asyncio.AbstractEventLoop, T] = {}

    def get(self) -> T:
        """The running loop's value."""
        loop = asyncio.get_running_loop()
        if loop not in self._values:
            self._values[loop] = self._make()
        return self._values[loop]

    def take(self) -> T | None:
        """The running loop's value, which it has no longer; None if there is none."""
        return self._values.pop(asyncio.get_running_loop(), None)
