"""Lets running requests finish when a server is told to end."""

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication


class Draining:
    """A WSGI application that knows how many of its requests are running."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._running = 0
        self._changed = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        self._count(+1)
        return self._answer(environ, start_response)

    def wait(self, seconds: float) -> bool:
        """Wait until no request is running. Returns whether that came within these seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, seconds)

    def _answer(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterator[bytes]:
        try:
            yield from self._app(environ, start_response)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._changed:
            self._running += change
            self._changed.notify_all()
