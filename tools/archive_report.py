"""What there is to say of an archive before it is packaged or deployed.

    python -m tools.archive_report

refuses an archive that must not be deployed, because it was not made from https://xkcd.com.
"""

import asyncio
import time
from pathlib import Path

from app.caches.archive import Archive
from app.caches.archive_format import ArchiveError
from app.comics.image import Image
from app.settings import Settings
from tools.failing import one_line_errors

XKCD = "https://xkcd.com"

WITHOUT = (
    "No archive: new processes ask the table or xkcd for their comics, and while xkcd is down they have only the "
    f"table. `make archive XKCD_URL={XKCD}` makes one, docs/deploy.md says more."
)


WITHOUT_INDEX = ", without an index, so it cannot be searched: the SQLite of the Python that made it has no FTS5"


def chosen() -> Path | None:
    """The archive that the environment names, or the one beside handler.py, if there is one."""
    path = Settings.from_environ().archive
    return Path(path) if path else None


def report(path: Path) -> str:
    """The archive in a line. Raises ArchiveError if it is not usable."""
    archive = Archive(path)
    images = asyncio.run(_images(archive))
    sizes, sharp = sum(image.size is not None for image in images), sum(image.has_2x for image in images)
    latest, size = archive.latest_number.num, path.stat().st_size / 1e6
    return (
        f"{path.name}: {len(archive.numbers)} comics of {archive.source} up to {latest}, "
        f"{sizes} with sizes and {sharp} with a sharp image, "
        f"made {_ago(time.time() - archive.made_at)}, {size:.1f} MB{'' if archive.is_searchable else WITHOUT_INDEX}."
    )


async def _images(archive: Archive) -> list[Image]:
    """What it knows of images."""
    try:
        return [found.image async for found in archive.records() if found.image is not None]
    finally:
        await archive.aclose()


def check(path: Path) -> None:
    """Raise ArchiveError, saying how to make the right one, unless the archive may be deployed."""
    archive = Archive(path)
    if archive.source != XKCD:
        raise ArchiveError(
            f"{path.name} was made from {archive.source}, not from {XKCD}, so it is not deployed. "
            f"`rm {path.name}; make archive XKCD_URL={XKCD}` makes the right one, and ARCHIVE= deploys without one."
        )


def _ago(seconds: float) -> str:
    days = int(seconds // 86400)
    return "today" if days < 1 else "yesterday" if days == 1 else f"{days} days ago"


if __name__ == "__main__":
    with one_line_errors():
        named = chosen()
        if named is not None:
            check(named)
