"""A time limit that looks at the sockets once more before it ends a wait."""

import asyncio
from types import TracebackType
from typing import Self

LAST_TURNS = 10
"""Turns of the event loop between the end of the time and the TimeoutError.

When a stopped process goes on, its timers and its sockets are due together. An answer takes a turn of the loop for
each task between its socket and the caller.
"""


class TimeLimit:
    """Like asyncio.timeout_at: ends the wait at `when`, on the loop's clock, with a TimeoutError.

    What arrived before is not lost: bytes that already wait in a socket, after a freeze, are read first.
    """

    def __init__(self, when: float) -> None:
        self._when = when
        self._timeout = asyncio.timeout(None)
        self._next: asyncio.Handle

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        loop = asyncio.get_running_loop()
        self._next = loop.call_at(self._when, self._end, LAST_TURNS if self._when > loop.time() else 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._next.cancel()
        await self._timeout.__aexit__(kind, error, traceback)

    def _end(self, turns: int) -> None:
        loop = asyncio.get_running_loop()
        if turns:
            self._next = loop.call_soon(self._end, turns - 1)
        else:
            self._timeout.reschedule(loop.time())
