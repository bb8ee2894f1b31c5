"""Pure: Lambda events: pings, HTTP requests, and those that are refused."""

import re
from collections.abc import Mapping
from math import inf
from typing import Any, NamedTuple, Protocol

from app.runtime import payloads

PING_SOURCES = frozenset({"aws.events", "aws.scheduler", "serverless-plugin-warmup"})

MARGIN = 0.5
"""Seconds of an invocation that are reserved for writing and sending the answer."""


# API Gateway's look like "JKJaXmPLvHcESHA=", Lambda's are UUIDs; anything else is not fit for a header.
_REQUEST_ID = re.compile(r"[\w=+/.-]{1,128}", re.ASCII)

_HOST = re.compile(r"[\w.-]{1,253}", re.ASCII)


class Ping(NamedTuple):
    """A scheduled invocation that keeps the function warm."""

    source: str


class HttpRequest(NamedTuple):
    """A request. serverless_wsgi can read its event."""

    event: dict[str, Any]


class Context(Protocol):
    """The used part of Lambda's context object."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the invocation."""


def read(event: object) -> Ping | HttpRequest:
    """The event's meaning. Raises BadEvent, which says what is accepted."""
    if not isinstance(event, Mapping):
        raise payloads.refused("is not an object")
    source = event.get("source")
    if "requestContext" not in event and isinstance(source, str) and source in PING_SOURCES:
        return Ping(source)
    if event.get("version") == "2.0":
        return HttpRequest(payloads.payload_2(event))
    if "httpMethod" in event:
        return HttpRequest(payloads.payload_1(event))
    if not event or event.keys() == {"path"}:
        return HttpRequest(payloads.short(event.get("path", "/comics")))
    raise payloads.refused("has the keys " + (", ".join(sorted(map(ascii, event)))))


def request_id(event: object, context: object) -> str | None:
    """The gateway's id of this request, or else Lambda's; None outside of both."""
    ids = (_of_gateway(event, "requestId"), getattr(context, "aws_request_id", None))
    return next((text for text in ids if isinstance(text, str) and _REQUEST_ID.fullmatch(text)), None)


def host(event: object) -> str | None:
    """The host that the gateway received this request for; None outside of it. No caller can make it up."""
    name = _of_gateway(event, "domainName")
    return name if isinstance(name, str) and _HOST.fullmatch(name) else None


def mount(event: Mapping[str, Any], base_path: str) -> tuple[str, str]:
    """The path below which the application is mounted for a request, and the rest of the request's path.

    An API mapping has the path it maps at the start of the request's path; the API's own address has not, and
    neither has what is no request of a gateway's.
    """
    path = str(event.get("rawPath", event.get("path", "")))
    prefix = f"/{base_path}"
    if request_id(event, None) is None:
        return "", path
    if path == prefix or path.startswith(f"{prefix}/"):
        return prefix, path[len(prefix) :] or "/"
    return "", path


def deadline(seconds: float, context: Context | None, now: float) -> float:
    """When the answer must be written, on the clock of `now`: in `seconds`, or earlier if the invocation ends."""
    left = seconds if context is None else context.get_remaining_time_in_millis() / 1000 - MARGIN
    return now + min(seconds, left)


def ping_deadline(seconds: float, context: Context | None, now: float) -> float:
    """When a ping must end: with the invocation, or without one in `seconds`."""
    return deadline(seconds if context is None else inf, context, now)


def _of_gateway(event: object, name: str) -> object:
    gateway = event.get("requestContext") if isinstance(event, Mapping) else None
    return gateway.get(name) if isinstance(gateway, Mapping) else None
