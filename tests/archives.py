"""Archives written from the stand-in's records, by the writer that `make archive` uses."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from app.comics.found import Found
from tests.records import NOW, found
from tools.stand_in import archived

SOURCE = "https://xkcd.com"


def write_archive(
    path: Path,
    comics: Iterable[Found] | Iterable[int] = (),
    latest: int = 2665,
    made_at: float = NOW,
    source: str = SOURCE,
) -> Path:
    """Write an archive with these comics, fetched when it was made unless they say otherwise. Without any: all."""
    brought = [each if isinstance(each, Found) else found(each, made_at) for each in comics]
    return archived.write_archive(path, made_at, brought, latest, source)


def alter(path: Path, statement: str, *values: object) -> Path:
    """Run this SQL statement on the archive."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)
    return path


def damage(path: Path, near: int) -> Path:
    """Overwrite a part of the whole archive, around the record of that comic."""
    middle = path.read_bytes().index(f'"num": {near},'.encode())
    with path.open("rb+") as file:
        file.seek(middle - 20_000)
        file.write(bytes(range(256)) * 160)
    return path
