"""Pure: what the function is invoked with is a ping, an HTTP request or refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from app.errors import BadEvent

PING_SOURCES = frozenset({"aws.events", "aws.scheduler", "serverless-plugin-warmup"})

ACCEPTED = (
    'an API Gateway request (payload 1.0 or 2.0), a scheduled ping ("source": "aws.events", "aws.scheduler" or '
    '"serverless-plugin-warmup"), {"path": "/comics?n=1-5"}, or {} for /comics'
)

MARGIN = 0.5
"""Seconds of an invocation's time that are kept back for making and sending the answer."""


# API Gateway's look like "JKJaXmPLvHcESHA=", Lambda's are UUIDs; what is neither is not for a header.
_REQUEST_ID = re.compile(r"[\w=+/.-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ping:
    """Somebody keeps the function warm."""

    source: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; its event is one that serverless_wsgi can read."""

    event: dict[str, Any]


class Context(Protocol):
    """The part of Lambda's context object that is used here."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


def read(event: object) -> Ping | HttpRequest:
    """What the event is. Raises BadEvent, saying what is accepted, when it is nothing known."""
    if not isinstance(event, Mapping):
        raise _refused("is not an object")
    source = event.get("source")
    if "requestContext" not in event and isinstance(source, str) and source in PING_SOURCES:
        return Ping(source)
    if event.get("version") == "2.0":
        return HttpRequest(_payload_2(event))
    if "httpMethod" in event:
        return HttpRequest(_payload_1(event))
    if not event or event.keys() == {"path"}:
        return HttpRequest(_short(event.get("path", "/comics")))
    raise _refused("has the keys " + (", ".join(sorted(map(ascii, event)))))


def request_id(event: object, context: object) -> str | None:
    """The id by which the gateway, or else Lambda, knows this request; None outside of both."""
    gateway = event.get("requestContext") if isinstance(event, Mapping) else None
    ids = (
        gateway.get("requestId") if isinstance(gateway, Mapping) else None,
        getattr(context, "aws_request_id", None),
    )
    return next((text for text in ids if isinstance(text, str) and _REQUEST_ID.fullmatch(text)), None)


def mount(event: Mapping[str, Any], base_path: str) -> tuple[str, str]:
    """Below which path the application is mounted for a request, and the rest, which is the application's.

    An API mapping has the path it maps at the start of the request's path; the API's own address has not.
    """
    path = str(event.get("rawPath", event.get("path", "")))
    prefix = f"/{base_path}"
    if path == prefix or path.startswith(f"{prefix}/"):
        return prefix, path[len(prefix) :] or "/"
    return "", path


def deadline(seconds: float, context: Context | None, now: float) -> float:
    """When the answer is to be made, on the clock that `now` is on: in `seconds`, or when the invocation ends."""
    left = seconds if context is None else context.get_remaining_time_in_millis() / 1000 - MARGIN
    return now + min(seconds, left)


def ping_deadline(seconds: float, context: Context | None, now: float) -> float:
    """When a ping is to end: with the invocation, however long that is, or without one in `seconds`."""
    return deadline(seconds if context is None else inf, context, now)


def _refused(why: str) -> BadEvent:
    return BadEvent(f"This event {why}. Accepted are {ACCEPTED}.")


def _payload_2(event: Mapping[str, Any]) -> dict[str, Any]:
    context = event.get("requestContext")
    context = context if isinstance(context, Mapping) else {}
    http = context.get("http")
    if not isinstance(http, Mapping) or not isinstance(http.get("method"), str):
        raise _refused("has version 2.0 but no requestContext.http.method")
    if not isinstance(event.get("rawPath"), str):
        raise _refused("has version 2.0 but no rawPath")
    # serverless_wsgi 3.1.0 reads each of these as if null could not be.
    return {
        **event,
        "rawQueryString": event.get("rawQueryString") or "",
        "headers": event.get("headers") or {},
        "cookies": event.get("cookies") or [],
        "body": event.get("body") or "",
        "requestContext": {**context, "authorizer": context.get("authorizer") or {}},
    }


def _payload_1(event: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(event["httpMethod"], str) or not isinstance(event.get("path"), str):
        raise _refused("has an httpMethod but no path, or one of them is no text")
    return {
        **event,
        "headers": event.get("headers") or {},
        # Without it serverless_wsgi takes an event for one of another integration.
        "isBase64Encoded": bool(event.get("isBase64Encoded")),
        "requestContext": event.get("requestContext") or {},
    }


def _short(path: object) -> dict[str, Any]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise _refused("has a path that does not begin with '/'")
    raw_path, _, query = path.partition("?")
    return _payload_2(
        {
            "version": "2.0",
            "rawPath": raw_path,
            "rawQueryString": query,
            "requestContext": {"http": {"method": "GET"}},
        }
    )
