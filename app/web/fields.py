"""Pure: which fields of a comic an answer is to have."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import BadRequest
from app.web.query import quoted

FIELDS = (
    "num",
    "title",
    "date",
    "alt",
    "img",
    "transcript",
    "link",
    "news",
    "interactive",
    "url",
    "explained",
    "source",
    "fetched_at",
    "stale",
)
"""All that a comic has, in the order of the answer."""


def parse(query: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The fields that the parameter `fields` names, in the order of the answer; without it, all of them.

    Raises BadRequest, quoting what is no field and listing what is.
    """
    if "fields" not in query:
        return FIELDS
    wanted = {name.strip(" ") for name in ",".join(query["fields"]).split(",")}
    for name in sorted(wanted):
        if name not in FIELDS:
            raise BadRequest(f"A comic has no field {quoted(name)}; 'fields' can name {', '.join(FIELDS)}.")
    return tuple(name for name in FIELDS if name in wanted)


def narrowed(comic: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """The comic with these fields only."""
    return {name: comic[name] for name in fields}
