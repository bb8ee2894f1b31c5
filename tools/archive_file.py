"""Writes an archive, which app/caches/archive.py reads.

It grows in `archive.sqlite.part`, one transaction for each group of comics, and takes the place of `archive.sqlite` as
a whole. So whatever ends the process, the archive is the old one or the new one, and the next run continues the part.
"""

import json
import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from app.caches import image_rows
from app.caches.archive import Archive
from app.caches.archive_format import APPLICATION_ID, COMICS, VERSION, ArchiveError, check_format
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.errors import BadAnswer, TableError
from tools.archive_index import can_index, write_index

SOURCE = "archive"
"""The source of comics that it gives back."""

STAND_IN = "the stand-in"
"""The source of an archive from a stand-in, whose address is another each time."""

SCHEMA = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
    "CREATE TABLE comics (num INTEGER PRIMARY KEY, fetched_at INTEGER NOT NULL, record TEXT NOT NULL)",
    "CREATE UNIQUE INDEX numbers ON comics (num)",
    image_rows.TABLE,
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
)

KEEP = """
INSERT INTO comics VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET fetched_at = excluded.fetched_at, record = excluded.record
"""

KEEP_IMAGE = "INSERT OR REPLACE INTO images VALUES (?, ?, ?, ?, ?, ?)"

ADOPT_IMAGES = "INSERT OR REPLACE INTO images SELECT * FROM old.images WHERE num NOT IN (SELECT num FROM images)"

ADOPT = """
INSERT INTO comics SELECT * FROM old.comics WHERE true
ON CONFLICT DO UPDATE SET fetched_at = excluded.fetched_at, record = excluded.record
WHERE excluded.fetched_at > fetched_at
"""


class ArchiveInTheMaking:
    """An archive that grows, as a table that a Filler fills. Threads may use it in turn, but not at the same time.

    It gives back no comic that is old, so one is requested like a missing one, and with as many attempts.
    """

    def __init__(self, path: Path, source: str) -> None:
        """Begin with the comics in `path`, if it exists, and with those that an earlier run left in the part.

        Raises ArchiveError if they are from another source or unusable, or if another process writes the part.
        """
        self._path = path
        self.part = path.with_name(f"{path.name}.part")
        self._comics: dict[int, Found] = {}
        self._held: dict[int, float] = {}
        self._looked: dict[int, float] = {}
        self.brought: set[int] = set()
        """The numbers of the comics that were written in this run."""
        self.trouble: str | None = None
        """Why the latest comics could not be written, if so."""
        old = _old(path, source)
        try:
            self._database = sqlite3.connect(self.part, timeout=0, isolation_level=None, check_same_thread=False)
            with _closed_on_error(self._database):
                self._begin(source)
                if old is not None:
                    self._adopt(old)
        except (sqlite3.Error, ValueError) as error:
            raise _refusal(self.part, error) from error

    @property
    def count(self) -> int:
        """How many comics it has, fresh or old."""
        return len(self._held)

    async def comics(self, numbers: Collection[int], into: dict[int, Found]) -> None:
        """Put those of these comics that it has fresh into `into`."""
        now = time.time()
        comics = {num: self._comics[num] for num in numbers if num in self._comics}
        into.update({num: found for num, found in comics.items() if found.is_fresh(now)})

    async def latest(self) -> None:
        """None."""

    async def held(self) -> Mapping[int, float]:
        """Until when each of its comics is fresh (Unix time), by number."""
        return self._held

    async def looked(self) -> Mapping[int, float]:
        """Until when the image of each of its comics need not be looked up (Unix time), by number."""
        return self._looked

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Write these. Raises TableError if they cannot be written, and then none of them has been."""
        rows = [(found.comic.num, int(found.fetched_at), json.dumps(found.comic.record)) for found in comics]
        images = filter(None, map(image_rows.of_image, comics))
        try:
            with self._transaction():
                self._database.executemany(KEEP, rows)
                self._database.executemany(KEEP_IMAGE, images)
                if latest is not None:
                    self._keep_latest(latest)
        except sqlite3.Error as error:
            self.trouble = f"{self.part} could not be written: {error}."
            raise TableError(self.trouble) from error
        self.trouble = None
        self._hold(comics)
        self.brought |= {found.comic.num for found in comics if found.source != SOURCE}

    def finish(self) -> Path:
        """Put it in the place of `path`, as a whole, and close it. Returns that path. Raises TableError."""
        new = self._path.with_name(f"{self._path.name}.new")
        new.unlink(missing_ok=True)
        try:
            if can_index(self._database):
                with self._transaction():
                    write_index(self._database, {num: found.comic for num, found in self._comics.items()})
            self._database.execute("VACUUM INTO ?", (str(new),))
            with new.open("rb+") as file:
                os.fsync(file.fileno())
            new.replace(self._path)
        except (sqlite3.Error, OSError) as error:
            new.unlink(missing_ok=True)
            raise TableError(f"{self._path} could not be written: {error}.") from error
        self.close()
        self.part.unlink()
        return self._path

    async def aclose(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Close the part, which stays for the next run."""
        self._database.close()

    def _begin(self, source: str) -> None:
        """Lock the part, and read it or make its tables."""
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        with self._transaction("EXCLUSIVE"):
            if not self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
                for statement in SCHEMA:
                    self._database.execute(statement)
                self._database.execute("INSERT INTO meta VALUES ('source', ?)", (source,))
        check_format(self._database)
        _compare(self.part, self._meta("source"), source)
        self._read()

    def _adopt(self, old: Archive) -> None:
        """Take over the comics of the old archive, but none that this has newer."""
        self._database.execute("ATTACH ? AS old", (str(self._path),))
        with self._transaction():
            self._database.execute(ADOPT)
            self._database.execute(ADOPT_IMAGES)
            self._keep_latest(old.latest_number)
        self._database.execute("DETACH old")
        self._read()

    def _read(self) -> None:
        """Learn which comics it has. Those whose records are unusable count as missing."""
        for num, fetched_at, record, *about_image in self._database.execute(COMICS):
            with suppress(BadAnswer, RecursionError, ValueError):
                found = Found(Comic.from_json(record), fetched_at, SOURCE, image=image_rows.to_image(*about_image))
                if found.comic.num == num:
                    self._hold([found])

    def _hold(self, comics: Iterable[Found]) -> None:
        for found in comics:
            num = found.comic.num
            self._comics[num] = known = found.with_image_of(self._comics.get(num))
            self._held[num], self._looked[num] = known.fresh_until, known.looked_until

    def _keep_latest(self, latest: LatestNumber) -> None:
        """Keep the number unless one learnt later is there. It is never below a comic that is there."""
        if latest.learnt_at >= float(self._meta("made_at") or 0):
            (highest,) = self._database.execute("SELECT max(num) FROM comics").fetchone()
            meta = {"latest": max(latest.num, highest or 0), "made_at": int(latest.learnt_at)}
            self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())

    def _meta(self, name: str) -> str:
        row = self._database.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[None]:
        self._database.execute(f"BEGIN {kind}")
        try:
            yield
        except BaseException:
            if self._database.in_transaction:  # some errors have rolled it back
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


@contextmanager
def _closed_on_error(database: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        database.close()
        raise


def _old(path: Path, source: str) -> Archive | None:
    """The archive that is there; None if there is none. Raises ArchiveError if it cannot be built upon."""
    if not path.exists():
        return None
    try:
        old = Archive(path)
    except ArchiveError as error:
        raise ArchiveError(f"{error}. Remove it first.") from error
    _compare(path, old.source, source)
    return old


def _compare(path: Path, made_from: str, source: str) -> None:
    if made_from != source:
        raise ArchiveError(
            f"{path} was made from {made_from}, not from {source}, and sources are never mixed. Remove it first."
        )


def _refusal(part: Path, error: sqlite3.Error | ValueError) -> ArchiveError:
    """Why the part cannot be used."""
    match getattr(error, "sqlite_errorname", None):
        case "SQLITE_BUSY":
            return ArchiveError(f"{part} cannot be written: another process is making it.")
        case None | "SQLITE_CORRUPT" | "SQLITE_NOTADB":
            return ArchiveError(f"{part} is not a usable archive: {error}. Remove it first.")
    return ArchiveError(f"{part} cannot be written: {error}.")
