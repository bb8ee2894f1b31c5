"""Pure: a comic as the JSON text that our API writes."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.comics import strict_json

LASTING = (
    "num",
    "title",
    "date",
    "alt",
    "img",
    "img_2x",
    "width",
    "height",
    "transcript",
    "link",
    "news",
    "interactive",
    "corrections",
    "url",
    "explained",
)
"""The fields of a comic that are the same wherever it came from, in the order of an answer."""

PASSING = ("source", "fetched_at", "stale")
"""The fields after them, which say where a comic came from and when."""

FIELDS = LASTING + PASSING


class Written(NamedTuple):
    """A comic's fields as an answer has them."""

    text: bytes
    """All of them, as a JSON object in UTF-8."""
    digest: str
    """Of the lasting ones, so it is the same wherever the comic came from."""


def written(comic: Mapping[str, Any]) -> Written:
    """The comic, from all its fields."""
    lasting = narrowed(comic, LASTING)
    return Written(lasting[:-1] + b"," + narrowed(comic, PASSING)[1:], digest(lasting))


def narrowed(comic: Mapping[str, Any], fields: Iterable[str]) -> bytes:
    """These of the comic's fields as a JSON object in UTF-8."""
    return strict_json.dumps({name: comic[name] for name in fields}).encode()


def digest(text: bytes) -> str:
    """A digest that is short enough for a header."""
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def instant(seconds: float) -> str:
    """A Unix time as our API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
