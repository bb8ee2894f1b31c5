"""The archive: all of xkcd in one SQLite file, as `make archive` wrote it, read-only.

The file has xkcd's `application_id` and the format's version as `user_version`, and these tables:

- `comics`: `num`, `fetched_at` (Unix time), and `record`, xkcd's record as JSON text. The index `numbers` has the
  numbers alone, so that listing them does not read all records.
- `images`: facts about comics' images, as in image_rows.py. If a record names another image by now, they are void.
- `meta`: `name` and `value` of `source` (where the records are from), `latest` (the latest number as the source
  reported it) and `made_at` (when it did, Unix time).

Importing this imports sqlite3, which takes 7 ms, so only a process with an archive does.
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from app.caches import image_rows
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.errors import BadAnswer, GatherError
from app.runtime.per_loop import PerLoop

APPLICATION_ID = int.from_bytes(b"xkcd")
"""Marks an SQLite file as an archive."""

VERSION = 2
"""The version of the format. An archive of another version is left out."""

AT_ONCE = 100
"""Records that are read before others on the event loop have their turn. That takes 3 ms at most."""

Row = tuple[Any, ...]
"""A comic's number, when it was fetched, its record, and the columns of `images` but for the number."""

COMICS = f"""
SELECT num, fetched_at, CAST(record AS BLOB), {image_rows.COLUMNS} FROM comics LEFT JOIN images USING (num) WHERE num
"""  # noqa: S608 - our own columns
"""A query for rows. A damaged record does not hinder the others, because it comes as bytes."""

_log = logging.getLogger(__name__)


class ArchiveError(GatherError):
    """The file is not a usable archive."""


class Archive:
    """An archive in a file. It is a cache that keeps nothing: its comics and numbers never change.

    A file that is replaced while it is open is read on as it was. What turns out damaged is logged once. Its methods
    belong on an event loop, and each loop has a connection of its own: none may cross a fork.
    """

    def __init__(self, path: Path) -> None:
        """Raises ArchiveError, which says why, if the file is not a usable archive."""
        try:
            with closing(_open(path)) as database:
                check_format(database)
                meta = dict(database.execute("SELECT name, value FROM meta"))
                numbers = [num for (num,) in database.execute("SELECT num FROM comics ORDER BY num")]
            self.source = str(meta["source"])
            """Where its records are from, such as "https://xkcd.com"."""
            self.latest_number = LatestNumber(int(meta["latest"]), float(meta["made_at"]))
            """The latest number when it was made, and when that was."""
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            raise ArchiveError(f"{path} is not a usable archive: {error}") from error
        self.numbers: tuple[int, ...] = tuple(numbers)
        """The numbers of all its comics, ascending."""
        self._path = path
        self._held: Mapping[int, float] | None = None
        self._has_logged = False
        self._connections = PerLoop(partial(_open, path))

    @property
    def made_at(self) -> float:
        """When it was made, in Unix time."""
        return self.latest_number.learnt_at

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        """Those of these comics that it has, fresh or old, by number."""
        marks = ",".join("?" * len(numbers))
        rows = self._rows(f"{COMICS} IN ({marks})", tuple(numbers))
        return {found.comic.num: found for found in self._found(rows)}

    async def records(self, after: int = 0) -> AsyncIterator[Found]:
        """All its comics with a higher number, ascending. Others on the event loop have their turn meanwhile."""
        while rows := self._rows(f"{COMICS} > ? ORDER BY num LIMIT ?", (after, AT_ONCE)):
            for found in self._found(rows):
                yield found
            after = rows[-1][0]
            await asyncio.sleep(0)

    async def held(self) -> Mapping[int, float]:
        """Until when each of its comics is fresh (Unix time), by number."""
        if self._held is None:
            self._held = {found.comic.num: found.fresh_until async for found in self.records()}
        return self._held

    async def latest(self) -> LatestNumber:
        return self.latest_number

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Close the connection of the running event loop."""
        connection = self._connections.take()
        if connection is not None:
            connection.close()

    def _rows(self, query: str, values: tuple[int, ...]) -> list[Row]:
        """The rows of the query. If they cannot be read, the archive counts as empty from then on."""
        if not self.numbers:
            return []
        try:
            return self._connections.get().execute(query, values).fetchall()
        except sqlite3.Error as error:
            self.numbers = ()
            self._note(f"is left out: {error}")
            return []

    def _found(self, rows: Iterable[Row]) -> Iterator[Found]:
        for num, fetched_at, record, *about_image in rows:
            try:
                comic = Comic.from_json(record)
                if comic.num != num:
                    raise BadAnswer(f"it is that of comic {comic.num}.")
                yield Found(comic, float(fetched_at), "archive", image=image_rows.to_image(*about_image))
            except (TypeError, ValueError, RecursionError, BadAnswer) as error:
                self._note(f"has an unusable record of comic {num}: {error}")

    def _note(self, trouble: str) -> None:
        if not self._has_logged:
            _log.warning("The archive %s %s", self._path, trouble)
        self._has_logged = True


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def check_format(database: sqlite3.Connection) -> None:
    """Raise ValueError, which says why, unless the file is of our format and version."""

    def pragma(name: str) -> int:
        return int(database.execute(f"PRAGMA {name}").fetchone()[0])

    if pragma("application_id") != APPLICATION_ID:
        raise ValueError("it is not marked as one")
    if pragma("user_version") != VERSION:
        raise ValueError(f"it has version {pragma('user_version')} of the format, not {VERSION}")
