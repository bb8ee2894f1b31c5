"""Archives written from the stand-in's records, by the writer that `make archive` uses."""

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from app.comics.found import Found, LatestNumber
from tests.records import NOW, found
from tools.archive_file import ArchiveInTheMaking
from tools.stand_in import records

SOURCE = "https://xkcd.com"


def write_archive(
    path: Path,
    comics: Iterable[Found] | Iterable[int] = (),
    latest: int = 2665,
    made_at: float = NOW,
    source: str = SOURCE,
) -> Path:
    """Write an archive with these comics, fetched when it was made unless they say otherwise. Without any: all."""
    making = ArchiveInTheMaking(path, source)
    brought = [each if isinstance(each, Found) else found(each, made_at) for each in comics]
    asyncio.run(making.keep(brought or [found(num, made_at) for num in records()], LatestNumber(latest, made_at)))
    making.finish()
    return path


def alter(path: Path, statement: str, *values: object) -> Path:
    """Run this SQL statement on the archive."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)
    return path
