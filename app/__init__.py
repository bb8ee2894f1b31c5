"""xkcd-gather: one HTTPS call, many xkcd comics. This is the only place that wires its parts together."""

import time
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from app import events, pages, pings, problems, responses, routes
from app.errors import GatherError
from app.event_loop import AsyncFlask, EventLoop
from app.gatherer import Gatherer
from app.settings import Settings
from app.xkcd import Xkcd


class XkcdGather(AsyncFlask):
    """The WSGI application, and what a ping does."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(__name__, EventLoop())
        self.url_map.merge_slashes = False  # a doubled slash is a wrong path, not a redirect
        self._settings = settings
        xkcd = Xkcd(settings)
        self.event_loop.on_close(xkcd.aclose)
        self._gatherer = Gatherer(xkcd)
        self.register_blueprint(routes.blueprint(self._gatherer, settings))
        self.register_blueprint(pages.blueprint(self._gatherer, settings))
        self.register_error_handler(GatherError, _problem)
        self.register_error_handler(HTTPException, _http_problem)

    def ping(self, context: events.Context | None) -> dict[str, Any]:
        """Do what a ping does, within the time that the invocation has left, and report it."""
        deadline = events.deadline(self._settings.deadline, context, time.monotonic())
        return self.event_loop.run(pings.ping(self._gatherer, deadline))

    def close(self) -> None:
        """Close connections and the event loop. At the process's end this happens by itself."""
        self.event_loop.close()


def create_app(settings: Settings) -> XkcdGather:
    """The application for these settings. It asks nobody anything before it is asked."""
    return XkcdGather(settings)


def _problem(error: GatherError) -> Response:
    return responses.problem(problems.of_error(error))


def _http_problem(error: HTTPException) -> Response:
    response = responses.problem(problems.of_http(error))
    kept = [(name, value) for name, value in error.get_headers() if name in ("Allow", "Location", "Retry-After")]
    response.headers.extend(kept)
    return response
