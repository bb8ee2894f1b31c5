"""`make archive`, as a developer uses it: from nothing, again, interrupted, killed, without space, in bad weather."""

import asyncio
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.caches.archive import Archive
from app.comics.found import DAY, Found, LatestNumber
from app.comics.image import Image
from app.errors import TableError
from app.runtime.event_loop import EventLoop
from tests.archives import alter, write_archive
from tests.commands import ROOT
from tests.records import NOW, found
from tools.archive_file import ArchiveInTheMaking
from tools.faults import Step
from tools.stand_in import StandIn, records
from tools.stand_in.images import IMAGE_FAULTS, drawing, size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.sqlite"


def start(xkcd: StandIn | None, path: Path, **how: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tools.archive"],
        cwd=ROOT,
        env={**os.environ, "ARCHIVE": str(path), **(xkcd.environ if xkcd else {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **how,
    )


def run(xkcd: StandIn | None, path: Path, **how: Any) -> tuple[int, str, str]:
    """The exit status, and what was printed on stdout and stderr."""
    with start(xkcd, path, **how) as process:
        said, logged = process.communicate()
    return process.returncode, said, logged


def read(path: Path) -> dict[int, Found]:
    """The comics in an archive, by number."""
    archive, loop = Archive(path), EventLoop()
    loop.on_close(archive.aclose)

    async def read() -> dict[int, Found]:
        return {found.comic.num: found async for found in archive.records()}

    read_all = loop.run(read())
    loop.close()
    return read_all


def content(path: Path) -> dict[int, object]:
    """The records in an archive, by number."""
    return {num: found.comic.record for num, found in read(path).items()}


def sent(*numbers: int) -> dict[int, object]:
    """The stand-in's records of these comics; without any, all of them."""
    return {num: json.loads(records()[num]) for num in numbers or records()}


def asked(xkcd: StandIn) -> list[int]:
    """The comics that were asked for by number, each once."""
    assert set(xkcd.asked.values()) == {1}
    return sorted(int(path.split("/")[1]) for path in xkcd.asked if re.match("/[0-9]", path))


def images(xkcd: StandIn) -> list[str]:
    """The paths of the images that were asked for, but for those in twice the resolution."""
    return [path for path in xkcd.asked if path.startswith("/comics/") and "_2x." not in path]


def facts(path: Path) -> dict[int, Image | None]:
    """What an archive knows of each comic's image, by number."""
    return {num: found.image for num, found in read(path).items()}


def has_asked_for(xkcd: StandIn, count: int) -> bool:
    return xkcd.asked.total() >= count


def test_it_has_every_record_as_it_was_sent_and_made_again_asks_for_the_latest_alone(xkcd: StandIn, path: Path) -> None:
    code, said, logged = run(xkcd, path)
    assert (code, logged) == (0, f"Making archive.sqlite from {xkcd.url}\nLooking up images\n")
    result = (
        rf"archive.sqlite: 2664 comics of {re.escape(xkcd.url)} up to 2665, "
        r"2662 with sizes and 1580 with a sharp image, made today, 6\.\d MB\."
    )
    assert re.fullmatch(rf"2664 comics fetched in \d+ s\.\n2664 images looked up in \d+ s\.\n{result}\n", said)
    assert content(path) == sent()
    xkcd.asked.clear()
    code, said, _ = run(xkcd, path)
    assert (code, xkcd.asked) == (0, {"/info.0.json": 1})
    assert re.fullmatch(rf"1 comics fetched in \d+ s\.\n0 images looked up in \d+ s\.\n{result}\n", said)
    assert os.listdir(path.parent) == ["archive.sqlite"]


def test_without_an_address_it_is_made_from_the_stand_in(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XKCD_URL", raising=False)
    for _ in range(2):
        code, said, logged = run(None, path)
        assert (code, logged) == (0, "Making archive.sqlite from the stand-in\nLooking up images\n")
        assert "archive.sqlite: 2664 comics of the stand-in up to 2665, 2662 with sizes and 1580 with " in said


def test_only_what_is_missing_or_due_is_asked_for(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 10
    write_archive(path, [found(num, 0.0 if num in (3, 4) else NOW) for num in range(1, 9)], 8, source=xkcd.url)
    code, said, _ = run(xkcd, path)
    assert (code, said[:17], asked(xkcd)) == (0, "4 comics fetched ", [3, 4, 9])
    archive = Archive(path)
    assert (archive.numbers, archive.latest_number.num) == (tuple(range(1, 11)), 10)
    assert archive.made_at > NOW + DAY


def test_a_process_that_has_the_old_one_open_goes_on_reading_it(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 3
    archive, loop = Archive(write_archive(path, [1], 1, source=xkcd.url)), EventLoop()
    loop.on_close(archive.aclose)
    assert list(loop.run(archive.comics([1, 2, 3]))) == [1]
    assert run(xkcd, path)[0] == 0
    assert list(loop.run(archive.comics([1, 2, 3]))) == [1]
    loop.close()
    assert content(path) == sent(1, 2, 3)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
@pytest.mark.parametrize("old", [False, True], ids=["first", "old"])
def test_whatever_ends_it_the_archive_is_as_it_was_and_the_next_run_continues(
    xkcd: StandIn, path: Path, how: signal.Signals, old: bool
) -> None:
    xkcd.latest = 100
    before = write_archive(path, [1, 2], 2, source=xkcd.url).read_bytes() if old else None
    xkcd.faults[50] = "silence"
    with start(xkcd, path) as process:
        assert xkcd.wait_until(lambda: "/50/info.0.json" in xkcd.asked, seconds=20)
        process.send_signal(how)
        _, logged = process.communicate()
    assert (path.read_bytes() if path.exists() else None) == before
    if how is signal.SIGINT:
        state = "has 48 comics, 52 are missing" if old else "has 46 comics, 54 are missing"
        assert process.returncode == 1
        assert logged.endswith(f"\nInterrupted. archive.sqlite.part {state}. Run it again to continue.\n")
    tried = {path for path in xkcd.asked if path != "/info.0.json"}
    assert images(xkcd) == []
    xkcd.faults.clear()
    xkcd.asked.clear()
    assert run(xkcd, path)[0] == 0
    assert content(path) == sent(*range(1, 101))
    again = tried & xkcd.asked.keys()
    assert len(again) <= 5  # the group that was under way
    assert os.listdir(path.parent) == ["archive.sqlite"]


def test_killed_at_any_moment_it_is_never_half_written(xkcd: StandIn, path: Path) -> None:
    """Killed again and again, each time a little later, until it is done."""
    xkcd.latest = 300
    for kills in range(1, 100):
        with start(xkcd, path) as process:
            wanted = xkcd.asked.total() + 40 + kills
            while process.poll() is None and not xkcd.wait_until(partial(has_asked_for, xkcd, wanted), 0.05):
                pass
            process.kill()
            process.communicate()
        if path.exists():
            break
    assert 2 < kills < 99
    assert run(xkcd, path)[0] == 0
    assert content(path) == sent(*range(1, 301))


def limited(size: int) -> Callable[[], None]:
    """Makes a process whose files cannot grow beyond that size, as on a disk that fills up."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [30_000, 100_000, 300_000])
def test_on_a_full_disk_it_ends_with_the_reason_and_the_old_one_stays(xkcd: StandIn, path: Path, size: int) -> None:
    xkcd.latest = 600
    before = write_archive(path, [1, 2], 2, source=xkcd.url).read_bytes()
    code, said, logged = run(xkcd, path, preexec_fn=limited(size))
    assert (code, logged) == (1, f"Making archive.sqlite from {xkcd.url}\n")
    assert re.fullmatch(
        rf"\d+ comics fetched in \d+ s\.\n{path}\.part could not be written: disk I/O error\. "
        r"archive\.sqlite\.part has \d+ comics, \d+ are missing\. Run it again to continue\.\n",
        said,
    )
    assert path.read_bytes() == before
    assert run(xkcd, path)[0] == 0
    assert content(path) == sent(*(num for num in range(1, 601) if num != 404))


def test_on_a_disk_without_any_space_it_does_not_begin(xkcd: StandIn, path: Path) -> None:
    code, said, logged = run(xkcd, path, preexec_fn=limited(0))
    assert (code, said, logged) == (2, "", f"{path}.part cannot be written: disk I/O error.\n")


def test_when_the_finished_archive_cannot_take_its_place_the_part_stays(path: Path) -> None:
    making = ArchiveInTheMaking(path, "https://xkcd.com")
    asyncio.run(making.keep([found(1)], LatestNumber(1, NOW)))
    path.mkdir()
    with pytest.raises(TableError, match=rf"^{path} could not be written: .*Is a directory"):
        making.finish()
    making.close()
    assert sorted(os.listdir(path.parent)) == ["archive.sqlite", "archive.sqlite.part"]


def test_what_cannot_take_the_archives_place_leaves_it_as_it_was(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 3
    path.mkdir()
    (path / "file").touch()
    code, said, logged = run(xkcd, path)
    assert (code, said) == (2, "")
    assert logged == f"{path} is not a usable archive: disk I/O error. Remove it first.\n"


def test_what_could_not_be_fetched_is_named_and_its_old_record_stays(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 9
    write_archive(path, [found(5, 0.0)], 5, source=xkcd.url)
    xkcd.faults |= {5: "html", 7: "404"}
    code, said, _ = run(xkcd, path)
    assert code == 1
    assert re.fullmatch(
        r"7 comics fetched in \d+ s\.\n"
        r"2 could not be fetched:\n"
        r"  5: xkcd's answer for comic 5 is not JSON\.\n"
        r"  7: xkcd has no comic 7\.\n"
        r"7 images looked up in \d+ s\.\n"
        r"archive\.sqlite: 8 comics of .* up to 9, 7 with sizes and 0 with a sharp image, made today, 0\.0 MB\.\n",
        said,
    )
    assert content(path) == sent(*{*range(1, 10)} - {7})


def test_a_long_list_of_failures_is_cut(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 60
    xkcd.faults |= dict.fromkeys(range(1, 31), "html")
    code, said, _ = run(xkcd, path)
    assert code == 1
    assert "\n30 could not be fetched:\n  1: " in said
    assert "\n  20: xkcd's answer for comic 20 is not JSON.\n  and 10 more\n" in said


def test_a_refusal_ends_it_early_and_what_came_waits_for_the_next_run(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 20
    xkcd.faults |= dict.fromkeys(range(10, 15), "429")
    code, said, _ = run(xkcd, path)
    assert (code, path.exists()) == (1, False)
    assert said.endswith(
        "xkcd is rate-limiting us (429). archive.sqlite.part has 6 comics, 14 are missing. Run it again to continue.\n"
    )
    xkcd.faults.clear()
    assert run(xkcd, path)[0] == 0
    assert content(path) == sent(*range(1, 21))


def test_without_the_latest_it_cannot_begin(xkcd: StandIn, path: Path) -> None:
    xkcd.faults[0] = "html"
    code, said, logged = run(xkcd, path)
    assert (code, said, path.exists()) == (1, "", False)
    assert logged.endswith("archive.sqlite could not be made: xkcd's answer for the latest comic is not JSON.\n")


class BadWeather(StandIn):
    """A stand-in that answers one request in twenty with some fault, but no image's twice.

    An image that fails is tried again in the next pass, and a pass that brings nothing is the last.
    """

    hit = 0

    def answer(self, path: str, headers: Mapping[str, str]) -> Iterable[Step]:
        weather = Random(self.asked.total())
        if path.startswith("/comics/") and self.asked[path] == 1 and weather.random() < 0.05:
            return IMAGE_FAULTS[weather.choice(["503", "500", "cut-in-head", "reset-in-body"])](drawing(path) or b"")
        if path != "/info.0.json" and weather.random() < 0.05:
            self.hit += 1
            self.passing_faults = [
                weather.choice(["503", "500", "html", "cut-in-head", "reset-in-body", "another-comic"])
            ]
        return super().answer(path, headers)


def test_when_one_request_in_twenty_fails_all_comics_come_all_the_same(path: Path) -> None:
    with BadWeather(latency=0.0) as xkcd:
        xkcd.latest = 1000
        code, _, _ = run(xkcd, path)
        assert code == 0
        assert xkcd.hit > 30
    assert None not in facts(path).values()
    assert content(path) == sent(*(num for num in range(1, 1001) if num != 404))


@pytest.mark.parametrize("which", ["archive.sqlite", "archive.sqlite.part"])
def test_an_archive_from_another_source_is_refused(xkcd: StandIn, tmp_path: Path, which: str) -> None:
    write_archive(tmp_path / which, [1], 1, source="https://xkcd.com")
    before = (tmp_path / which).read_bytes()
    assert run(xkcd, tmp_path / "archive.sqlite") == (
        2,
        "",
        f"{tmp_path / which} was made from https://xkcd.com, not from {xkcd.url}, and sources are never mixed. "
        "Remove it first.\n",
    )
    assert (xkcd.asked, (tmp_path / which).read_bytes()) == ({}, before)


@pytest.mark.parametrize("which", ["archive.sqlite", "archive.sqlite.part"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"rubbish" * 999),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: alter(path, "PRAGMA user_version = 3"),
    ],
    ids=["rubbish", "halved", "another version"],
)
def test_a_damaged_archive_is_not_built_upon(
    xkcd: StandIn, tmp_path: Path, which: str, damage: Callable[[Path], object]
) -> None:
    damage(write_archive(tmp_path / which, range(1, 100), source=xkcd.url))
    code, said, logged = run(xkcd, tmp_path / "archive.sqlite")
    assert (code, said, xkcd.asked) == (2, "", {})
    assert re.fullmatch(rf"{tmp_path / which} is not a usable archive: .*\. Remove it first\.\n", logged)


def test_two_at_a_time_are_refused(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 10
    xkcd.faults[5] = "silence"
    with start(xkcd, path) as first:
        assert xkcd.wait_until(lambda: "/5/info.0.json" in xkcd.asked, seconds=20)
        assert run(xkcd, path) == (2, "", f"{path}.part cannot be written: another process is making it.\n")
        first.kill()
        first.communicate()


def test_a_directory_that_is_not_there_is_named(xkcd: StandIn, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "archive.sqlite"
    assert run(xkcd, path) == (2, "", f"{path}.part cannot be written: unable to open database file.\n")


BARREL, TREES, ISLAND = (
    "/comics/barrel_cropped_(1).jpg",
    "/comics/tree_cropped_(1).jpg",
    "/comics/island_color.jpg",
)
"""The images of the first three comics."""


def known(path: str, **facts: bool) -> Image:
    """What is learnt of the image at that path."""
    return Image(f"https://imgs.xkcd.com{path}", size(path), looked_at=0.0, **{"has_2x": False, **facts})


def undated(facts: Mapping[int, Image | None]) -> dict[int, Image | None]:
    return {num: image and image._replace(looked_at=0.0) for num, image in facts.items()}


def test_it_knows_the_size_of_each_image_and_whether_it_is_there_in_twice_the_resolution(
    xkcd: StandIn, path: Path
) -> None:
    comics = [1, 961, 1446, 1608, 2000]
    write_archive(path, comics, 2000, source=xkcd.url)
    xkcd.latest = 2000
    run(xkcd, path)
    images = undated(facts(path))
    assert {num: images[num] for num in comics} == {
        1: known(BARREL),
        961: known("/comics/eternal_flame.gif"),
        1446: known("/comics/%3F%3F%3F.png", has_2x=True),
        1608: Image(None, None, False, 0.0),
        2000: known("/comics/xkcd_phone_2000.png", has_2x=True),
    }


def test_images_are_looked_up_only_when_they_are_due(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 3
    assert run(xkcd, path)[0] == 0
    xkcd.asked.clear()
    alter(path, "UPDATE images SET looked_at = 0 WHERE num = 1")
    alter(path, "UPDATE images SET img = 'https://imgs.xkcd.com/comics/of_old.jpg' WHERE num = 2")
    assert run(xkcd, path)[0] == 0
    assert images(xkcd) == [TREES, BARREL]
    assert undated(facts(path)) == {1: known(BARREL), 2: known(TREES), 3: known(ISLAND)}


def test_a_comic_that_is_fetched_anew_keeps_what_is_known_of_its_image(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 2
    assert run(xkcd, path)[0] == 0
    alter(path, "UPDATE comics SET fetched_at = 0 WHERE num = 1")
    xkcd.asked.clear()
    assert run(xkcd, path)[0] == 0
    assert xkcd.asked == {"/info.0.json": 1, "/1/info.0.json": 1}
    assert undated(facts(path)) == {1: known(BARREL), 2: known(TREES)}


def test_what_is_no_image_is_not_asked_for_again(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 3
    xkcd.image_faults |= {BARREL: "404", TREES: "html", ISLAND: "redirect"}
    code, said, _ = run(xkcd, path)
    assert (code, set(images(xkcd))) == (0, {BARREL, TREES, ISLAND})
    assert "3 images looked up in 0 s.\narchive.sqlite: 3 comics " in said
    assert "0 with sizes and 0 with a sharp image" in said
    xkcd.asked.clear()
    assert run(xkcd, path)[0] == 0
    assert xkcd.asked == {"/info.0.json": 1}


def test_images_that_fail_do_not_hinder_the_archive_and_the_next_run_tries_them_again(
    xkcd: StandIn, path: Path
) -> None:
    xkcd.latest = 3
    xkcd.image_faults[TREES] = "503"
    code, said, _ = run(xkcd, path)
    assert code == 1
    assert re.search(
        r"2 images looked up in \d+ s\.\n1 could not be looked up:\n"
        r"  2: xkcd could not answer for the image /comics/tree_cropped_\(1\)\.jpg \(503\)\.\n"
        r"xkcd could not answer .* \(503\)\. 1 images are left\. Run it again to continue\.\narchive\.sqlite: 3 comics",
        said,
    )
    assert undated(facts(path)) == {1: known(BARREL), 2: None, 3: known(ISLAND)}
    xkcd.image_faults.clear()
    assert run(xkcd, path)[0] == 0
    assert undated(facts(path)) == {1: known(BARREL), 2: known(TREES), 3: known(ISLAND)}


def test_a_refusal_of_images_ends_it_early_and_the_archive_is_made_without_them(xkcd: StandIn, path: Path) -> None:
    xkcd.latest = 20
    xkcd.image_faults[""] = "403"
    code, said, _ = run(xkcd, path)
    assert code == 1
    assert "xkcd forbids us to ask (403). 20 images are left. Run it again to continue.\narchive.sqlite: 20 " in said
    assert len(images(xkcd)) == 5
    assert content(path) == sent(*range(1, 21))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def test_interrupted_among_images_it_continues_there(xkcd: StandIn, path: Path, how: signal.Signals) -> None:
    xkcd.latest = 20
    xkcd.image_faults[BARREL] = "silence"
    with start(xkcd, path) as process:
        assert xkcd.wait_until(lambda: BARREL in xkcd.asked, seconds=20)
        process.send_signal(how)
        _, logged = process.communicate()
    if how is signal.SIGINT:
        assert logged.endswith(
            "\nInterrupted. archive.sqlite.part has 20 comics, 0 are missing and 5 images are to be looked up. "
            "Run it again to continue.\n"
        )
    xkcd.image_faults.clear()
    xkcd.asked.clear()
    assert run(xkcd, path)[0] == 0
    assert (asked(xkcd), len(images(xkcd))) == ([], 5)
    assert None not in facts(path).values()


def test_an_archive_of_the_version_before_is_not_built_upon(xkcd: StandIn, path: Path) -> None:
    alter(write_archive(path, [1], source=xkcd.url), "PRAGMA user_version = 1")
    assert run(xkcd, path) == (
        2,
        "",
        f"{path} is not a usable archive: it has version 1 of the format, not 2. Remove it first.\n",
    )
