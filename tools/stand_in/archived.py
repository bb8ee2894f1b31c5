"""Writes an archive of all comics of the stand-in at once, for examples, pictures and tests."""

import asyncio
import json
from pathlib import Path

from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from tools.archive_file import ArchiveInTheMaking
from tools.stand_in.records import records


def write_archive(path: Path, made_at: float) -> Path:
    """Write it, as if made at that Unix time. Returns the path."""
    comics = [Found(Comic.from_record(json.loads(record)), made_at) for record in records().values()]
    making = ArchiveInTheMaking(path, "the stand-in")
    asyncio.run(making.keep(comics, LatestNumber(max(records()), made_at)))
    return making.finish()
