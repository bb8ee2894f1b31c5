"""The format of an archive's file.

The file has xkcd's `application_id` and the format's version as `user_version`, and these tables:

- `comics`: `num`, `fetched_at` (Unix time), and `record`, xkcd's record as JSON text. The index `numbers` has the
  numbers alone, so that listing them does not read all records.
- `images`: facts about comics' images, as in image_rows.py. If a record names another image by now, they are void.
- `meta`: `name` and `value` of `source` (where the records are from), `latest` (the latest number as the source
  reported it) and `made_at` (when it did, Unix time).
- `texts` and `words`, the index: see search_texts.py. Where SQLite has no FTS5, the archive is made without it.
"""

import sqlite3
from collections.abc import Collection
from pathlib import Path

from app.caches import image_rows
from app.errors import GatherError

APPLICATION_ID = int.from_bytes(b"xkcd")
"""Marks an SQLite file as an archive."""

VERSION = 2
"""The version of the format. An archive of another version is left out."""

COMICS = f"SELECT num, fetched_at, CAST(record AS BLOB), {image_rows.COLUMNS} FROM comics LEFT JOIN images USING (num)"  # noqa: S608 - our own columns
"""A query for all comics. A damaged record does not hinder the others, because it comes as bytes."""


class ArchiveError(GatherError):
    """The file is not a usable archive."""


def opened(path: Path) -> sqlite3.Connection:
    """A connection that only reads. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def marks(values: Collection[object]) -> str:
    """The placeholders of a query for as many values, with parentheses around them."""
    return f"({','.join('?' * len(values))})"


def check_format(database: sqlite3.Connection) -> None:
    """Raise ValueError, which says why, unless the file is of our format and version."""

    def pragma(name: str) -> int:
        return int(database.execute(f"PRAGMA {name}").fetchone()[0])

    if pragma("application_id") != APPLICATION_ID:
        raise ValueError("it is not marked as one")
    if pragma("user_version") != VERSION:
        raise ValueError(f"it has version {pragma('user_version')} of the format, not {VERSION}")
