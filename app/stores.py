"""Opens what outlives the process: the archive, its index and the table. No library is imported that is not needed."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from app.caches.bounded import Table
from app.clock import Clock
from app.settings import Settings

if TYPE_CHECKING:
    from app.caches.archive import Archive
    from app.caches.search_index import SearchIndex

_log = logging.getLogger(__package__)


def open_archive(path: Path) -> "Archive | None":
    """The archive in this file; None, which is logged, if it cannot be used."""
    from app.caches.archive import Archive  # imports sqlite3
    from app.caches.archive_format import ArchiveError

    try:
        return Archive(path)
    except ArchiveError as error:
        _log.warning("This process does without an archive: %s", error)
        return None


def open_index(archive: "Archive") -> "SearchIndex":
    """The archive's index. Raises NoArchive, which says why, if it has none that can be used."""
    from app.caches.search_index import SearchIndex  # imports sqlite3

    return SearchIndex(archive.path)


def open_table(settings: Settings, clock: Clock, ready: bool) -> Table:
    """The table that the settings name. If it is not `ready`, its library is imported by the first request to it."""
    from app.caches.dynamodb import ComicsTable

    if ready:
        import app.caches.signer  # noqa: F401 - imports aiodynamo

    return ComicsTable(settings.table, clock, settings.ca_file)
