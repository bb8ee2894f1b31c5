"""Reading an archive: whole, damaged, replaced, and after a fork."""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.caches.archive import Archive
from app.caches.archive_format import ArchiveError
from app.comics.found import LatestNumber
from app.runtime.event_loop import EventLoop
from tests.archives import SOURCE, alter, damage, write_archive
from tests.records import NOW, found
from tools.stand_in import records

T = TypeVar("T")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.sqlite"


def using(archive: Archive, do: Callable[[Archive], Coroutine[Any, Any, T]]) -> T:
    """What the coroutine brings, on a loop of its own, at whose end the archive is closed."""

    async def use() -> T:
        try:
            return await do(archive)
        finally:
            await archive.aclose()

    return asyncio.run(use())


def had(archive: Archive, *numbers: int) -> list[int]:
    return list(using(archive, lambda archive: archive.comics(numbers)))


async def read_all(archive: Archive) -> list[int]:
    return [found.comic.num async for found in archive.records()]


def test_it_has_every_record_as_it_was_sent(whole_archive: Path) -> None:
    archive = Archive(whole_archive)

    async def comics(archive: Archive) -> list[object]:
        return [found.comic.record async for found in archive.records()]

    assert using(archive, comics) == [json.loads(record) for record in records().values()]


def test_comics_come_with_when_they_were_fetched_and_from_the_archive(path: Path) -> None:
    archive = Archive(write_archive(path, [found(614, NOW - 9), found(1)]))
    assert using(archive, lambda archive: archive.comics([614, 2, 1])) == {
        614: found(614, NOW - 9, "archive"),
        1: found(1, NOW, "archive"),
    }


def test_it_says_what_it_is(path: Path) -> None:
    archive = Archive(write_archive(path, [1, 2, 614], latest=2664))
    assert (archive.source, archive.made_at, archive.numbers) == (SOURCE, NOW, (1, 2, 614))
    assert using(archive, lambda archive: archive.latest()) == LatestNumber(2664, NOW)


def test_the_records_after_a_number_come_in_order(whole_archive: Path) -> None:
    async def after(archive: Archive) -> list[int]:
        return [found.comic.num async for found in archive.records(after=403)]

    assert using(Archive(whole_archive), after) == [*range(405, 2666)]


def test_others_on_the_loop_have_their_turn_while_all_records_are_read(whole_archive: Path) -> None:
    async def turns(archive: Archive) -> int:
        reading, count = asyncio.create_task(read_all(archive)), 0
        while not reading.done():
            await asyncio.sleep(0)
            count += 1
        return count

    assert using(Archive(whole_archive), turns) >= 2664 / 100


def test_nothing_is_kept_in_it(path: Path) -> None:
    archive = Archive(write_archive(path, [1]))
    using(archive, lambda archive: archive.keep([found(2)], LatestNumber(2666, NOW)))
    assert had(archive, 1, 2) == [1]


def halved(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def absent(path: Path) -> None:
    path.unlink()


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (absent, "unable to open database file"),
        (a_directory, "disk I/O error"),
        (halved, "database disk image is malformed"),
        (lambda path: path.write_bytes(b""), "it is not marked as one"),
        (lambda path: path.write_bytes(b"rubbish" * 999), "file is not a database"),
        (lambda path: alter(path, "PRAGMA application_id = 7"), "it is not marked as one"),
        (lambda path: alter(path, "PRAGMA user_version = 3"), "it has version 3 of the format, not 2"),
        (lambda path: alter(path, "DROP TABLE comics"), "no such table: comics"),
        (lambda path: alter(path, "DELETE FROM meta WHERE name = 'source'"), "'source'"),
        (lambda path: alter(path, "UPDATE meta SET value = 'x' WHERE name = 'latest'"), "invalid literal for int"),
    ],
    ids=[
        "absent", "a directory", "halved", "empty", "rubbish", "another program's", "another version",
        "no comics", "no source", "no number",
    ],
)  # fmt: skip
def test_a_file_that_is_no_archive_says_why(path: Path, damage: Callable[[Path], object], why: str) -> None:
    damage(write_archive(path, [*range(1, 100)]))
    with pytest.raises(ArchiveError) as raised:
        Archive(path)
    assert str(raised.value).startswith(f"{path} is not a usable archive: {why}")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("{", "Expecting property name enclosed in double quotes"),
        ("{}", "xkcd's record has no comic number in 'num'."),
        (records()[3].decode(), "it is that of comic 3."),
        ("[" * 100_000, "maximum recursion depth exceeded"),
    ],
    ids=["not JSON", "not a record", "another comic's", "nested too deep"],
)
def test_an_unusable_record_is_left_out_and_noted_once(
    path: Path, record: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    archive = Archive(alter(write_archive(path, [1, 2]), "UPDATE comics SET record = ? WHERE num = 2", record))
    assert [had(archive, 1, 2), had(archive, 2), had(archive, 1)] == [[1], [], [1]]
    (message,) = caplog.messages
    assert message.startswith(f"The archive {path} has an unusable record of comic 2: {why}")


def test_what_turns_out_damaged_is_noted_once_and_counts_as_empty(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    damage(write_archive(path), near=1050)
    archive = Archive(path)
    assert using(archive, read_all) != []  # as far as it goes
    assert (had(archive, 1), using(archive, read_all), archive.numbers) == ([], [], ())
    assert caplog.messages == [f"The archive {path} is left out: database disk image is malformed"]


def test_one_that_is_replaced_while_it_is_open_is_read_on_as_it_was(path: Path, tmp_path: Path) -> None:
    archive = Archive(write_archive(path, [1]))
    other = write_archive(tmp_path / "other", [2])

    async def replace(archive: Archive) -> list[list[int]]:
        before = [*await archive.comics([1, 2])]
        other.replace(path)
        return [before, [*await archive.comics([1, 2])]]

    assert using(archive, replace) == [[1], [1]]


def test_one_that_is_gone_before_it_was_read_is_noted_and_closes_all_the_same(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive = Archive(write_archive(path, [1]))
    path.unlink()
    assert had(archive, 1) == []
    assert caplog.messages == [f"The archive {path} is left out: unable to open database file"]


def test_a_forked_child_reads_over_a_connection_of_its_own(path: Path, tmp_path: Path) -> None:
    """The child opens the path again. Over its parent's connection it would read the file that was there before."""
    archive, loop = Archive(write_archive(path, [1])), EventLoop()
    loop.on_close(archive.aclose)
    assert [*loop.run(archive.comics([1, 2]))] == [1]
    write_archive(tmp_path / "other", [2]).replace(path)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.write(writing, bytes(loop.run(archive.comics([1, 2]))))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        assert list(pipe.read()) == [2]
    os.waitpid(child, 0)
    assert [*loop.run(archive.comics([1, 2]))] == [1]
    loop.close()


def test_a_moved_transcript_comes_from_its_partners_record(path: Path) -> None:
    archive = Archive(write_archive(path, [1611, 1613, 1615]))
    comics = using(archive, lambda archive: archive.comics([1613, 1611]))
    assert {num: [each.comic.transcript, each.comic.corrections] for num, each in comics.items()} == {
        1613: [found(1615).comic.record["transcript"], (("transcript", "moved", 1615),)],
        1611: [found(1613).comic.record["transcript"], (("transcript", "moved", 1613),)],
    }


def test_without_the_partners_record_there_is_no_transcript(path: Path) -> None:
    archive = Archive(write_archive(path, [1611, 1615]))
    comic = using(archive, lambda archive: archive.comics([1611]))[1611].comic
    assert (comic.transcript, comic.corrections) == (None, (("transcript", "not_its_own", None),))


def test_partners_at_the_border_of_two_readings_are_found_too(whole_archive: Path) -> None:
    async def moved(archive: Archive) -> int:
        comics = [found.comic async for found in archive.records()]
        return sum(correction.kind == "moved" for comic in comics for correction in comic.corrections)

    assert using(Archive(whole_archive), moved) == 58
