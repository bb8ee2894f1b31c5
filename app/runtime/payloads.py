"""Pure: API Gateway's payloads, checked and reduced to the parts that serverless_wsgi reads.

serverless_wsgi 3.1.0 trusts what it reads, so nothing unchecked is passed on.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from app.errors import BadEvent

ACCEPTED = (
    'an API Gateway request (payload 1.0 or 2.0), a scheduled ping ("source": "aws.events", "aws.scheduler" or '
    '"serverless-plugin-warmup"), {"path": "/comics?n=1-5"}, or {} for /comics'
)

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Characters that no header has. A gateway refuses them, but a direct event can have any."""

Texts = TypeVar("Texts", str, list[str])
"""The value of a header, or its values."""


def refused(why: str) -> BadEvent:
    return BadEvent(f"This event {why}. Accepted are {ACCEPTED}.")


def payload_2(event: Mapping[str, Any]) -> dict[str, Any]:
    context = _object(event.get("requestContext"))
    method = _object(context.get("http")).get("method")
    if not isinstance(method, str):
        raise refused("has version 2.0 but no requestContext.http.method")
    if not isinstance(event.get("rawPath"), str):
        raise refused("has version 2.0 but no rawPath")
    # Nothing but what is needed, all of it checked: serverless_wsgi 3.1.0 trusts what it reads.
    return {
        "version": "2.0",
        "rawPath": _encodable(event["rawPath"]),
        "rawQueryString": _encodable(_text(event.get("rawQueryString"))),
        "headers": _printable(_texts(event.get("headers"))),
        "requestContext": {"http": {"method": method}, "authorizer": {}, **_named(context)},
    }


def payload_1(event: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(event["httpMethod"], str) or not isinstance(event.get("path"), str):
        raise refused("has an httpMethod but no path, or one of them is not a string")
    query = _lists(event.get("multiValueQueryStringParameters")) or _texts(event.get("queryStringParameters"))
    return {
        "httpMethod": event["httpMethod"],
        "path": _encodable(event["path"]),
        "queryStringParameters": query,
        "headers": _printable(_texts(event.get("headers"))),
        "multiValueHeaders": _printable(_lists(event.get("multiValueHeaders"))),
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


def _printable(headers: dict[str, Texts]) -> dict[str, Texts]:
    """These headers. Raises BadEvent if one has a control character."""
    for name, texts in headers.items():
        if _CONTROL.search(name + "".join(texts)):
            raise refused(f"has a control character in its header {name!a}")
    return headers


def _named(context: Mapping[str, Any]) -> dict[str, str]:
    names = ("domainName", "requestId", "stage")
    return {name: context[name] for name in names if isinstance(context.get(name), str)}


def _encodable(text: str) -> str:
    """The text without half surrogate pairs, which JSON can carry and no encoding can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def short(path: object) -> dict[str, Any]:
    if not isinstance(path, str) or not path.startswith("/"):
        raise refused("has a path that does not begin with '/'")
    raw_path, _, query = path.partition("?")
    return payload_2(
        {
            "version": "2.0",
            "rawPath": raw_path,
            "rawQueryString": query,
            "requestContext": {"http": {"method": "GET"}},
        }
    )
