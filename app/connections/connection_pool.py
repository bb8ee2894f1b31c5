"""The connections to one origin, in a free list: the one used most recently is used first.

httpcore's pool visits all its connections at each request, which costs a hundred comics three round trips or more
(docs/performance.md). A free list does not.
"""

import asyncio
import ssl
from contextvars import Context
from urllib.parse import urlsplit

from app.connections import tls
from app.connections.addresses import Addresses
from app.connections.connection import LARGEST_ANSWER, Answer, Connection
from app.connections.free_list import FreeList
from app.connections.no_answer import Lost
from app.runtime.per_loop import PerLoop
from app.runtime.time_limit import TimeLimit
from app.settings import MOST_CONNECTIONS


class ConnectionPool:
    """Connections to the origin of `url`, which stay open from request to request.

    Each event loop has its own, because a forked child must not touch its parent's sockets. `ca_file` is a PEM file of
    the authorities trusted for TLS; None means certifi's. `largest` is the number of bytes of one answer that are read
    at most.
    """

    def __init__(self, url: str, ca_file: str | None, largest: int = LARGEST_ANSWER) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        port = parts.port or (443 if self._tls else 80)
        self._ca_file = ca_file
        self._ssl_context: ssl.SSLContext | None = None
        self._largest = largest
        self._free_lists = PerLoop(FreeList)
        self._addresses = PerLoop(lambda: Addresses(self._host, port))

    async def exchange(self, request: bytes, seconds: float, enough: int | None = None) -> Answer:
        """Send a request and return its answer. Raises NoAnswer, or OSError if not connected.

        No more than `enough` bytes of its body are read. After `seconds` without a whole answer, it raises
        TimeoutError. An idle connection may be closed or dead, which shows only now. If nothing was heard on it, the
        request is sent again over a new connection, with the same time. That is not a retry, as no part of an answer
        was seen. The server may have acted on it, so it must be one that does no more when it is sent twice.
        """
        free = self._free_lists.get()
        idle, began = free.take(), _now()
        if idle is not None:
            try:
                return await _use(idle, free, request, began + seconds, enough)
            except (Lost, TimeoutError) as error:
                if idle.received:
                    raise
                if isinstance(error, TimeoutError):
                    free.close(unused_since=began)  # those that died with this one
        return await self._exchange_anew(free, request, seconds, enough)

    async def connect(self, count: int) -> None:
        """Open connections, concurrently, until `count` are idle. Raises OSError."""
        free = self._free_lists.get()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(count, MOST_CONNECTIONS - free.at_work) - free.count):
                    group.create_task(self._open_into(free))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    async def aclose(self) -> None:
        """Close the idle connections of the running event loop. A busy one stays open when it becomes idle."""
        self._free_lists.get().close()

    async def _exchange_anew(self, free: FreeList, request: bytes, seconds: float, enough: int | None) -> Answer:
        """Exchange over a new connection; if the server takes no more of them, over one that it has taken."""
        new, end = None, _now() + seconds
        try:
            with free.working():
                async with TimeLimit(end):
                    new = await self._open()
                return await _use(new, free, request, end, enough)
        except (Lost, OSError) as error:
            if new is not None and (new.received or not isinstance(error, Lost)):
                raise
            async with free.another() as taken:
                if taken is None:
                    raise
                return await _use(taken, free, request, _now() + seconds, enough)

    async def _open_into(self, free: FreeList) -> None:
        with free.working():
            free.add(await self._open())

    async def _open(self) -> Connection:
        if self._tls and self._ssl_context is None:
            self._ssl_context = tls.context(self._ca_file)
        # In an empty context: a connection keeps the context in which it was opened, and so the Flask request in it.
        opening = asyncio.get_running_loop().create_task(self._open_now(self._ssl_context), context=Context())
        try:
            return await opening
        except asyncio.CancelledError:
            if opening.done() and not opening.cancelled() and not opening.exception():
                opening.result().close()  # it was opened in the turn of the loop in which the caller left
            raise

    async def _open_now(self, ssl_context: ssl.SSLContext | None) -> Connection:
        connected = await self._addresses.get().connect()
        return await Connection.open(connected, self._host, ssl_context, self._largest)


async def _use(connection: Connection, free: FreeList, request: bytes, end: float, enough: int | None) -> Answer:
    with free.working():
        async with TimeLimit(end):
            answer = await connection.exchange(request, enough)
        free.add(connection)
        return answer


def _now() -> float:
    return asyncio.get_running_loop().time()
