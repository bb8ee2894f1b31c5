"""Pure: the part of a comic's text that shows why a search found it."""

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, NamedTuple

START, END = "\x02", "\x03"
"""Around each matching word of a marked text. The texts in the index have no such characters."""

LONGEST = 160
"""Characters of a snippet, beside the ellipses at its ends."""

BEFORE = 40
"""Characters of a snippet before the first mark, where there are as many."""

_MARKED = re.compile(f"{START}([^{START}{END}]*){END}")
_SPACE = re.compile(r"\s+")


class Match(NamedTuple):
    """A text of a field, and where it matches: start and end of each mark, in characters of the snippet."""

    field: str
    snippet: str
    marks: tuple[tuple[int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """The match as our API writes it."""
        return {"field": self.field, "snippet": self.snippet, "marks": self.marks}


def best(marked: Mapping[str, str]) -> Match:
    """The match in the field, of these marked texts, with the most different words; in the first of those."""
    field = max(marked, key=lambda name: len({word.casefold() for word in _MARKED.findall(marked[name])}))
    text, marks = _unmarked(_SPACE.sub(" ", marked[field]).strip())
    return Match(field, *_cut(text, marks))


def _unmarked(marked: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and where they were."""
    parts, marks, length = [], [], 0
    for index, part in enumerate(_MARKED.split(marked)):
        if index % 2:
            marks.append((length, length + len(part)))
        parts.append(part)
        length += len(part)
    return "".join(parts), marks


def _cut(text: str, marks: list[tuple[int, int]]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The part of the text where most marks are, from one space to another if it has any, and its marks."""
    if len(text) <= LONGEST:
        return text, tuple(marks)
    starts = [start for start, _ in marks]
    reach = LONGEST - BEFORE
    first = max(starts, key=lambda start: bisect_left(starts, start + reach) - bisect_left(starts, start))
    start = max(0, min(first - BEFORE, len(text) - LONGEST))
    end = start + LONGEST
    if start > 0:
        start = text.find(" ", start, first) + 1 or start
    if end < len(text):
        end = text.rfind(" ", first, end) if " " in text[first:end] else end
    head, tail = "…" if start > 0 else "", "…" if end < len(text) else ""
    shift = len(head) - start
    inside = tuple((low + shift, min(high, end) + shift) for low, high in marks if start <= low < end)
    return head + text[start:end] + tail, inside
