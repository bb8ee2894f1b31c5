"""Writes an archive at once, without gathering its comics: for examples, pictures and tests."""

import asyncio
from collections.abc import Collection
from pathlib import Path

from app.comics import image
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.comics.image import Image
from tools.archive_file import STAND_IN, ArchiveInTheMaking
from tools.stand_in import images
from tools.stand_in.records import records


def write_archive(
    path: Path, made_at: float, comics: Collection[Found] = (), latest: int | None = None, source: str = STAND_IN
) -> Path:
    """Write it, as if made at that Unix time. Returns the path.

    Without comics it has all of the stand-in, with the facts about their images, fetched and looked up at that time;
    without `latest`, the stand-in's.
    """
    every = comics or [_found(record, made_at) for record in records().values()]
    making = ArchiveInTheMaking(path, source)
    asyncio.run(making.keep(every, LatestNumber(latest or max(records()), made_at)))
    return making.finish()


def _found(record: bytes, made_at: float) -> Found:
    comic = Comic.from_json(record)
    path = image.path(comic.img)
    has_2x = path is not None and images.size(image.doubled(path) or "") is not None
    return Found(comic, made_at, image=Image(comic.img, images.size(path or ""), has_2x, made_at))
