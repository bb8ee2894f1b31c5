"""The addresses of a host: looked up once for all connections, and tried one after the other."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextvars import Context

from aiohappyeyeballs import AddrInfoType, start_connection

FRESH_FOR = 60.0
"""Seconds for which a lookup is good. The resolver does not tell how long its answer may be kept."""

PATIENCE = 0.25
"""Seconds that a lookup may take while addresses from an earlier one are known."""

NEXT_ADDRESS_AFTER = 0.25
"""Seconds after which the next address is tried beside the one before, as RFC 8305 recommends."""

_log = logging.getLogger(__name__)


class Addresses:
    """The addresses of a host and port, for the connections of one event loop.

    One lookup runs at a time. When it fails or is slow, addresses from an earlier one are used, however old they are.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._known: Sequence[AddrInfoType] = ()
        self._good_until = 0.0
        self._failure = OSError()
        self._lookup: asyncio.Task[None] | None = None
        self._connected: object = None
        """The address that was connected to most recently. It is tried first."""

    async def connect(self) -> socket.socket:
        """A socket connected to the first address that answers. Raises OSError: socket.gaierror if none is known."""
        addresses = await self._find()
        try:
            connected = await start_connection(addresses, happy_eyeballs_delay=NEXT_ADDRESS_AFTER)
        except BaseException:
            self._good_until = 0.0  # the host may have moved
            raise
        try:
            self._connected = connected.getpeername()
        except OSError:  # it is closed again
            connected.close()
            raise
        return connected

    async def _find(self) -> Sequence[AddrInfoType]:
        if asyncio.get_running_loop().time() >= self._good_until:
            if self._lookup is None:
                # In an empty context, because it may outlast the request that it is started for.
                self._lookup = asyncio.get_running_loop().create_task(self._look_up(), context=Context())
            await asyncio.wait([self._lookup], timeout=PATIENCE if self._known else None)
        if not self._known:
            raise self._failure
        return sorted(self._known, key=lambda address: address[4] != self._connected)

    async def _look_up(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._known = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._good_until = loop.time() + FRESH_FOR
        except OSError as error:
            self._failure = error
            if self._known:
                _log.warning("DNS failed, so earlier addresses of %s are used: %r", self._host, error)
        finally:
            self._lookup = None
