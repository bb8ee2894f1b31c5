"""Writes an archive at once, without gathering its comics: for examples, pictures and tests."""

import asyncio
from collections.abc import Collection
from pathlib import Path

from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from tools.archive_file import STAND_IN, ArchiveInTheMaking
from tools.stand_in.records import records


def write_archive(
    path: Path, made_at: float, comics: Collection[Found] = (), latest: int | None = None, source: str = STAND_IN
) -> Path:
    """Write it, as if made at that Unix time. Returns the path.

    Without comics it has all of the stand-in, fetched at that time; without `latest`, the stand-in's.
    """
    every = comics or [Found(Comic.from_json(record), made_at) for record in records().values()]
    making = ArchiveInTheMaking(path, source)
    asyncio.run(making.keep(every, LatestNumber(latest or max(records()), made_at)))
    return making.finish()
