"""Callers that want the same at the same time share one call."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from app.runtime.per_loop import PerLoop

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SingleFlight(Generic[K, T]):
    """Calls by key, at most one at a time for each key."""

    def __init__(self) -> None:
        self._flights: PerLoop[dict[K, _Flight[T]]] = PerLoop(dict)

    async def join(self, key: K, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return or raise the outcome of the call under way for this key, or else of this one.

        A caller that is cancelled leaves the call to the others. The last caller to leave cancels the call, and waits
        for its end.
        """
        flights = self._flights.get()
        flight = flights.get(key)
        if flight is None or flight.is_over:
            flight = flights[key] = _Flight(call())
        try:
            return await flight.outcome()
        finally:
            if flight.is_over and flights.get(key) is flight:
                del flights[key]


class _Flight(Generic[T]):
    """A call that is under way."""

    def __init__(self, call: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.create_task(call)
        self._waiting = 0

    @property
    def is_over(self) -> bool:
        """Whether the last caller has left. Until then the outcome, even of a call that has ended, is shared."""
        return not self._waiting

    async def outcome(self) -> T:
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            if not self._waiting and not self._task.done():
                self._task.cancel()
                await asyncio.wait([self._task])
