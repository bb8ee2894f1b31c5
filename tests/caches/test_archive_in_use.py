"""An archive between memory and table: who is asked, and what is served when nobody answers."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from app.caches.archive import Archive
from app.caches.dynamodb import ComicsTable
from app.comics.found import DAY, LATEST_FRESH_FOR, MOST_FRESH
from app.comics.selection import Latest, Listed, Randomly, Selection, Since
from app.settings import VERSION
from tests.archives import alter, damage, write_archive
from tests.commands import program
from tests.records import NOW, Clock, found
from tests.rig import Context, Rig, nums
from tools.stand_in import StandIn, records
from tools.table import LocalTable

YEAR = 365 * DAY

MakeRig = Callable[..., Rig]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.sqlite"


@pytest.fixture
def make_rig(xkcd: StandIn) -> Iterator[MakeRig]:
    """Makes gatherers with the archive in that file, as processes do that share nothing else but a table."""
    with ExitStack() as stack:

        def make(path: Path, clock: Clock, table: LocalTable | None = None) -> Rig:
            comics = ComicsTable(table.name, clock) if table else None
            rig = Rig(xkcd, archive=Archive(path), table=comics, clock=clock)
            if comics is not None:
                rig.loop.on_close(comics.aclose)
            stack.callback(rig.close)
            return rig

        yield make


def came(rig: Rig, *what: Selection | int) -> list[tuple[int, str, bool]]:
    """The number of each comic, where it came from, and whether it is stale."""
    gathered = rig.gather(*what)
    assert gathered.failures == ()
    return [(found.comic.num, found.source, found.stale) for found in gathered.comics]


def test_with_xkcd_gone_and_no_table_a_new_process_has_every_comic_as_xkcd_sent_it(
    xkcd: StandIn, whole_archive: Path, make_app: Callable[..., XkcdGather]
) -> None:
    xkcd.end()
    app = make_app(archive=str(whole_archive))
    numbers, served = list(records()), dict[int, object]()
    for start in range(0, len(numbers), 100):
        hundred = numbers[start : start + 100]
        document = app.test_client().get(f"/comics?n={','.join(map(str, hundred))}&fields=num").json
        assert (nums(document["comics"]), document["complete"]) == (hundred, True)
        gathered = app.event_loop.run(app.gatherer.gather(Listed(tuple(hundred)), time.monotonic() + 8))
        served |= {found.comic.num: found.comic.record for found in gathered.comics}
    assert served == {num: json.loads(record) for num, record in records().items()}


def test_with_xkcd_gone_and_no_table_random_the_latest_and_the_gallery_work(
    xkcd: StandIn, whole_archive: Path, make_app: Callable[..., XkcdGather]
) -> None:
    xkcd.end()
    for path in ("/comics?random=5", "/comics?latest=5", "/comics?since=2660", "/comics?random=5&seed=a"):
        document = make_app(archive=str(whole_archive)).test_client().get(path).json
        assert (len(document["comics"]), document["complete"], document["latest"]) == (5, True, 2665)
    page = make_app(archive=str(whole_archive)).test_client().get("/", follow_redirects=True)
    assert (page.status_code, len(re.findall('<article id="comic-', page.text))) == (200, 5)


def test_what_is_in_the_archive_comes_from_there_and_then_from_memory(
    xkcd: StandIn, path: Path, make_rig: MakeRig
) -> None:
    rig = make_rig(write_archive(path, [1, 2]), Clock())
    assert came(rig, 2, 3, 1) == [(2, "archive", False), (3, "xkcd", False), (1, "archive", False)]
    assert came(rig, 2, 3, 1) == [(2, "memory", False), (3, "memory", False), (1, "memory", False)]
    assert xkcd.asked == {"/3/info.0.json": 1}


def test_a_comic_that_is_due_is_asked_for_once_for_all_processes_with_the_table(
    xkcd: StandIn, table: LocalTable, path: Path, make_rig: MakeRig
) -> None:
    write_archive(path, [1, 2])
    clock = Clock()
    clock.now += MOST_FRESH
    assert came(make_rig(path, clock, table), 1) == [(1, "xkcd", False)]
    assert came(make_rig(path, clock, table), 1) == [(1, "table", False)]
    assert xkcd.asked == {"/1/info.0.json": 1}


def test_of_two_that_are_due_the_one_fetched_later_is_served_when_xkcd_does_not_send_it(
    xkcd: StandIn, table: LocalTable, path: Path, make_rig: MakeRig
) -> None:
    write_archive(path, [found(1, NOW), found(2, NOW + DAY)])
    clock = Clock()
    clock.now += DAY / 2
    rig = make_rig(write_archive(path.with_name("empty"), [2665]), clock, table)
    assert came(rig, 1, 2) == [(1, "xkcd", False), (2, "xkcd", False)]
    xkcd.faults[0] = "html"
    clock.now += YEAR + DAY
    assert came(make_rig(path, clock, table), 1, 2) == [(1, "table", True), (2, "archive", True)]


def test_the_table_is_not_asked_for_what_is_fresh_in_the_archive(
    table: LocalTable, path: Path, make_rig: MakeRig
) -> None:
    assert came(make_rig(write_archive(path, [1]), Clock(), table), 1) == [(1, "archive", False)]
    assert table.asked == {}


@pytest.mark.parametrize("years", [2, 20])
def test_while_xkcd_cannot_be_asked_the_archive_serves_however_old_it_is(
    xkcd: StandIn, path: Path, make_rig: MakeRig, years: int
) -> None:
    clock = Clock()
    rig = make_rig(write_archive(path), clock)
    clock.now += years * YEAR
    xkcd.faults[0] = "503"
    assert came(rig, 1, 2665) == [(1, "archive", True), (2665, "archive", True)]
    gathered = rig.gather(Latest(2))
    assert (nums(gathered.comics), gathered.latest, gathered.latest_stale) == ([2665, 2664], 2665, True)
    assert len(rig.gather(Randomly(5)).comics) == 5


def test_random_comics_are_those_in_the_archive_and_in_memory_and_nobody_is_asked(
    xkcd: StandIn, table: LocalTable, path: Path, make_rig: MakeRig
) -> None:
    rig = make_rig(write_archive(path, [1, 2, 3]), Clock(), table)
    rig.gather(Listed((614,)))
    for asked in (xkcd.asked, table.asked):
        asked.clear()
    drawn = [rig.gather(Randomly(2)) for _ in range(30)]
    assert {num for gathered in drawn for num in nums(gathered.comics)} == {1, 2, 3, 614}
    assert {(len(set(nums(gathered.comics))), gathered.latest) for gathered in drawn} == {(2, 2665)}
    assert (xkcd.asked, table.asked) == ({}, {})


def test_more_random_comics_than_are_known_are_drawn_from_all(xkcd: StandIn, path: Path, make_rig: MakeRig) -> None:
    clock = Clock()
    rig = make_rig(write_archive(path, [1, 2, 3]), clock)
    clock.now += LATEST_FRESH_FOR
    assert len(rig.gather(Randomly(5)).comics) == 5
    assert xkcd.asked["/info.0.json"] == 1


@pytest.mark.parametrize("selection", [Latest(2), Since(2663), Randomly(2, "seed"), Listed((1, "latest"))])
def test_what_depends_on_the_latest_asks_for_it_and_takes_the_comics_from_the_archive(
    xkcd: StandIn, path: Path, make_rig: MakeRig, selection: Selection
) -> None:
    clock = Clock()
    rig = make_rig(write_archive(path), clock)
    clock.now += LATEST_FRESH_FOR
    assert len(came(rig, selection)) == 2
    assert xkcd.asked == {"/info.0.json": 1}


def test_a_later_latest_is_that_of_xkcd_and_then_that_of_the_table(
    xkcd: StandIn, table: LocalTable, path: Path, make_rig: MakeRig
) -> None:
    write_archive(path, range(2600, 2665), latest=2664)
    clock = Clock()
    clock.now += LATEST_FRESH_FOR
    expected = [(2665, "xkcd", False), (2664, "archive", False), (2663, "archive", False)]
    assert came(make_rig(path, clock, table), Latest(3)) == expected
    expected[0] = (2665, "table", False)
    assert came(make_rig(path, clock, table), Latest(3)) == expected
    assert xkcd.asked == {"/info.0.json": 1}


def test_an_earlier_latest_is_not_believed(xkcd: StandIn, path: Path, make_rig: MakeRig) -> None:
    clock = Clock()
    rig = make_rig(write_archive(path, [2664, 2665]), clock)
    clock.now += LATEST_FRESH_FOR
    xkcd.latest = 2000
    assert nums(rig.gather(Latest(2)).comics) == [2665, 2664]


def test_health_tells_of_the_archive(path: Path, make_app: Callable[..., XkcdGather]) -> None:
    client = make_app(archive=str(write_archive(path, [1, 2]))).test_client()
    assert client.get("/health").json == {
        "version": VERSION,
        "latest": 2665,
        "learnt_at": "2026-11-18T11:06:40Z",
        "caches": ["memory", "archive"],
        "archive": {"comics": 2, "latest": 2665, "made_at": "2026-11-18T11:06:40Z"},
    }


def test_an_answer_from_the_archive_is_like_one_from_xkcd(
    path: Path, client: FlaskClient, make_app: Callable[..., XkcdGather]
) -> None:
    archived = make_app(archive=str(write_archive(path, [614]))).test_client().get("/comics/614").get_json()
    sent = client.get("/comics/614").get_json()
    assert (archived.pop("source"), archived.pop("fetched_at")) == ("archive", "2026-11-18T11:06:40Z")
    assert archived == {name: value for name, value in sent.items() if name in archived}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"rubbish"),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: alter(path, "PRAGMA user_version = 3"),
    ],
    ids=["absent", "rubbish", "halved", "another version"],
)
def test_an_archive_that_cannot_be_used_is_noted_once_and_left_out(
    path: Path, make_app: Callable[..., XkcdGather], caplog: pytest.LogCaptureFixture, damage: Callable[[Path], object]
) -> None:
    damage(write_archive(path, range(1, 100)))
    client = make_app(archive=str(path)).test_client()
    for source in ("xkcd", "memory"):
        assert client.get("/comics/1").json["source"] == source
    assert client.get("/health").json["archive"] is None
    (message,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert message.startswith(f"This process does without an archive: {path} is not a usable archive: ")


def test_an_archive_that_turns_out_damaged_costs_nobody_a_comic(
    path: Path, make_app: Callable[..., XkcdGather]
) -> None:
    damage(write_archive(path), near=1050)
    client = make_app(archive=str(path)).test_client()
    document = client.get("/comics?n=1000-1099").json
    assert (document["complete"], {comic["source"] for comic in document["comics"]}) == (True, {"xkcd"})
    assert client.get("/comics?random=5").json["complete"] is True


def test_aiodynamo_is_imported_only_when_the_table_is_needed_and_serves_the_request_that_needs_it(
    xkcd: StandIn, path: Path, table: LocalTable, make_app: Callable[..., XkcdGather]
) -> None:
    make_app(table=table.name).test_client().get("/comics/614")
    source = """
import json, sys, handler
handler.handler({"path": "/comics?n=1-5"}, None)
before = "aiodynamo" in sys.modules
answer = handler.handler({"path": "/comics/614"}, None)
print(before, json.loads(answer["body"])["source"])
"""
    environ = {**table.environ, **xkcd.environ, "ARCHIVE": str(write_archive(path, range(1, 6), made_at=time.time()))}
    assert program(source, **environ) == (0, "False table\n", [])


def test_with_an_archive_a_ping_opens_no_connections_for_comics(
    xkcd: StandIn, path: Path, make_app: Callable[..., XkcdGather]
) -> None:
    report = make_app(archive=str(write_archive(path, [1]))).ping(Context())
    assert (report["latest"], report["problem"], xkcd.connections) == (2665, None, 1)


def test_sqlite3_is_imported_only_with_an_archive(path: Path) -> None:
    source = "import sys, handler; print('sqlite3' in sys.modules)"
    assert program(source, XKCD_URL="http://127.0.0.1:9", ARCHIVE="") == (0, "False\n", [])
    archive = str(write_archive(path, [1]))
    assert program(source, XKCD_URL="http://127.0.0.1:9", ARCHIVE=archive) == (0, "True\n", [])


def test_a_comic_fetched_anew_gets_its_moved_transcript_from_the_archive(make_rig: MakeRig, path: Path) -> None:
    clock = Clock()
    rig = make_rig(write_archive(path, [1611, 1613]), clock)
    (archived,) = rig.gather(1611).comics
    clock.now += 2 * YEAR
    (fetched,) = rig.gather(1611).comics
    assert [found.source for found in (archived, fetched)] == ["archive", "xkcd"]
    assert fetched.comic.corrections == archived.comic.corrections == (("transcript", "moved", 1613),)
    assert fetched.comic.transcript == archived.comic.transcript
