"""Pure: a comic as the JSON text that our API writes."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from app.comics import strict_json

FIELDS = (
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
    "source",
    "fetched_at",
    "stale",
)
"""All fields of a comic, in the order of the answer. The last three say where it came from, and when."""


class Written(NamedTuple):
    """A comic's fields as an answer has them."""

    text: bytes
    """All of them, as a JSON object in UTF-8."""
    digest: str
    """Of all but the last three, so it is the same wherever the comic came from."""


def written(comic: Mapping[str, Any]) -> Written:
    """The comic, from all its fields."""
    text = narrowed(comic, FIELDS)
    lasting, _, _ = text.rpartition(b',"source":')
    return Written(text, digest(lasting))


def narrowed(comic: Mapping[str, Any], fields: Iterable[str]) -> bytes:
    """These of the comic's fields as a JSON object in UTF-8."""
    return strict_json.dumps({name: comic[name] for name in fields}).encode()


def digest(text: bytes) -> str:
    """A digest that is short enough for a header."""
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def instant(seconds: float) -> str:
    """A Unix time as our API writes it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
