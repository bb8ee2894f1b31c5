"""The process of the service: the Lambda handler, and a threaded server for the same application.

Its clocks can be moved on, and its resolver fails on command. Both are put in place before the service is imported.
"""

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from tools.soak.remote import serve
from tools.soak.resolver import Resolver

FIRST_ERRORS = 10
"""Logged errors of which the text is kept."""


class Clocks:
    """The time that has passed in addition to the real one, as if the process had been frozen."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def moved(self, clock: Callable[[], float]) -> Callable[[], float]:
        """That clock, as far ahead as `advance` moved it."""
        return lambda: clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move on."""
        self._ahead += seconds


class Errors(logging.Handler):
    """Counts the errors that are logged, and keeps the first of them."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.count = 0
        self.first: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1
        if len(self.first) < FIRST_ERRORS:
            self.first.append(self.format(record))


class Context:
    """Lambda's context of an invocation that has that many seconds left."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""
        return int(1000 * (self._end - time.monotonic()))


class Worker:
    """The service, with the methods that the soak calls."""

    def __init__(self, clocks: Clocks, resolver: Resolver) -> None:
        self._errors = Errors()
        logging.getLogger().addHandler(self._errors)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it would log every request
        import handler  # now that clocks and resolver are in place

        self._handler = handler
        self._clocks = clocks
        self._resolver = resolver

    def invoke(self, event: object, seconds: float) -> dict[str, Any]:
        """What the handler returns for that event, or the name of the error that it raises."""
        try:
            return {"returned": self._handler.handler(event, Context(seconds))}
        except Exception as error:
            return {"raised": type(error).__name__, "detail": str(error)}

    def listen(self) -> int:
        """Start the server. Returns its port."""
        from werkzeug.serving import make_server

        server = make_server("127.0.0.1", 0, self._handler.app, threaded=True)
        threading.Thread(target=server.serve_forever, name="server", daemon=True).start()
        return server.server_port

    def advance(self, seconds: float) -> None:
        """Move the clocks on."""
        self._clocks.advance(seconds)

    def resolve(self, mode: str) -> None:
        """Resolve xkcd's name in that mode of Resolver."""
        self._resolver.mode = mode

    def tasks(self) -> int:
        """How many tasks there are on the event loop."""

        async def count() -> int:
            return len(asyncio.all_tasks()) - 1

        return self._handler.app.event_loop.run(count())

    def errors(self) -> tuple[int, list[str]]:
        """How many errors were logged, and the first of them."""
        return self._errors.count, self._errors.first


def main() -> None:
    """Serve until stdin ends."""
    clocks, resolver = Clocks(), Resolver()
    time.time, time.monotonic = clocks.moved(time.time), clocks.moved(time.monotonic)
    socket.getaddrinfo = resolver
    serve(Worker(clocks, resolver))


if __name__ == "__main__":
    main()
