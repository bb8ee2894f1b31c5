"""xkcd-gather: one HTTPS call, many xkcd comics. This is the only place that wires its parts together."""

import time
from math import inf
from typing import Any

from flask import Response
from werkzeug.exceptions import HTTPException

from app import events, pages, pings, problems, responses, routes
from app.caches import Caches, Table
from app.errors import GatherError, TableError
from app.event_loop import AsyncFlask, EventLoop
from app.filling import Filled, Filler, Progress
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
        table = self._open_table(settings.table) if settings.table else None
        caches = Caches(settings.memory, table)
        self._gatherer = gatherer = Gatherer(xkcd, caches)
        self._filler = Filler(gatherer, caches, table, settings.fill_at_once) if table else None
        self.register_blueprint(routes.blueprint(gatherer, caches, settings))
        self.register_blueprint(pages.blueprint(gatherer, settings))
        self.register_error_handler(GatherError, _problem)
        self.register_error_handler(HTTPException, _http_problem)

    def ping(self, context: events.Context | None) -> dict[str, Any]:
        """Do what a ping does, within the time that the invocation has left, and report it."""
        deadline = events.ping_deadline(self._settings.deadline, context, time.monotonic())
        return self.event_loop.run(pings.ping(self._gatherer, self._filler, self._settings, deadline))

    def fill(self, progress: Progress) -> Filled:
        """Bring all that the table lacks into it, however long it takes. Raises UpstreamError and TableError."""
        return self.event_loop.run(self._fill(progress))

    def close(self) -> None:
        """Close connections and the event loop. At the process's end this happens by itself."""
        self.event_loop.close()

    def _open_table(self, name: str) -> Table:
        from app.dynamodb import ComicsTable  # brings boto3, which takes as long as all else together

        table = ComicsTable(name, time.time)
        self.event_loop.on_close(table.aclose)
        return table

    async def _fill(self, progress: Progress) -> Filled:
        if self._filler is None:
            raise TableError("There is no table to fill: COMICS_TABLE names none.")
        newest = await self._gatherer.renew_newest(inf)
        return await self._filler.fill(newest, None, inf, progress)


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
