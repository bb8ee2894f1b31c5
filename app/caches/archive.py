"""The archive: all of xkcd in one SQLite file, as `make archive` wrote it, read-only.

Importing this imports sqlite3, which takes 7 ms, so only a process with an archive does.
"""

import asyncio
import logging
import sqlite3
from bisect import bisect
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from app.caches import image_rows
from app.caches.archive_format import COMICS, ArchiveError, check_format, marks, opened
from app.comics import corrections
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.errors import BadAnswer
from app.runtime.per_loop import PerLoop

AT_ONCE = 100
"""Records that are read before others on the event loop have their turn. That takes 3 ms at most."""

Row = tuple[Any, ...]
"""A comic's number, when it was fetched, its record, and the columns of `images` but for the number."""

_log = logging.getLogger(__name__)


class Archive:
    """An archive in a file. It is a cache that keeps nothing: its comics and numbers never change.

    A file that is replaced while it is open is read on as it was. What turns out damaged is logged once. Its methods
    belong on an event loop, and each loop has a connection of its own: none may cross a fork.
    """

    def __init__(self, path: Path) -> None:
        """Raises ArchiveError, which says why, if the file is not a usable archive."""
        try:
            with closing(opened(path)) as database:
                check_format(database)
                meta = dict(database.execute("SELECT name, value FROM meta"))
                tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema")]
                numbers = [num for (num,) in database.execute("SELECT num FROM comics ORDER BY num")]
            self.source = str(meta["source"])
            """Where its records are from, such as "https://xkcd.com"."""
            self.latest_number = LatestNumber(int(meta["latest"]), float(meta["made_at"]))
            """The latest number when it was made, and when that was."""
        except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
            raise ArchiveError(f"{path} is not a usable archive: {error}") from error
        self.is_searchable = "texts" in tables
        """Whether it has an index, which it has unless SQLite had no FTS5 where it was made."""
        self.numbers: tuple[int, ...] = tuple(numbers)
        """The numbers of all its comics, ascending."""
        self.path = path
        self._held: Mapping[int, float] | None = None
        self._has_logged = False
        self._connections = PerLoop(partial(opened, path))

    @property
    def made_at(self) -> float:
        """When it was made, in Unix time."""
        return self.latest_number.learnt_at

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        """Those of these comics that it has, fresh or old, by number."""
        with_partners = {*numbers, *filter(None, map(corrections.partner, numbers))}
        found = {each.comic.num: each for each in self._found(self._rows(with_partners))}
        return {num: _complete(found[num], found) for num in numbers if num in found}

    async def completed(self, found: Found) -> Found:
        """A comic whose transcript is missing, with it if another comic's record here has it."""
        return _complete(found, await self.comics([found.comic.partner or 0]))

    async def records(self, after: int = 0) -> AsyncIterator[Found]:
        """All its comics with a higher number, ascending. Others on the event loop have their turn meanwhile."""
        first = bisect(self.numbers, after)
        while numbers := self.numbers[first : first + AT_ONCE]:
            for found in (await self.comics(numbers)).values():
                yield found
            first += AT_ONCE
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

    def _rows(self, numbers: Collection[int]) -> list[Row]:
        """The rows of these comics. If they cannot be read, the archive counts as empty from then on."""
        if not self.numbers:
            return []
        query = f"{COMICS} WHERE num IN {marks(numbers)}"
        try:
            return self._connections.get().execute(query, tuple(numbers)).fetchall()
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
            _log.warning("The archive %s %s", self.path, trouble)
        self._has_logged = True


def _complete(found: Found, others: Mapping[int, Found]) -> Found:
    """The comic, with its transcript if that is in the record of one of these."""
    partner = others.get(found.comic.partner or 0)
    return found if partner is None else replace(found, comic=found.comic.with_partner(partner.comic))
