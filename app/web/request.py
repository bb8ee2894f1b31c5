"""What the JSON API and the pages need from a request."""

import time
from collections.abc import Collection
from urllib.parse import quote

from flask import request

from app.errors import BadRequest
from app.runtime import events
from app.settings import Settings
from app.web.query import quoted


def parameters() -> dict[str, list[str]]:
    """The query parameters, each with all its values."""
    return dict(request.args.lists())


def deadline(settings: Settings) -> float:
    """When this request must be answered, on the monotonic clock."""
    return events.deadline(settings.time_limit, request.environ.get("serverless.context"), time.monotonic())


def address(path: str, settings: Settings) -> str:
    """The absolute address of a path of this service; without scheme and host where these are unknown.

    The Host header is no source: a caller can write any, and a cache would show it to others. The gateway's name for
    itself is one, unless CloudFront asked it in a caller's place.
    """
    host = None if "X-Amz-Cf-Id" in request.headers else events.host(request.environ.get("serverless.event"))
    origin = settings.public_url or (f"https://{host}" if host else "")
    return f"{origin}{quote(request.script_root)}{path}"


def refuse_unknown(known: Collection[str]) -> None:
    """Raise BadRequest if the request has any other query parameter."""
    for name in request.args:
        if name not in known:
            raise BadRequest(
                f"Unknown parameter {quoted(name)}. Known parameters: {', '.join(sorted(known)) or 'none'}."
            )
