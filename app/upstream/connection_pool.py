"""The connections to one origin: a free list of kept ones, of which the one used last is used first.

httpcore's pool goes through all its connections at every request: a hundred comics take it three round trips' time
or more (docs/performance.md). A free list does not.
"""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import certifi

from app.settings import MOST_CONNECTIONS
from app.upstream.connection import Answer, Connection, Lost


@dataclass(slots=True)
class _Here:
    """What belongs to one event loop."""

    slots: asyncio.Semaphore
    free: list[Connection] = field(default_factory=list)


class Connections:
    """Connections to the origin of a URL, kept open from request to request; those of each event loop apart.

    That is one loop in all, but for a forked process, which must let its parent's sockets be. Sets no timeouts:
    whoever waits says how long. `ca_file` is a PEM file of the authorities trusted for TLS; None trusts certifi's.
    On each loop at most `limit` are open.
    """

    def __init__(self, url: str, ca_file: str | None, limit: int = MOST_CONNECTIONS) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._tls else 80)
        self._ca_file = ca_file
        self._limit = limit
        self._ssl_context: ssl.SSLContext | None = None
        self._on: dict[asyncio.AbstractEventLoop, _Here] = {}

    async def exchange(self, request: bytes) -> Answer:
        """Send a request that has no body, and return its answer. Raises NoAnswer, or OSError when not connected.

        A kept connection may have been closed by the other side, unseen yet: then the request is sent again over a new
        one. That is no retry, because it was not answered; where a part of an answer came, it would be one.
        """
        here = self._here()
        async with here.slots:
            kept = _take(here.free)
            if kept is not None:
                try:
                    return await _use(kept, request, here.free)
                except Lost:
                    if kept.heard:
                        raise
            return await _use(await self._open(), request, here.free)

    async def connect(self, count: int) -> None:
        """Open connections, all at once, until `count` are kept. Raises OSError."""
        here = self._here()
        async with AsyncExitStack() as stack:
            for _ in range(count):  # so that together with those in use they stay within the limit
                await stack.enter_async_context(here.slots)
            here.free[:] = [kept for kept in here.free if kept.is_open]
            try:
                async with asyncio.TaskGroup() as group:
                    for _ in range(count - len(here.free)):
                        group.create_task(self._open_for(here.free))
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from errors

    async def aclose(self) -> None:
        """Close those of the running event loop that are kept; one in use is kept afterwards."""
        free = self._here().free
        while free:
            free.pop().close()

    def _here(self) -> _Here:
        loop = asyncio.get_running_loop()
        if loop not in self._on:
            self._on[loop] = _Here(asyncio.Semaphore(self._limit))
        return self._on[loop]

    async def _open_for(self, free: list[Connection]) -> None:
        free.append(await self._open())

    async def _open(self) -> Connection:
        if self._tls and self._ssl_context is None:
            self._ssl_context = _ssl_context(self._ca_file)
        return await Connection.open(self._host, self._port, self._ssl_context)


def _take(free: list[Connection]) -> Connection | None:
    while free:
        connection = free.pop()
        if connection.is_open:
            return connection
    return None


async def _use(connection: Connection, request: bytes, free: list[Connection]) -> Answer:
    answer = await connection.exchange(request)
    if connection.is_open:
        free.append(connection)
    return answer


def _ssl_context(ca_file: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or certifi.where())
    except OSError as error:
        raise ValueError(f"SSL_CERT_FILE is {ca_file!r}, but must name a PEM file of authorities: {error}") from error
    context.set_alpn_protocols(["http/1.1"])
    return context
