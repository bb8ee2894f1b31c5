"""Lambda's entry: an event is a ping, an HTTP request or refused."""

import gc
import logging
from typing import Any

gc.disable()  # until all is imported: looking for garbage takes a tenth of a start, and there is none

from app import create_app
from app.runtime import events
from app.settings import Settings


def keep_details_ours() -> None:
    """Leave the levels below INFO to this service's own loggers.

    Lambda sets the level of the root logger, so of every library. At DEBUG, a library may log what it sends, and so the
    credentials of the function's role.
    """
    root = logging.getLogger()
    if root.level < logging.INFO:
        logging.getLogger("app").setLevel(root.level)
        root.setLevel(logging.INFO)


keep_details_ours()
app = create_app(Settings.from_environ())

import serverless_wsgi  # it brings much, and while that is imported the app's connections open

gc.freeze()  # what is imported stays, so it is never looked at again
gc.enable()

# What is not in this list leaves the function in base64.
serverless_wsgi.TEXT_MIME_TYPES += [
    "application/problem+json",
    "application/atom+xml",
    "application/rss+xml",
    "application/feed+json",
]


def handler(event: object, context: events.Context | None) -> dict[str, Any]:
    """Answer one invocation: a request with API Gateway's answer, a ping with a report.

    Raises BadEvent, saying what is accepted, when the event is neither.
    """
    invocation = events.read(event)
    if isinstance(invocation, events.Ping):
        return app.ping(context)
    answer: dict[str, Any] = serverless_wsgi.handle_request(app, invocation.event, context)
    if "body" not in answer:
        # serverless_wsgi makes up a type for what has none; with a 304, a cache would take it for its copy's.
        for headers in (answer.get("headers", {}), answer.get("multiValueHeaders", {})):
            headers.pop("Content-Type", None)
    return answer
