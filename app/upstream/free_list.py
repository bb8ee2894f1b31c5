"""The idle connections of one event loop, and the requests that wait for one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import NamedTuple

from app.upstream.connection import Connection

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
        self._idle: asyncio.LifoQueue[_Idle | None] = asyncio.LifoQueue()
        """None tells a request that waits that there is nothing left to wait for."""
        self.at_work = 0
        """Connections that are being opened or used."""
        self._waiting = 0

    @property
    def count(self) -> int:
        """How many connections are idle and usable."""
        self.close(unused_since=_now() - IDLE_LIMIT)
        return self._idle.qsize()

    def take(self) -> Connection | None:
        """An idle connection, which is no longer idle."""
        while not self._idle.empty():
            idle = self._idle.get_nowait()
            if idle is not None and idle.connection.is_open and idle.since > _now() - IDLE_LIMIT:
                return idle.connection
            if idle is not None:
                idle.connection.close()
        return None

    def add(self, connection: Connection) -> None:
        """Keep the connection, unless it is closed; a request that waits gets it at once."""
        if connection.is_open:
            self._idle.put_nowait(_Idle(_now(), connection))

    def close(self, unused_since: float = inf) -> None:
        """Close the idle connections that were last used before that time, on the loop's clock."""
        idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        for each in reversed(idle):
            if each is not None and each.connection.is_open and each.since > unused_since:
                self._idle.put_nowait(each)
            elif each is not None:
                each.connection.close()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a connection that is being opened or used, and may soon be idle."""
        self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1
            if not self.at_work:
                for _ in range(self._waiting):
                    self._idle.put_nowait(None)

    async def wait(self) -> Connection | None:
        """A connection as soon as one is idle; None if none is at work."""
        if not self._idle.empty() or not self.at_work:
            return self.take()
        self._waiting += 1
        try:
            idle = await self._idle.get()
        finally:
            self._waiting -= 1
        return None if idle is None else idle.connection


def _now() -> float:
    return asyncio.get_running_loop().time()
