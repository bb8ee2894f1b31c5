"""Pure: a search of comics, and the part of its result that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from app.comics.search_query import SearchQuery
from app.comics.selection import MISSING, MOST, Since, existing

Days = tuple[date, date]
"""The first and the last day on which comics came out."""


@dataclass(frozen=True, slots=True)
class Search:
    """The comics of these days, or of all, that have certain words: `limit` of them, after the first `offset`."""

    query: SearchQuery
    days: Days | None = None
    limit: int = 10
    offset: int = 0
    needs_latest: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Newer(Since):
    """The comics after a number, oldest first, and of more than MOST the newest."""

    def numbers(self, latest: int, chance: int) -> Sequence[int]:
        first = max(self.num, latest - MOST - len(MISSING)) + 1
        return existing(range(first, latest + 1))[-MOST:]
