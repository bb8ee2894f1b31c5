"""Writes the full-text index of an archive, which app/caches/search_index.py reads."""

import sqlite3
from collections.abc import Mapping
from contextlib import suppress

from app.caches.search_texts import INSERT, TEXTS, row
from app.comics.comic import Comic
from app.errors import BadAnswer

# Words as they are written, for the sake of misspelt ones: the index itself has their stems.
WORDS = (
    "CREATE VIRTUAL TABLE temp.written USING fts5(text, content = '', tokenize = 'unicode61 remove_diacritics 2')",
    "INSERT INTO temp.written (rowid, text) SELECT rowid, title || ' ' || alt || ' ' || transcript FROM texts",
    "CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(temp, written, row)",
    "CREATE TABLE words (word TEXT PRIMARY KEY, comics INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO words SELECT term, doc FROM temp.vocabulary",
    "DROP TABLE temp.vocabulary",
    "DROP TABLE temp.written",
)


FTS5 = "fts5"
"""The name of SQLite's module."""


def can_index(database: sqlite3.Connection) -> bool:
    """Whether this Python's SQLite has FTS5."""
    query = "SELECT count(*) FROM pragma_module_list WHERE name = ?"
    return bool(database.execute(query, (FTS5,)).fetchone()[0])


def write_index(database: sqlite3.Connection) -> None:
    """Index all comics of the archive, in place of an earlier index. Raises sqlite3.Error."""
    for table in ("texts", "words"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    database.execute(TEXTS)
    comics = _comics(database)
    database.executemany(INSERT, (row(_complete(comic, comics)) for comic in comics.values()))
    database.execute("INSERT INTO texts (texts) VALUES ('optimize')")
    for statement in WORDS:
        database.execute(statement)


def _comics(database: sqlite3.Connection) -> Mapping[int, Comic]:
    """The comics whose records are usable, by number."""
    comics = {}
    for num, record in database.execute("SELECT num, record FROM comics ORDER BY num"):
        with suppress(BadAnswer, RecursionError, ValueError):
            comics[num] = Comic.from_json(record)
    return comics


def _complete(comic: Comic, others: Mapping[int, Comic]) -> Comic:
    partner = others.get(comic.partner or 0)
    return comic if partner is None else comic.with_partner(partner)
