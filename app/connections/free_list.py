"""The idle connections of one event loop, and the requests that wait for one."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import inf
from typing import NamedTuple

from app.connections.connection import Connection

IDLE_LIMIT = 300.0
"""Seconds after which an idle connection is not used any more.

AWS's NAT gateways drop idle connections after 350 s without telling either side.
"""


class _Idle(NamedTuple):
    since: float
    connection: Connection


class FreeList:
    """Keeps idle connections. The one used most recently is used first."""

    def __init__(self) -> None:
        self.at_work = 0
        """Connections that are being opened or used."""
        self._idle: list[_Idle] = []
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()

    @property
    def count(self) -> int:
        """How many connections are idle and usable."""
        self.close(unused_since=_now() - IDLE_LIMIT)
        return len(self._idle)

    def take(self) -> Connection | None:
        """An idle connection, which is no longer idle."""
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_open and since > _now() - IDLE_LIMIT:
                return connection
            connection.close()
        return None

    def add(self, connection: Connection) -> None:
        """Keep the connection, unless it is closed. The request that has waited longest gets it at once."""
        if not connection.is_open:
            return
        waiting = self._next_waiting()
        if waiting is None:
            self._idle.append(_Idle(_now(), connection))
        else:
            self.at_work += 1  # so that nobody gives up before that request goes on
            waiting.set_result(connection)

    def close(self, unused_since: float = inf) -> None:
        """Close the idle connections that were last used before that time, on the loop's clock."""
        kept = []
        for idle in self._idle:
            if idle.connection.is_open and idle.since > unused_since:
                kept.append(idle)
            else:
                idle.connection.close()
        self._idle = kept

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a connection that is being opened or used, and may soon be idle."""
        self.at_work += 1
        try:
            yield
        finally:
            self._end_work()

    @asynccontextmanager
    async def another(self) -> AsyncIterator[Connection | None]:
        """A connection as soon as one is idle; None when none is at work any more."""
        idle = self.take()
        if idle is not None or not self.at_work:
            yield idle
            return
        waiting: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        try:
            connection = await waiting
        except asyncio.CancelledError:
            if not waiting.cancelled() and (unused := waiting.result()):
                self.add(unused)  # it came in the turn of the loop in which the caller left
                self._end_work()
            raise
        try:
            yield connection
        finally:
            if connection is not None:
                self._end_work()

    def _next_waiting(self) -> asyncio.Future[Connection | None] | None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    def _end_work(self) -> None:
        self.at_work -= 1
        while not self.at_work and (waiting := self._next_waiting()):
            waiting.set_result(None)


def _now() -> float:
    return asyncio.get_running_loop().time()
