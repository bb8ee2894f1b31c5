"""How often a search finds the comic that people mean, and at which place.

    python -m bench.relevance

The queries of relevance.json are answered from the stand-in's comics: by this service's ranking, and by plain bm25,
which takes all words and orders by SQLite's own score.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from app.caches import match_expression
from app.caches.archive_format import opened
from app.caches.search_index import SearchIndex
from app.comics.search_query import parse
from tools.stand_in.archived import write_archive

QUERIES: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("relevance.json").read_text())
"""Each query with the numbers of the comics that are meant, one of which is to be found."""

TOP = 5

Ranking = Callable[[str], Sequence[int]]
"""Gives the numbers of the comics that a search finds, the best first."""


class Relevance(NamedTuple):
    """The mean of 1 / place (0 if not found), and the share of queries whose comic is in the top five."""

    reciprocal_rank: float
    in_top: float


def relevance(queries: Sequence[dict[str, Any]], ranking: Ranking) -> Relevance:
    """How good a ranking is for these queries."""
    places = [place(ranking(query["q"]), query["means"]) for query in queries]
    found = [each for each in places if each]
    return Relevance(sum(1 / each for each in found) / len(places), sum(each <= TOP for each in found) / len(places))


def place(numbers: Sequence[int], means: Sequence[int]) -> int | None:
    """The place of the first comic that is meant, from 1; None if none was found."""
    return next((place for place, num in enumerate(numbers, 1) if num in means), None)


def ours(archive: Path) -> Ranking:
    """The ranking of this service."""
    index = SearchIndex(archive)
    return lambda query: index.search(parse(query)).numbers


def by_bm25(archive: Path) -> Ranking:
    """SQLite's own ranking."""
    database = opened(archive)

    def ranking(query: str) -> Sequence[int]:
        words = " AND ".join(map(match_expression.term, parse(query).terms))
        rows = database.execute("SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts)", (words,))
        return [num for (num,) in rows]

    return ranking


def main() -> None:
    """Print how good both rankings are, and which comics are not in the first place."""
    with tempfile.TemporaryDirectory() as folder:
        archive = write_archive(Path(folder) / "archive.sqlite", time.time())
        rankings = {"this service": ours(archive), "plain bm25": by_bm25(archive)}
        for name, queries in QUERIES.items():
            print(f"{name.replace('_', ' ')}: {len(queries)}")
            for whose, ranking in rankings.items():
                measured = relevance(queries, ranking)
                print(f"  {whose:12}  mean reciprocal rank {measured[0]:.3f}, in the top five {measured[1]:.3f}")
        for query in QUERIES["queries"]:
            where = place(rankings["this service"](query["q"]), query["means"])
            if where != 1:
                print(f"  {query['q']}: {where or 'not found'}")


if __name__ == "__main__":
    main()
