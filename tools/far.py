"""A TCP proxy that makes a server on 127.0.0.1 as far away as one on the internet.

    python -m tools.far --round-trip 0.03 127.0.0.1:8443

prints its own address once it listens, and stops at Ctrl-C. Bytes take half a round trip in either direction. Each
direction of a connection has TCP's slow start (tools/congestion_window.py): at first only `--initial-window` segments
may be under way. Nothing else limits the throughput, and nothing is lost. A proxy cannot delay TCP's handshake, so
bytes that a client sends during the time of a handshake wait until its end.
"""

import argparse
import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import cast

from tools.congestion_window import INITIAL, CongestionWindow


@dataclass(frozen=True, slots=True)
class Distance:
    """Seconds there and back, and the segments that may be under way at first."""

    round_trip: float
    initial_window: float = INITIAL


async def start(host: str, port: int, distance: Distance) -> asyncio.Server:
    """Listen on 127.0.0.1 for connections to that server, at that distance."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(lambda: _ClientEnd(host, port, distance), "127.0.0.1", 0, backlog=1024)


class _End(asyncio.Protocol):
    """One end of a connection. Bytes that it receives leave at the other end, later and in order."""

    def __init__(self, distance: Distance, other: asyncio.Transport | None = None) -> None:
        self._delay = distance.round_trip / 2
        self._window = CongestionWindow(distance.round_trip, distance.initial_window)
        self._established = 0.0
        self._under_way: deque[bytes] = deque()
        self._other = other
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        sent = 0
        for size, leaves in self._window.send(len(data), self._ready()):
            self._send(data[sent : sent + size], leaves)
            sent += size

    def connection_lost(self, error: Exception | None) -> None:
        self._send(b"", self._window.end(self._ready()))

    def _ready(self) -> float:
        """When bytes that are here now could leave, if the window let them."""
        return max(self._established, asyncio.get_running_loop().time())

    def _send(self, data: bytes, leaves: float) -> None:
        """Send the bytes, to arrive after all earlier ones. No bytes mean the end."""
        self._under_way.append(data)
        asyncio.get_running_loop().call_at(leaves + self._delay, self._arrive)

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

    def __init__(self, host: str, port: int, distance: Distance) -> None:
        super().__init__(distance)
        self._distance = distance
        self._server = host, port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._established = asyncio.get_running_loop().time() + self._distance.round_trip
        self._connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_connection(lambda: _End(self._distance, self.transport), *self._server)
        except OSError:
            self.transport.abort()
            return
        self._other = far.transport
        self.transport.resume_reading()


async def serve(host: str, port: int, distance: Distance) -> None:
    """Serve until cancelled."""
    server = await start(host, port, distance)
    print(f"127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


def segments(text: str) -> float:
    """A congestion window that lets bytes through. Raises ValueError, which argparse reports."""
    if (count := float(text)) >= 1:
        return count
    raise ValueError


def main() -> None:
    """Serve until Ctrl-C or a termination signal."""
    parser = argparse.ArgumentParser(prog="python -m tools.far", description=__doc__.splitlines()[0])
    parser.add_argument("--round-trip", type=float, default=0.03, help="seconds there and back (0.03)")
    parser.add_argument("--initial-window", type=segments, default=INITIAL, help="segments (10), or inf for no limit")
    parser.add_argument("server", metavar="HOST:PORT", help="what is to be far away")
    options = parser.parse_args()
    host, _, port = options.server.rpartition(":")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(host, int(port), Distance(options.round_trip, options.initial_window)))


if __name__ == "__main__":
    main()
