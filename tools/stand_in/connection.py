"""One connection of the stand-in."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol, cast

from tools.faults import End, Step


class Server(Protocol):
    """The part of a server that its connections use."""

    def opened(self, transport: asyncio.Transport) -> None:
        """Record that a connection was accepted."""

    def closed(self, transport: asyncio.Transport) -> None:
        """Record that a connection was closed."""

    def received(self, path: str) -> float:
        """Count a GET of that path. Returns the seconds before its answer."""

    def answer(self, path: str, headers: Mapping[str, str]) -> Iterable[Step]:
        """The steps of the answer to a GET of that path with these headers, whose names are in lower case."""


class Connection(asyncio.Protocol):
    """Answers each request after its latency."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._received = b""
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.opened(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            path = first.split(" ", 2)[1]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            latency = self._server.received(path)
            self._timer = asyncio.get_running_loop().call_later(latency, self._answer, path, headers)

    def connection_lost(self, error: Exception | None) -> None:
        # asyncio closes the socket after this call: only then does the connection count as closed.
        asyncio.get_running_loop().call_soon(self._server.closed, self._transport)
        for waiting in (self._task, self._timer):
            if waiting is not None:
                waiting.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _answer(self, path: str, headers: Mapping[str, str]) -> None:
        steps = self._server.answer(path, headers)
        if isinstance(steps, list):
            for step in steps:
                self._transport.write(step)
        else:
            self._task = asyncio.get_running_loop().create_task(self._take(steps))

    async def _take(self, steps: Iterable[Step]) -> None:
        for step in steps:
            match step:
                case bytes():
                    self._transport.write(step)
                    await self._writable.wait()
                    await asyncio.sleep(0)
                case float():
                    await asyncio.sleep(step)
                case End.CLOSE:
                    self._transport.close()
                case End.RESET:
                    self._transport.abort()
                case End.SILENCE:
                    return
