"""Pure: the fields of a comic that an answer has."""

from collections.abc import Mapping, Sequence

from app.comics.written import FIELDS
from app.errors import BadRequest
from app.web.query import quoted


def parse(query: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The fields that the parameter `fields` names, in the order of the answer; without it, all of them.

    Raises BadRequest, which quotes the unknown field and lists the known ones.
    """
    if "fields" not in query:
        return FIELDS
    wanted = {name.strip(" ") for name in ",".join(query["fields"]).split(",")}
    for name in sorted(wanted):
        if name not in FIELDS:
            raise BadRequest(f"A comic has no field {quoted(name)}. Its fields are {', '.join(FIELDS)}.")
    return tuple(name for name in FIELDS if name in wanted)
