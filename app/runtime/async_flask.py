"""Flask with its async views on one lasting event loop.

Flask runs each async view in an event loop of its own, and connections that it opened die with that loop:
a client kept in a module fails every second request with "Event loop is closed".
"""

from collections.abc import Callable, Coroutine
from typing import Any

from flask import Flask

from app.runtime.event_loop import EventLoop


class AsyncFlask(Flask):
    """A Flask whose async views run on one event loop. It serves no static files."""

    def __init__(self, import_name: str, event_loop: EventLoop) -> None:
        super().__init__(import_name, static_folder=None)
        self.event_loop = event_loop

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """Override Flask's documented hook for calling a coroutine function from a thread."""

        def call(*args: Any, **kwargs: Any) -> Any:
            return self.event_loop.run(func(*args, **kwargs))

        return call
