"""The full-text index of an archive, as SQLite's FTS5 has it.

`make archive` writes it as two tables: `texts` with the corrected texts of each comic, its date, and its number as
rowid; and `words` with each word, and the count of comics that have it.
"""

import sqlite3
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from app.caches.archive_format import marks, opened
from app.comics.comic import Comic
from app.comics.search import Days
from app.comics.search_query import FIELDS
from app.comics.snippets import END, START
from app.errors import NoArchive

TEXTS = """
CREATE VIRTUAL TABLE texts USING fts5
(title, alt, transcript, date UNINDEXED, tokenize = 'porter unicode61 remove_diacritics 2')
"""

INSERT = "INSERT INTO texts (rowid, title, alt, transcript, date) VALUES (?, ?, ?, ?, ?)"

SCORE = "bm25(texts, 10, 2, 1)"
"""A word in the title counts as much as ten in the transcript."""

MARKED = ", ".join(f"highlight(texts, {column}, '{START}', '{END}')" for column in range(len(FIELDS)))

_CLEAN = str.maketrans({START: " ", END: " ", "\0": " "})


class Texts:
    """A copy of an archive in memory, with its index. It belongs to one thread, and must not cross a fork.

    Opening it takes 7 ms of CPU, once in a process. Expressions are in FTS5's language. Everything here raises
    NoArchive, which says why, if the archive has no index that can be used.
    """

    def __init__(self, path: Path) -> None:
        self._added: dict[int, Comic] = {}
        self._database = sqlite3.connect(":memory:")
        try:
            with closing(opened(path)) as file:
                file.backup(self._database)
        except sqlite3.Error as error:
            raise _no_archive(error) from error
        newest = self._rows("SELECT rowid FROM texts WHERE transcript <> '' ORDER BY rowid DESC LIMIT 1")
        self.transcripts_until: int | None = newest[0][0] if newest else None
        """The newest comic with a transcript."""

    def close(self) -> None:
        """Free the memory."""
        self._database.close()

    @property
    def count(self) -> int:
        """How many comics can be found."""
        count: int = self._rows("SELECT count(*) FROM texts_docsize")[0][0]
        return count

    def add(self, comics: Iterable[Comic]) -> None:
        """Have these too. They replace those with the same numbers."""
        for comic in comics:
            if self._added.get(comic.num) != comic:
                self._rows("DELETE FROM texts WHERE rowid = ?", comic.num)
                self._rows(INSERT, *row(comic))
                self._added[comic.num] = comic

    def scores(self, expression: str, days: Days | None) -> dict[int, float]:
        """The comics of these days that match, and how well each does: the lower, the better."""
        query = f"SELECT rowid, {SCORE} FROM texts WHERE texts MATCH ?"  # noqa: S608
        return dict(self._rows(query, expression, days=days))

    def titles(self, expression: str) -> dict[int, str]:
        """The titles of the comics that match."""
        return dict(self._rows("SELECT rowid, title FROM texts WHERE texts MATCH ?", expression))

    def matching(self, expression: str) -> set[int]:
        """The comics that match."""
        return {num for (num,) in self._rows("SELECT rowid FROM texts WHERE texts MATCH ?", expression)}

    def numbered(self, num: int, days: Days | None) -> dict[int, str]:
        """The title of the comic with this number, if it is of these days."""
        return dict(self._rows("SELECT rowid, title FROM texts WHERE rowid = ?", num, days=days))

    def titled(self, title: str, days: Days | None) -> dict[int, str]:
        """The titles of the comics of these days with this title. It reads all of them."""
        return dict(self._rows("SELECT rowid, title FROM texts WHERE title = ? COLLATE NOCASE", title, days=days))

    def marked(self, expression: str, numbers: Collection[int]) -> dict[int, dict[str, str]]:
        """The texts of these comics, as far as they match, by field, with START and END around what matches."""
        query = f"SELECT rowid, {MARKED} FROM texts WHERE texts MATCH ? AND +rowid IN {marks(numbers)}"  # noqa: S608
        return {num: dict(zip(FIELDS, texts, strict=True)) for num, *texts in self._rows(query, expression, *numbers)}

    def usual(self, words: Collection[str]) -> dict[str, int]:
        """Those of these words that occur, and in how many comics each does."""
        return dict(self._rows(f"SELECT word, comics FROM words WHERE word IN {marks(words)}", *words))  # noqa: S608

    def begins(self, beginning: str) -> bool:
        """Whether any word begins like this."""
        query = "SELECT 1 FROM words WHERE word >= ? AND word < ? LIMIT 1"
        return bool(self._rows(query, beginning, f"{beginning}\U0010ffff"))

    def _rows(self, query: str, *values: object, days: Days | None = None) -> list[Any]:
        """The rows of the query. Without `days` no comic's date is read, which takes longer than all else."""
        if days is not None:
            query, values = f"{query} AND date BETWEEN ? AND ?", (*values, *map(str, days))
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _no_archive(error) from error


def row(comic: Comic) -> tuple[int, str, str, str, str]:
    """The values for INSERT."""
    title, alt, transcript = (text.translate(_CLEAN) for text in (comic.title, comic.alt, comic.transcript or ""))
    return comic.num, title, alt, transcript, comic.date.isoformat()


def _no_archive(error: sqlite3.Error) -> NoArchive:
    return NoArchive(f"This service cannot search, because its archive has no usable index: {error}.")
