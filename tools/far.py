"""A TCP proxy that makes a server on 127.0.0.1 as far away as one on the internet.

    python -m tools.far --round-trip 0.03 127.0.0.1:8443

prints its own address once it listens, and stops at Ctrl-C. Bytes take half a round trip in either direction. A
proxy cannot delay TCP's handshake, so bytes that a client sends during the time of a handshake wait until its end. The
throughput is not limited.
"""

import argparse
import asyncio
import contextlib
from collections import deque
from typing import cast


async def start(host: str, port: int, round_trip: float) -> asyncio.Server:
    """Listen on 127.0.0.1 for connections to that server. `round_trip` is in seconds."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _ClientEnd(host, port, round_trip), "127.0.0.1", 0, backlog=1024)


class _End(asyncio.Protocol):
    """One end of a connection. Bytes that it receives leave at the other end, later and in order."""

    def __init__(self, delay: float, other: asyncio.Transport | None = None) -> None:
        self._delay = delay
        self._due = 0.0
        self._under_way: deque[bytes] = deque()
        self._other = other
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._send(data)

    def connection_lost(self, error: Exception | None) -> None:
        self._send(b"")

    def _send(self, data: bytes) -> None:
        """Send the bytes, to arrive after all earlier ones. No bytes mean the end."""
        loop = asyncio.get_running_loop()
        self._due = max(self._due, loop.time() + self._delay)
        self._under_way.append(data)
        loop.call_at(self._due, self._arrive)

    def _arrive(self) -> None:
        # Of two calls due at the same time either may come first: each takes what is first in order.
        data = self._under_way.popleft()
        if self._other is None:
            return
        if data:
            self._other.write(data)
        else:
            self._other.close()


class _ClientEnd(_End):
    """The client's end, which connects to the server."""

    def __init__(self, host: str, port: int, round_trip: float) -> None:
        super().__init__(round_trip / 2)
        self._round_trip = round_trip
        self._server = host, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._due = asyncio.get_running_loop().time() + self._round_trip + self._delay
        self._connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_connection(lambda: _End(self._delay, self.transport), *self._server)
        except OSError:
            self.transport.abort()
            return
        self._other = far.transport
        self.transport.resume_reading()


async def serve(host: str, port: int, round_trip: float) -> None:
    """Serve until cancelled."""
    server = await start(host, port, round_trip)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Serve until Ctrl-C or a termination signal."""
    parser = argparse.ArgumentParser(prog="python -m tools.far", description=__doc__.splitlines()[0])
    parser.add_argument("--round-trip", type=float, default=0.03, help="seconds there and back (0.03)")
    parser.add_argument("server", metavar="HOST:PORT", help="what is to be far away")
    options = parser.parse_args()
    host, _, port = options.server.rpartition(":")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(host, int(port), options.round_trip))


if __name__ == "__main__":
    main()
