"""The connections to one origin, in a free list: the one used most recently is used first.

httpcore's pool visits all its connections at each request, which costs a hundred comics three round trips or more
(docs/performance.md). A free list does not.
"""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import certifi

from app.settings import MOST_CONNECTIONS
from app.upstream.connection import Answer, Connection
from app.upstream.no_answer import Lost


@dataclass(slots=True)
class _LoopState:
    """The part of a pool that belongs to one event loop."""

    slots: asyncio.Semaphore
    idle: list[Connection] = field(default_factory=list)


class ConnectionPool:
    """Connections to the origin of `url`, which stay open from request to request. It sets no timeouts: callers do.

    Each event loop has up to `limit` of its own, because a forked child must not touch its parent's sockets.
    `ca_file` is a PEM file of the authorities trusted for TLS; None means certifi's.
    """

    def __init__(self, url: str, ca_file: str | None, limit: int = MOST_CONNECTIONS) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._ca_file = ca_file
        self._limit = limit
        self._ssl_context: ssl.SSLContext | None = None
        self._loops: dict[asyncio.AbstractEventLoop, _LoopState] = {}

    async def exchange(self, request: bytes) -> Answer:
        """Send a request without a body and return its answer. Raises NoAnswer, or OSError if not connected.

        The other side may have closed an idle connection, which shows only now. Then the request is sent again over
        a new connection. That is not a retry, as no part of an answer was seen.
        """
        state = self._state()
        async with state.slots:
            idle = _take(state.idle)
            if idle is not None:
                try:
                    return await _use(idle, request, state.idle)
                except Lost:
                    if idle.received:
                        raise
            return await _use(await self._open(), request, state.idle)

    async def connect(self, count: int) -> None:
        """Open connections, concurrently, until `count` are idle. Raises OSError."""
        state = self._state()
        async with AsyncExitStack() as stack:
            for _ in range(count):  # so that idle and busy connections together stay within the limit
                await stack.enter_async_context(state.slots)
            state.idle[:] = [idle for idle in state.idle if idle.is_open]
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(count - len(state.idle)):
                        group.create_task(self._open_into(state.idle))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors

    async def aclose(self) -> None:
        """Close the idle connections of the running event loop. A busy one stays open when it becomes idle."""
        idle = self._state().idle
        while idle:
            idle.pop().close()

    def _state(self) -> _LoopState:
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            self._loops[loop] = _LoopState(asyncio.Semaphore(self._limit))
        return self._loops[loop]

    async def _open_into(self, idle: list[Connection]) -> None:
        idle.append(await self._open())

    async def _open(self) -> Connection:
        if self._tls and self._ssl_context is None:
            self._ssl_context = _ssl_context(self._ca_file)
        return await Connection.open(self._host, self._port, self._ssl_context)


def _take(idle: list[Connection]) -> Connection | None:
    while idle:
        connection = idle.pop()
        if connection.is_open:
            return connection
    return None


async def _use(connection: Connection, request: bytes, idle: list[Connection]) -> Answer:
    answer = await connection.exchange(request)
    if connection.is_open:
        idle.append(connection)
    return answer


def _ssl_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or certifi.where())
    except OSError as error:
        raise ValueError(f"SSL_CERT_FILE is {ca_file!r}, but must name a PEM file of authorities: {error}") from error
    context.set_alpn_protocols(["http/1.1"])
    return context
