"""The application: wires all parts together, and handles requests and pings."""

import logging
import time
import uuid
from collections.abc import Iterable
from functools import cached_property, partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from app import pings, stores
from app.caches.bounded import Table
from app.caches.layers import Caches
from app.clock import Clock
from app.connections.connection_pool import ConnectionPool
from app.errors import AnswerTooLarge, GatherError
from app.gathering.filler import Filler
from app.gathering.gatherer import Gatherer
from app.gathering.searcher import Searcher
from app.runtime import events
from app.runtime.async_flask import AsyncFlask
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.polite_xkcd import PoliteXkcd
from app.upstream.transport import KeepAliveTransport
from app.upstream.xkcd import Xkcd
from app.web import envelope, log_line, pages, paths, problems, responses, routes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

    from app.gathering.image_filler import ImageFiller

_log = logging.getLogger(__package__)


class XkcdGather(AsyncFlask):
    """The WSGI application, and the answer to a ping."""

    def __init__(
        self, settings: Settings, clock: Clock, event_loop: EventLoop, pool: ConnectionPool, table: Table | None
    ) -> None:
        super().__init__("app.web", event_loop)
        self._cold = True
        self.url_map.merge_slashes = False  # a doubled slash is a wrong path, not a redirect
        self.url_map.strict_slashes = False  # routes.to_right_slash redirects, never to a host that the caller named
        self.jinja_env.trim_blocks = self.jinja_env.lstrip_blocks = True
        self._settings = settings
        # Without a build id, another process may run other code: its ETags must differ too.
        self._build_id = settings.build_id or uuid.uuid4().hex
        transport = KeepAliveTransport(pool)
        self.event_loop.on_close(transport.aclose)
        xkcd = PoliteXkcd(Xkcd(settings, transport), time.monotonic, settings.hedge)
        opened = stores.open_archive(Path(settings.archive)) if settings.archive else None
        if opened is not None:
            self.event_loop.on_close(opened.aclose)
        if table is None and settings.table:
            table = stores.open_table(settings, clock, ready=opened is None)  # with an archive, few processes need it
            self.event_loop.on_close(table.aclose)
        caches = Caches(settings.comics_in_memory, table, clock, settings.floor, archive=opened)
        self.gatherer = Gatherer(xkcd, caches, settings.floor, clock, Random())
        self.filler = Filler(self.gatherer, caches, table, settings.fill_at_once, clock) if table else None
        self._caches, self._table, self._clock = caches, table, clock
        searcher = Searcher(self.gatherer, caches, stores.open_index)
        self.event_loop.on_close(searcher.aclose)
        for blueprint in paths.blueprints(self.gatherer, searcher, caches, settings, clock):
            self.register_blueprint(blueprint)
        self.before_request(envelope.begin)
        self.before_request(routes.to_right_slash)
        self.after_request(self._leave)
        self.register_error_handler(GatherError, _problem)
        self.register_error_handler(HTTPException, _http_problem)

    def wsgi_app(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request, below the base path if its path begins with it.

        serverless_wsgi takes every request for one through the API mapping, "/xkcd" for one to "/xk" even.
        """
        event = environ.get("serverless.event")
        if event is not None and self._settings.base_path:
            environ["SCRIPT_NAME"], path = events.mount(event, self._settings.base_path)
            environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        if not environ["PATH_INFO"].strip("/"):
            environ["PATH_INFO"] = "/"  # otherwise Flask would redirect, to the host that the caller named
        return super().wsgi_app(environ, start_response)

    def ping(self, context: events.Context | None) -> dict[str, Any]:
        """Answer a ping with its report, within the time that the invocation has left."""
        deadline = events.ping_deadline(self._settings.time_limit, context, time.monotonic())
        ping = pings.ping(self.gatherer, self.filler, self.image_filler, self._settings, deadline)
        report = self.event_loop.run(ping)
        self._note("ping", report)
        return report

    @cached_property
    def image_filler(self) -> "ImageFiller | None":
        """Looks up the images of the table's comics, if there is a table. Made when it is first needed."""
        if self._table is None:
            return None
        from app.image_lookup import image_filler  # imports what no request needs

        return image_filler(self._settings, self.event_loop, self._caches, self._table, self._clock)

    def log_exception(self, exc_info: Any) -> None:
        """Log a bug of ours, with the path in a form that cannot forge a line of the log."""
        self.logger.error("Exception on %s [%s]", ascii(request.path), request.method, exc_info=exc_info)

    def close(self) -> None:
        """Close connections and the event loop. At the end of the process this happens by itself."""
        self.event_loop.close()

    def _leave(self, response: Response) -> Response:
        finish = partial(envelope.finish, build_id=self._build_id, images_url=self._settings.images_url)
        finished = finish(response)
        if (finished.calculate_content_length() or 0) > envelope.LARGEST_ANSWER:
            too_large = AnswerTooLarge("These comics are too large for one answer: ask for fewer at a time.")
            finished = finish(responses.problem(problems.of_error(too_large)))
        self._note("request", log_line.of_request(request, finished, g.get("gathered"), time.monotonic() - g.began))
        return finished

    def _note(self, what: str, fields: dict[str, Any]) -> None:
        """Log one line for an invocation. Lambda's JSON format puts each field at the root of the line."""
        _log.info(what, extra={**fields, "cold_start": self._cold})
        self._cold = False


def _problem(error: GatherError) -> Response:
    return responses.problem(problems.of_error(error))


def _http_problem(error: HTTPException) -> Response:
    response = pages.unrouted(problems.of_http(error))
    kept = [(name, value) for name, value in error.get_headers() if name in ("Allow", "Location", "Retry-After")]
    response.headers.extend(kept)
    return response
