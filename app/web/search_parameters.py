"""Pure: the search that query parameters make, such as "q=bobby tables&from=2007"."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from app.comics import search_query
from app.comics.search import Days, Search
from app.comics.selection import MOST
from app.errors import BadRequest
from app.web import query
from app.web.query import once, quoted

PARAMETERS = frozenset({"q", "limit", "offset", "from", "until"})

LONGEST = 500
"""Characters of a search."""

MOST_SKIPPED = 9999
"""The highest offset. There are fewer comics."""


def is_search(parameters: Mapping[str, Sequence[str]]) -> bool:
    """Whether these are the parameters of a search. Raises BadRequest if they are mixed with a selection's."""
    for name in sorted(PARAMETERS & parameters.keys()):
        if "q" not in parameters:
            raise BadRequest(
                f"'{name}' works with 'q': say what to search for, as in q=sandwich&{name}={_EXAMPLES[name]}."
            )
        for other in sorted(query.PARAMETERS & parameters.keys()):
            raise BadRequest(f"'q' and '{other}' cannot be combined: give one of them.")
    return "q" in parameters


def parse(parameters: Mapping[str, Sequence[str]]) -> Search:
    """The search that these parameters make, each given as the list of its values.

    Raises BadRequest, which quotes the wrong part and says what would be right.
    """
    text = once("q", parameters)
    if not text.strip():
        raise BadRequest("'q' is empty: give it words to search for, such as q=bobby tables.")
    if len(text) > LONGEST:
        raise BadRequest(f"'q' has {len(text)} characters: give it up to {LONGEST}.")
    return Search(
        search_query.parse(text),
        _days(parameters),
        _number("limit", parameters, 10, range(1, MOST + 1)),
        _number("offset", parameters, 0, range(MOST_SKIPPED + 1)),
    )


def _days(parameters: Mapping[str, Sequence[str]]) -> Days | None:
    if not parameters.keys() & {"from", "until"}:
        return None
    first, last = _day("from", parameters, date.min), _day("until", parameters, date.max)
    if last < first:
        raise BadRequest(f"'until' must not be before 'from', but {last} is before {first}.")
    return first, last


def _day(name: str, parameters: Mapping[str, Sequence[str]], default: date) -> date:
    """The day that a parameter names: a date, or the first or last day of a year."""
    if name not in parameters:
        return default
    text = once(name, parameters)
    ends = {"from": "-01-01", "until": "-12-31"}
    try:
        if re.fullmatch("[0-9]{4}(-[0-9]{2}-[0-9]{2})?", text):
            return date.fromisoformat(text if "-" in text else text + ends[name])
    except ValueError:  # no such day, such as 2010-02-30
        pass
    raise BadRequest(f"'{name}' must be a date such as 2009-07-24, or a year such as 2009, not {quoted(text)}.")


def _number(name: str, parameters: Mapping[str, Sequence[str]], default: int, allowed: range) -> int:
    if name not in parameters:
        return default
    text = once(name, parameters)
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) not in allowed:
        raise BadRequest(f"'{name}' must be a number from {allowed[0]} to {allowed[-1]}, not {quoted(text)}.")
    return int(text)


_EXAMPLES = {"limit": "5", "offset": "10", "from": "2009", "until": "2009"}
