"""Writes the full-text index of an archive, which app/caches/search_index.py reads."""

import sqlite3
from collections.abc import Mapping

from app.caches.search_texts import INSERT, TEXTS, row
from app.comics.comic import Comic

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


def write_index(database: sqlite3.Connection, comics: Mapping[int, Comic]) -> None:
    """Index these comics, all of the archive, in place of an earlier index. Raises sqlite3.Error."""
    for table in ("texts", "words"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    database.execute(TEXTS)
    complete = (comics[num].with_partner(comics.get(comics[num].partner or 0)) for num in sorted(comics))
    database.executemany(INSERT, map(row, complete))
    database.execute("INSERT INTO texts (texts) VALUES ('optimize')")
    for statement in WORDS:
        database.execute(statement)
