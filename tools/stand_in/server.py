"""The stand-in's server."""

import asyncio
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from random import Random
from types import TracebackType
from typing import Self

from tools.faults import FAULTS, Step, answer
from tools.stand_in.connection import Connection
from tools.stand_in.negotiation import negotiated
from tools.stand_in.records import record, records

NOT_FOUND = answer(b"<html><head><title>404 Not Found</title></head></html>", "404 Not Found", kind="text/html")


class StandIn:
    """The server. `with StandIn() as xkcd:` runs it in a thread; `xkcd.url` is where it answers.

    `latency` is in seconds; `slow` is the share of requests that take longer, and how many times as long: the same
    ones in each run. `faults` maps a comic's number, or 0 for all of them, to a name in FAULTS; each of
    `passing_faults` hits one request for a comic. `image_faults` maps an image's path, or "" for all of them, to a name
    there (tools/stand_in/images.py). `reported` is the comic at /info.0.json if that is not the `latest`, and
    `surplus` are numbers above the latest that have a comic all the same; a comic that xkcd has not is made up.
    `has_validators` says whether records have Last-Modified. All these may be changed at any time. `asked` counts
    requests by path, `connections` the accepted connections, and `last_headers` are those of the request answered
    latest, with names in lower case.
    """

    def __init__(
        self,
        latency: float = 0.1,
        port: int = 0,
        faults: Mapping[int, str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        slow: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self.latency = latency
        self.slow = slow
        self.faults = dict(faults or {})
        self.image_faults: dict[str, str] = {}
        self.passing_faults: list[str] = []
        self.has_validators = True
        self.latest = max(records())
        self.reported: int | None = None
        self.surplus: set[int] = set()
        self.asked: Counter[str] = Counter()
        self.connections = 0
        self.last_headers: Mapping[str, str] = {}
        self.url = ""
        self._rng = Random(614)
        self._changed = threading.Condition()
        self._port = port
        self._ssl_context = ssl_context
        self._open: set[asyncio.Transport] = set()
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), name="stand-in")

    async def serve(self) -> None:
        """Serve until `end`."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(
            lambda: Connection(self), "127.0.0.1", self._port, ssl=self._ssl_context, backlog=1024
        )
        scheme = "https" if self._ssl_context else "http"
        self.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        try:
            await self._stop.wait()
        finally:
            server.close()
            self._abort_all()

    def end(self) -> None:
        """Stop serving, close all connections, and return when that is done. Not for its own thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def close_connections(self) -> None:
        """Close every connection, as a server does with idle ones, and return when that is done."""

        async def close() -> None:
            for transport in list(self._open):
                transport.close()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def opened(self, transport: asyncio.Transport) -> None:
        with self._changed:
            self.connections += 1
            self._open.add(transport)
            self._changed.notify_all()

    def closed(self, transport: asyncio.Transport) -> None:
        with self._changed:
            self._open.discard(transport)
            self._changed.notify_all()

    def wait_until(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Wait until requests or connections fulfil the condition. Returns whether they did in time."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which a process takes it for xkcd."""
        return {"XKCD_URL": self.url, "IMAGES_URL": self.url, "XKCD_FLOOR": str(self.latest)}

    @property
    def open_connections(self) -> int:
        """The number of open connections."""
        return len(self._open)

    def received(self, path: str) -> float:
        """Count a GET of that path. Returns the seconds before its answer."""
        if path == "/stand-in":
            return 0.0
        with self._changed:
            self.asked[path] += 1
            self._changed.notify_all()
        share, times = self.slow
        return self.latency * (times if self._rng.random() < share else 1.0)

    def answer(self, path: str, headers: Mapping[str, str]) -> Iterable[Step]:
        """The steps of the answer to a GET of that path with these headers, whose names are in lower case."""
        self.last_headers = headers
        if path == "/stand-in":
            return [answer(json.dumps({"asked": self.asked, "connections": self.connections}).encode())]
        if path.startswith("/comics/"):
            from tools.stand_in import images  # imports Pillow, which takes longer than all else here

            return images.answered(path, headers, self.image_faults.get(path) or self.image_faults.get(""))
        num = self._num(path)
        exists = num <= self.latest or num in self.surplus or num == self.reported
        body = record(num) if exists else b""
        name = self.passing_faults.pop() if self.passing_faults else self.faults.get(num) or self.faults.get(0)
        if name is not None and num:
            return FAULTS[name](body)
        return [negotiated(body, headers, self.has_validators) if body else NOT_FOUND]

    def _num(self, path: str) -> int:
        match path.strip("/").split("/"):
            case ["info.0.json"]:
                return self.latest if self.reported is None else self.reported
            case [num, "info.0.json"] if num.isascii() and num.isdigit() and len(num) < 10:
                return int(num)
        return 0

    def _abort_all(self) -> None:
        for transport in list(self._open):
            transport.abort()
