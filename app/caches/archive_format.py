"""The format of an archive's file.

The file has xkcd's `application_id` and the format's version as `user_version`, and these tables:

- `comics`: `num`, `fetched_at` (Unix time), and `record`, xkcd's record as JSON text. The index `numbers` has the
  numbers alone, so that listing them does not read all records.
- `meta`: `name` and `value` of `source` (where the records are from), `latest` (the latest number as the source
  reported it) and `made_at` (when it did, Unix time).
- `texts` and `words`, the index: see search_texts.py. Where SQLite has no FTS5, the archive is made without it.
"""

import sqlite3
from pathlib import Path

from app.errors import GatherError

APPLICATION_ID = int.from_bytes(b"xkcd")
"""Marks an SQLite file as an archive."""

VERSION = 2
"""The version of the format. An archive of another version is left out."""


class ArchiveError(GatherError):
    """The file is not a usable archive."""


def opened(path: Path) -> sqlite3.Connection:
    """A connection that only reads. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def check_format(database: sqlite3.Connection) -> None:
    """Raise ValueError, which says why, unless the file is of our format and version."""

    def pragma(name: str) -> int:
        return int(database.execute(f"PRAGMA {name}").fetchone()[0])

    if pragma("application_id") != APPLICATION_ID:
        raise ValueError("it is not marked as one")
    if pragma("user_version") != VERSION:
        raise ValueError(f"it has version {pragma('user_version')} of the format, not {VERSION}")
