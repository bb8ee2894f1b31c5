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
    """When the answer is to be made, on the clock that `now` is on: in `seconds`, or when the invocation ends."""
    left = seconds if context is None else context.get_remaining_time_in_millis() / 1000 - MARGIN
    return now + min(seconds, left)


def ping_deadline(seconds: float, context: Context | None, now: float) -> float:
    """When a ping is to end: with the invocation, however long that is, or without one in `seconds`."""
    return deadline(seconds if context is None else inf, context, now)


def _refused(why: str) -> BadEvent:
    return BadEvent(f"This event {why}. Accepted are {ACCEPTED}.")


def _payload_2(event: Mapping[str, Any]) -> dict[str, Any]:
    context = _object(event.get("requestContext"))
    method = _object(context.get("http")).get("method")
    if not isinstance(method, str):
        raise _refused("has version 2.0 but no requestContext.http.method")
    if not isinstance(event.get("rawPath"), str):
        raise _refused("has version 2.0 but no rawPath")
    # Nothing but what is needed, all of it checked: serverless_wsgi 3.1.0 trusts what it reads.
    return {
        "version": "2.0",
        "rawPath": _encodable(event["rawPath"]),
        "rawQueryString": _encodable(_text(event.get("rawQueryString"))),
        "headers": _texts(event.get("headers")),
        "requestContext": {"http": {"method": method}, "authorizer": {}, **_named(context)},
    }


def _payload_1(event: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(event["httpMethod"], str) or not isinstance(event.get("path"), str):
        raise _refused("has an httpMethod but no path, or one of them is no text")
    query = _lists(event.get("multiValueQueryStringParameters")) or _texts(event.get("queryStringParameters"))
    return {
        "httpMethod": event["httpMethod"],
        "path": _encodable(event["path"]),
        "queryStringParameters": query,
        "headers": _texts(event.get("headers")),
        "multiValueHeaders": _lists(event.get("multiValueHeaders")),
        # Without it serverless_wsgi takes an event for one of another integration.
        "isBase64Encoded": False,
        "requestContext": _named(_object(event.get("requestContext"))),
    }


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    return {name: _encodable(text) for name, text in _object(value).items() if isinstance(text, str)}


def _lists(value: object) -> dict[str, list[str]]:
    lists = {name: texts for name, texts in _object(value).items() if isinstance(texts, list)}
    return {name: [_encodable(text) for text in texts if isinstance(text, str)] for name, texts in lists.items()}


def _named(context: Mapping[str, Any]) -> dict[str, str]:
    return {name: context[name] for name in ("requestId", "stage") if isinstance(context.get(name), str)}


def _encodable(text: str) -> str:
    """The text without half surrogate pairs, which JSON can hold and nothing else."""
    return text.encode("utf-8", "replace").decode("utf-8")


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
