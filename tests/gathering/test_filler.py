"""Filling the table's gaps."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.caches.archive import Archive
from app.caches.dynamodb import ComicsTable
from app.caches.items import LARGEST_RECORD
from app.circuit import PAUSE
from app.comics.found import DAY, MOST_FRESH
from app.errors import TableError
from app.gathering.filler import Filled, Filler
from tests.archives import write_archive
from tests.records import NOW, Clock, found
from tests.rig import Rig
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn
from tools.table import LocalTable, refusal


class TableRig(Rig):
    """A filler over the stand-in and a table."""

    def __init__(self, xkcd: StandIn, table: LocalTable, clock: Clock, archive: Archive | None = None) -> None:
        comics = ComicsTable(table.name, clock)
        super().__init__(xkcd, table=comics, archive=archive, clock=clock)
        self.loop.on_close(comics.aclose)
        self.filler = Filler(self.gatherer, self.caches, comics, 2, clock)
        self.progress: list[tuple[int, int]] = []

    def fill(self, latest: int, most: int | None = None, seconds: float = 8.0) -> Filled:
        deadline = time.monotonic() + seconds
        return self.loop.run(self.filler.fill(latest, most, deadline, lambda *at: self.progress.append(at)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rig(xkcd: StandIn, table: LocalTable, clock: Clock) -> Iterator[TableRig]:
    rig = TableRig(xkcd, table, clock)
    yield rig
    rig.close()


def asked(xkcd: StandIn) -> list[int]:
    """The comics asked for, in order; each was asked for once."""
    assert set(xkcd.asked.values()) <= {1}
    return [int(path.split("/")[1]) for path in xkcd.asked]


def test_missing_comics_are_fetched_newest_first_up_to_a_number(
    xkcd: StandIn, table: LocalTable, rig: TableRig
) -> None:
    assert rig.fill(latest=406, most=3) == Filled(gathered=3, failed=0, missing=402, problem=None)
    assert table.items().keys() == {406, 405, 403}
    assert rig.progress == [(2, 3), (3, 3)]
    assert rig.fill(latest=406, most=2) == Filled(gathered=2, failed=0, missing=400, problem=None)
    assert sorted(asked(xkcd), reverse=True) == [406, 405, 403, 402, 401]


def test_old_comics_are_fetched_again(xkcd: StandIn, table: LocalTable, rig: TableRig, clock: Clock) -> None:
    rig.fill(latest=3)
    first = int(clock.now)
    clock.now += MOST_FRESH - DAY * 200
    rig.fill(latest=4)
    clock.now += DAY * 200
    assert rig.fill(latest=4) == Filled(gathered=3, failed=0, missing=0, problem=None)
    fetched = {num: int(item["fetched_at"]["N"]) - first for num, item in table.items().items()}
    assert fetched == {1: MOST_FRESH, 2: MOST_FRESH, 3: MOST_FRESH, 4: MOST_FRESH - DAY * 200}


def test_a_full_table_is_left_as_it_is(xkcd: StandIn, table: LocalTable, rig: TableRig) -> None:
    rig.fill(latest=3)
    xkcd.asked.clear()
    assert rig.fill(latest=3) == Filled(gathered=0, failed=0, missing=0, problem=None)
    assert (xkcd.asked, table.asked["Scan"]) == ({}, 1)


def test_what_was_written_by_a_clock_a_year_ahead_is_written_again(
    xkcd: StandIn, table: LocalTable, rig: TableRig, clock: Clock
) -> None:
    clock.now += 365 * DAY
    rig.fill(latest=2)
    clock.now -= 365 * DAY
    assert rig.fill(latest=2) == Filled(gathered=2, failed=0, missing=0, problem=None)
    assert {item["fetched_at"]["N"] for item in table.items().values()} == {str(int(clock.now))}


def test_another_process_continues(xkcd: StandIn, table: LocalTable, rig: TableRig, clock: Clock) -> None:
    rig.fill(latest=4, most=2)
    xkcd.asked.clear()
    other = TableRig(xkcd, table, clock)
    assert other.fill(latest=4) == Filled(gathered=2, failed=0, missing=0, problem=None)
    other.close()
    assert sorted(asked(xkcd)) == [1, 2]


def test_what_another_process_has_filled_meanwhile_is_not_asked_for(
    xkcd: StandIn, table: LocalTable, rig: TableRig, clock: Clock
) -> None:
    rig.fill(latest=2)
    other = TableRig(xkcd, table, clock)
    other.fill(latest=4)
    other.close()
    xkcd.asked.clear()
    assert rig.fill(latest=4) == Filled(gathered=2, failed=0, missing=0, problem=None)
    assert xkcd.asked == {}


def test_what_could_not_be_written_before_is_written_from_memory(
    xkcd: StandIn, table: LocalTable, rig: TableRig
) -> None:
    table.faults["BatchWriteItem"] = refusal("ProvisionedThroughputExceededException")
    rig.gather(1, 2)
    assert table.items() == {}
    table.faults.clear()
    assert rig.fill(latest=3) == Filled(gathered=3, failed=0, missing=0, problem=None)
    assert table.items().keys() == {1, 2, 3}
    assert sorted(asked(xkcd)) == [1, 2, 3]


def test_a_comic_that_failed_waits_until_the_others_had_their_turn(
    xkcd: StandIn, table: LocalTable, rig: TableRig
) -> None:
    xkcd.faults[4] = "html"
    assert rig.fill(latest=4, most=2) == Filled(gathered=1, failed=1, missing=3, problem=None)
    assert rig.fill(latest=4, most=2) == Filled(gathered=2, failed=0, missing=1, problem=None)
    xkcd.faults.clear()
    assert rig.fill(latest=4, most=2) == Filled(gathered=1, failed=0, missing=0, problem=None)


def test_why_comics_failed_is_known_until_they_come(
    xkcd: StandIn, table: LocalTable, rig: TableRig, clock: Clock
) -> None:
    xkcd.faults |= {4: "html", 3: "404"}
    rig.fill(latest=4)
    assert rig.filler.failed == {4: "xkcd's answer for comic 4 is not JSON.", 3: "xkcd has no comic 3."}
    xkcd.faults.clear()
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    rig.fill(latest=4, most=1)
    assert rig.filler.failed == {4: "It could not be written.", 3: "xkcd has no comic 3."}
    table.faults.clear()
    clock.now += PAUSE
    rig.fill(latest=4)
    assert rig.filler.failed == {}


def test_comics_that_xkcd_lacks_or_sends_broken_do_not_end_it(xkcd: StandIn, rig: TableRig) -> None:
    xkcd.faults |= {4: "html", 3: "404"}
    assert rig.fill(latest=4) == Filled(gathered=2, failed=2, missing=2, problem=None)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("429", "xkcd is rate-limiting us (429)."),
        ("503-retry-after", "xkcd could not answer for comic 6 (503)."),
    ],
)
def test_when_xkcd_is_in_trouble_it_ends_early(xkcd: StandIn, rig: TableRig, fault: str, problem: str) -> None:
    xkcd.faults[0] = fault
    assert rig.fill(latest=6) == Filled(gathered=0, failed=2, missing=6, problem=problem)


def test_comics_that_xkcd_keeps_refusing_do_not_keep_others_out(xkcd: StandIn, rig: TableRig) -> None:
    xkcd.faults |= {6: "503", 5: "503"}
    assert rig.fill(latest=6) == Filled(gathered=4, failed=2, missing=2, problem=None)


def test_a_comic_that_failed_and_then_came_is_like_any_other(xkcd: StandIn, rig: TableRig, clock: Clock) -> None:
    xkcd.faults[3] = "html"
    rig.fill(latest=3)
    xkcd.faults.clear()
    rig.fill(latest=3)
    clock.now += MOST_FRESH
    xkcd.asked.clear()
    rig.fill(latest=3, most=1)
    assert xkcd.asked == {"/3/info.0.json": 1}


def test_one_bad_comic_in_a_group_does_not_hide_that_the_table_takes_nothing(
    xkcd: StandIn, table: LocalTable, rig: TableRig
) -> None:
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    xkcd.faults |= {6: "html", 4: "html"}
    problem = "The table did not take the comics that xkcd sent."
    assert rig.fill(latest=9) == Filled(gathered=0, failed=4, missing=9, problem=problem)


def test_while_the_table_has_its_rest_xkcd_is_not_asked(xkcd: StandIn, table: LocalTable, rig: TableRig) -> None:
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    rig.fill(latest=9)
    xkcd.asked.clear()
    with pytest.raises(TableError, match=r"^Writing to the table failed before, so it is paused for now\.$"):
        rig.fill(latest=9)
    assert xkcd.asked == {}


def test_what_is_old_in_memory_is_not_written_over_what_is_new_in_the_table(
    xkcd: StandIn, table: LocalTable, rig: TableRig, clock: Clock
) -> None:
    rig.fill(latest=2)
    clock.now += MOST_FRESH + DAY
    other = TableRig(xkcd, table, clock)
    other.fill(latest=2)
    other.close()
    renewed = table.items()
    table.faults["BatchGetItem"] = refusal("InternalServerError", 500)
    xkcd.faults[0] = "503"
    rig.fill(latest=2)
    assert table.items() == renewed


def test_a_comic_too_large_for_the_table_is_fetched_once(
    xkcd: StandIn, rig: TableRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "large", changed(transcript="x" * LARGEST_RECORD))
    xkcd.faults[2] = "large"
    for _ in range(2):
        rig.fill(latest=2)
    assert xkcd.asked["/2/info.0.json"] == 1


def test_what_turned_out_to_be_rubbish_is_fetched_again(xkcd: StandIn, table: LocalTable, rig: TableRig) -> None:
    rig.fill(latest=2)
    client = table.client()
    client.put_item(TableName=table.name, Item={**table.items()[1], "record": {"S": "?"}})
    client.close()
    other = TableRig(xkcd, table, Clock())
    assert other.fill(latest=2).missing == 0
    other.gather(1)
    client = table.client()
    client.put_item(TableName=table.name, Item={**table.items()[2], "record": {"S": "?"}})
    client.close()
    table.faults["BatchWriteItem"] = refusal("InternalServerError", 500)
    other.gather(2)
    table.faults.clear()
    assert other.fill(latest=2) == Filled(gathered=1, failed=0, missing=0, problem=None)
    other.close()


def test_when_xkcd_does_not_renew_what_is_old_it_ends_early(xkcd: StandIn, rig: TableRig, clock: Clock) -> None:
    rig.fill(latest=6)
    clock.now += MOST_FRESH
    xkcd.faults[0] = "503"
    problem = "xkcd did not send the comics that the table has old."
    assert rig.fill(latest=6) == Filled(gathered=0, failed=4, missing=6, problem=problem)


def test_when_the_table_takes_nothing_it_ends_early(xkcd: StandIn, table: LocalTable, rig: TableRig) -> None:
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    problem = "The table did not take the comics that xkcd sent."
    assert rig.fill(latest=6) == Filled(gathered=0, failed=4, missing=6, problem=problem)
    assert sorted(asked(xkcd)) == [3, 4, 5, 6]


def test_that_xkcd_did_not_renew_a_comic_is_why_it_failed(xkcd: StandIn, rig: TableRig, clock: Clock) -> None:
    rig.fill(latest=1)
    clock.now += MOST_FRESH
    xkcd.faults[0] = "html"
    rig.fill(latest=1)
    assert rig.filler.failed == {1: "xkcd did not send it again."}


def test_what_is_fresh_in_the_archive_is_not_put_into_the_table(
    xkcd: StandIn, table: LocalTable, clock: Clock, tmp_path: Path
) -> None:
    archived = [found(num, 0.0 if num == 2 else NOW) for num in (1, 2, 3)]
    archive = Archive(write_archive(tmp_path / "archive.sqlite", archived, latest=4))
    rig = TableRig(xkcd, table, clock, archive)
    for gathered in (2, 0):
        assert rig.fill(latest=4) == Filled(gathered=gathered, failed=0, missing=0, problem=None)
    assert sorted(asked(xkcd)) == [2, 4]
    assert table.items().keys() == {2, 4}
    rig.close()


def test_it_ends_at_the_deadline(xkcd: StandIn, table: LocalTable, rig: TableRig) -> None:
    rig.fill(latest=1)
    assert rig.fill(latest=6, seconds=0) == Filled(gathered=0, failed=0, missing=5, problem=None)


def test_a_table_that_does_not_tell_what_it_holds_is_an_error(table: LocalTable, rig: TableRig) -> None:
    table.faults["Scan"] = refusal("AccessDeniedException")
    with pytest.raises(TableError, match="AccessDeniedException"):
        rig.fill(latest=6)
    table.faults.clear()
    with pytest.raises(TableError, match=r"^The table could not be read before the deadline\.$"):
        rig.fill(latest=6, seconds=0)


def test_it_counts_the_comics_that_are_missing_or_old(rig: TableRig, clock: Clock) -> None:
    def missing() -> int:
        return rig.loop.run(rig.filler.missing(6, time.monotonic() + 8))

    rig.fill(latest=6, most=2)
    assert missing() == 4
    clock.now += MOST_FRESH
    assert missing() == 6
