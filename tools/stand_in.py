"""A stand-in for xkcd.com on 127.0.0.1: 2 664 real records, a latency, and bad weather by option.

    python -m tools.stand_in --latency 0.1 --port 8001 --fault 503:614 --fault drip:615

prints its address once it answers, and stops at Ctrl-C. The records are those of PyPI's `xkcd-comicdb`
(1 to 2665 without 404; it has no `extra_parts`). Beside xkcd's own paths, /stand-in tells what was asked.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import ssl
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from html import escape
from random import Random
from types import TracebackType
from typing import Self, cast

from xkcd_comicdb import XKCD_DATABASE_PATH

from tools.faults import FAULTS, End, Step, answer

NOT_FOUND = answer(b"<html><head><title>404 Not Found</title></head></html>", "404 Not Found", kind="text/html")


@cache
def records() -> Mapping[int, bytes]:
    """xkcd's record of each comic as it sends it, by number."""
    with sqlite3.connect(f"file:{XKCD_DATABASE_PATH}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM comics ORDER BY num").fetchall()
    database.close()
    return {row["num"]: _record(row) for row in rows}


def _record(row: sqlite3.Row) -> bytes:
    year, month, day = row["date"].split("-")
    texts = ("link", "news", "safe_title", "transcript", "alt", "img", "title")
    date = {"year": year, "month": month.lstrip("0"), "day": day.lstrip("0")}
    return json.dumps({"num": row["num"], **date, **{name: row[name] for name in texts}}).encode()


class StandIn:
    """The server. `with StandIn() as xkcd:` runs it in a thread; `xkcd.url` is where it answers.

    `latency` is in seconds; `slow` is the share of requests that take longer, and how many times as long: the same
    ones in each run. `faults` maps a comic's number, or 0 for all of them, to a name in FAULTS; each of
    `passing_faults` befalls one request. They and `latest` may be changed at any time. `asked` counts requests
    by path, `connections` those ever accepted.
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
        self.passing_faults: list[str] = []
        self.latest = max(records())
        self.asked: Counter[str] = Counter()
        self.connections = 0
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
            lambda: _Connection(self), "127.0.0.1", self._port, ssl=self._ssl_context, backlog=1024
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
        """Stop serving, close all connections, and return when that is done; from any thread but its own."""
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
        """Wait until what is asked or connected fulfils the condition, and whether it did."""
        with self._changed:
            return self._changed.wait_for(condition, seconds)

    @property
    def open_connections(self) -> int:
        """How many are open now."""
        return len(self._open)

    def received(self, path: str) -> float:
        """Count a GET of that path, and say how many seconds its answer is to take."""
        if path == "/stand-in":
            return 0.0
        with self._changed:
            self.asked[path] += 1
            self._changed.notify_all()
        share, times = self.slow
        return self.latency * (times if self._rng.random() < share else 1.0)

    def answer(self, path: str) -> Iterable[Step]:
        """The steps of the answer to a GET of that path."""
        if path == "/stand-in":
            return [answer(json.dumps({"asked": self.asked, "connections": self.connections}).encode())]
        if path.startswith("/comics/"):
            return [answer(drawing(path), kind="image/svg+xml")]
        num = self._num(path)
        body = records().get(num, b"") if num <= self.latest else b""
        name = self.passing_faults.pop() if self.passing_faults else self.faults.get(num) or self.faults.get(0)
        if name is not None and num:
            return FAULTS[name](body)
        return [answer(body) if body else NOT_FOUND]

    def _num(self, path: str) -> int:
        match path.strip("/").split("/"):
            case ["info.0.json"]:
                return self.latest
            case [num, "info.0.json"] if num.isascii() and num.isdigit() and len(num) < 10:
                return int(num)
        return 0

    def _abort_all(self) -> None:
        for transport in list(self._open):
            transport.abort()


@contextmanager
def xkcd_environ() -> Iterator[dict[str, str]]:
    """What the environment is to say of xkcd: as it does, or without XKCD_URL that of a stand-in running meanwhile."""
    if url := os.environ.get("XKCD_URL"):
        yield {"XKCD_URL": url}
    else:
        with StandIn() as xkcd:
            yield {"XKCD_URL": xkcd.url, "XKCD_FLOOR": str(xkcd.latest)}


class _Connection(asyncio.Protocol):
    """One connection: answers a request after the latency, then takes the next."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in
        self._received = b""
        self._writable = asyncio.Event()
        self._writable.set()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._stand_in.opened(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("latin-1")
            latency = self._stand_in.received(path)
            self._timer = asyncio.get_running_loop().call_later(latency, self._answer, path)

    def connection_lost(self, error: Exception | None) -> None:
        # asyncio closes the socket after this call: only then does the connection count as closed.
        asyncio.get_running_loop().call_soon(self._stand_in.closed, self._transport)
        for waiting in (self._task, self._timer):
            if waiting is not None:
                waiting.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def _answer(self, path: str) -> None:
        steps = self._stand_in.answer(path)
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


def drawing(path: str) -> bytes:
    """A placeholder for an image: a frame with the file's name in it."""
    name = escape(path.rpartition("/")[2])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="740" height="280" viewBox="0 0 740 280">'
        '<rect x="2" y="2" width="736" height="276" fill="#fff" stroke="#333" stroke-width="3"/>'
        '<path d="M2 2 738 278M738 2 2 278" stroke="#ddd" stroke-width="2"/>'
        f'<text x="370" y="150" text-anchor="middle" font-family="monospace" font-size="28">{name}</text></svg>'
    ).encode()


def _fault(text: str) -> tuple[int, str]:
    name, _, num = text.partition(":")
    if name not in FAULTS or not (num == "" or num.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME or NAME:NUMBER with one of {', '.join(FAULTS)}")
    return int(num or 0), name


def _slow(text: str) -> tuple[float, float]:
    share, _, times = text.partition(":")
    try:
        return float(share), float(times)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not SHARE:TIMES, such as 0.02:10") from error


def main() -> None:
    """Serve until Ctrl-C or a termination signal."""
    parser = argparse.ArgumentParser(prog="python -m tools.stand_in", description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.1, help="seconds before each answer (0.1)")
    parser.add_argument(
        "--slow", type=_slow, default=(0.0, 1.0), metavar="SHARE:TIMES", help="this share takes so many times as long"
    )
    parser.add_argument("--certificate", help="serve over TLS with what is in this PEM file, its key too")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--fault", type=_fault, action="append", default=[], metavar="NAME[:NUMBER]", help=", ".join(FAULTS)
    )
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    stand_in = StandIn(options.latency, options.port, dict(options.fault), context, options.slow)
    try:
        with stand_in:
            print(stand_in.url, flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
