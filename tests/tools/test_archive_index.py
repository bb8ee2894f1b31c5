"""The index that an archive is made with."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.caches.archive import Archive
from tests.archives import SOURCE, alter, write_archive
from tools import archive_index
from tools.archive_file import ArchiveInTheMaking
from tools.archive_report import report


def test_without_fts5_it_is_made_without_an_index_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_index, "FTS5", "fts99")
    path = write_archive(tmp_path / "archive.sqlite", [1])
    assert Archive(path).is_searchable is False
    assert report(path).endswith(
        " MB, without an index, so it cannot be searched: the SQLite of the Python that made it has no FTS5."
    )


def test_an_unusable_record_is_not_indexed(tmp_path: Path) -> None:
    path = alter(write_archive(tmp_path / "archive.sqlite", [1, 2]), "UPDATE comics SET record = '[]' WHERE num = 1")
    ArchiveInTheMaking(path, SOURCE).finish()
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT rowid FROM texts").fetchall() == [(2,)]
