"""Filling the table's gaps."""

import time
from collections.abc import Iterator
from random import Random

import pytest

from app.caches.dynamodb import ComicsTable
from app.caches.items import LARGEST
from app.caches.layers import Caches
from app.comics.found import DAY, FRESH
from app.comics.selection import Listed
from app.errors import TableError
from app.gathering.filler import Filled, Filler
from app.gathering.gatherer import Gatherer
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.connection_pool import Connections
from app.upstream.xkcd import Xkcd
from tests.records import Clock
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn
from tools.table import LocalTable, refusal


class House:
    """A filler with a clock to set, over the stand-in and a table, on a loop of its own."""

    def __init__(self, xkcd: StandIn, table: LocalTable, clock: Clock, at_once: int = 2) -> None:
        self.loop = EventLoop()
        client = Xkcd(Settings(xkcd_url=xkcd.url), Connections(xkcd.url, None))
        self.loop.on_close(client.aclose)
        comics = ComicsTable(table.name, clock)
        self.loop.on_close(comics.aclose)
        caches = Caches(100, comics, clock)
        self.gatherer = Gatherer(client, caches, 0, Random(614), clock)
        self.filler = Filler(self.gatherer, caches, comics, at_once, clock)
        self.progress: list[tuple[int, int]] = []

    def fill(self, latest: int, most: int | None = None, seconds: float = 8.0) -> Filled:
        deadline = time.monotonic() + seconds
        return self.loop.run(self.filler.fill(latest, most, deadline, lambda *at: self.progress.append(at)))

    def gather(self, *numbers: int) -> None:
        self.loop.run(self.gatherer.gather(Listed(numbers), time.monotonic() + 8))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(xkcd: StandIn, table: LocalTable, clock: Clock) -> Iterator[House]:
    house = House(xkcd, table, clock)
    yield house
    house.loop.close()


def asked(xkcd: StandIn) -> list[int]:
    """The comics asked for, in order; each was asked for once."""
    assert set(xkcd.asked.values()) <= {1}
    return [int(path.split("/")[1]) for path in xkcd.asked]


def test_what_is_missing_is_fetched_latest_first_up_to_so_many(xkcd: StandIn, table: LocalTable, house: House) -> None:
    assert house.fill(latest=406, most=3) == Filled(gathered=3, failed=0, missing=402, problem=None)
    assert table.items().keys() == {406, 405, 403}
    assert house.progress == [(2, 3), (3, 3)]
    assert house.fill(latest=406, most=2) == Filled(gathered=2, failed=0, missing=400, problem=None)
    assert sorted(asked(xkcd), reverse=True) == [406, 405, 403, 402, 401]


def test_what_is_no_longer_fresh_is_fetched_again(xkcd: StandIn, table: LocalTable, house: House, clock: Clock) -> None:
    house.fill(latest=3)
    first = int(clock.now)
    clock.now += FRESH - DAY
    house.fill(latest=4)
    clock.now += DAY
    assert house.fill(latest=4) == Filled(gathered=3, failed=0, missing=0, problem=None)
    fetched = {num: int(item["fetched_at"]["N"]) - first for num, item in table.items().items()}
    assert fetched == {1: FRESH, 2: FRESH, 3: FRESH, 4: FRESH - DAY}


def test_a_full_table_is_left_as_it_is(xkcd: StandIn, table: LocalTable, house: House) -> None:
    house.fill(latest=3)
    xkcd.asked.clear()
    assert house.fill(latest=3) == Filled(gathered=0, failed=0, missing=0, problem=None)
    assert (xkcd.asked, table.asked["Scan"]) == ({}, 1)


def test_another_process_goes_on_where_one_ended(xkcd: StandIn, table: LocalTable, house: House, clock: Clock) -> None:
    house.fill(latest=4, most=2)
    xkcd.asked.clear()
    other = House(xkcd, table, clock)
    assert other.fill(latest=4) == Filled(gathered=2, failed=0, missing=0, problem=None)
    other.loop.close()
    assert sorted(asked(xkcd)) == [1, 2]


def test_what_another_process_has_filled_meanwhile_is_not_asked_for(
    xkcd: StandIn, table: LocalTable, house: House, clock: Clock
) -> None:
    house.fill(latest=2)
    other = House(xkcd, table, clock)
    other.fill(latest=4)
    other.loop.close()
    xkcd.asked.clear()
    assert house.fill(latest=4) == Filled(gathered=2, failed=0, missing=0, problem=None)
    assert xkcd.asked == {}


def test_what_could_not_be_written_before_is_written_from_memory(
    xkcd: StandIn, table: LocalTable, house: House
) -> None:
    table.faults["BatchWriteItem"] = refusal("ProvisionedThroughputExceededException")
    house.gather(1, 2)
    assert table.items() == {}
    table.faults.clear()
    assert house.fill(latest=3) == Filled(gathered=3, failed=0, missing=0, problem=None)
    assert table.items().keys() == {1, 2, 3}
    assert sorted(asked(xkcd)) == [1, 2, 3]


def test_a_comic_that_failed_waits_until_the_others_had_their_turn(
    xkcd: StandIn, table: LocalTable, house: House
) -> None:
    xkcd.faults[4] = "html"
    assert house.fill(latest=4, most=2) == Filled(gathered=1, failed=1, missing=3, problem=None)
    assert house.fill(latest=4, most=2) == Filled(gathered=2, failed=0, missing=1, problem=None)
    xkcd.faults.clear()
    assert house.fill(latest=4, most=2) == Filled(gathered=1, failed=0, missing=0, problem=None)


def test_comics_that_xkcd_lacks_or_sends_broken_do_not_end_it(xkcd: StandIn, house: House) -> None:
    xkcd.faults |= {4: "html", 3: "404"}
    assert house.fill(latest=4) == Filled(gathered=2, failed=2, missing=2, problem=None)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("429", "xkcd is asked too much and says so (429)."),
        ("503-retry-after", "xkcd could not answer for comic 4 (503)."),
    ],
)
def test_when_xkcd_is_in_trouble_it_ends_early(xkcd: StandIn, house: House, fault: str, problem: str) -> None:
    xkcd.faults[0] = fault
    tried = 2 if fault == "429" else 4
    assert house.fill(latest=6) == Filled(gathered=0, failed=tried, missing=6, problem=problem)


def test_comics_that_xkcd_keeps_refusing_do_not_keep_others_out(xkcd: StandIn, house: House) -> None:
    xkcd.faults |= {6: "503", 5: "503"}
    assert house.fill(latest=6) == Filled(gathered=4, failed=2, missing=2, problem=None)


def test_a_comic_that_failed_and_then_came_is_like_any_other(xkcd: StandIn, house: House, clock: Clock) -> None:
    xkcd.faults[3] = "html"
    house.fill(latest=3)
    xkcd.faults.clear()
    house.fill(latest=3)
    clock.now += FRESH
    xkcd.asked.clear()
    house.fill(latest=3, most=1)
    assert xkcd.asked == {"/3/info.0.json": 1}


def test_one_bad_comic_in_a_group_does_not_hide_that_the_table_takes_nothing(
    xkcd: StandIn, table: LocalTable, house: House
) -> None:
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    xkcd.faults |= {6: "html", 4: "html"}
    problem = "The table did not take what xkcd sent."
    assert house.fill(latest=9) == Filled(gathered=0, failed=4, missing=9, problem=problem)


def test_while_the_table_has_its_rest_xkcd_is_not_asked(xkcd: StandIn, table: LocalTable, house: House) -> None:
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    house.fill(latest=9)
    xkcd.asked.clear()
    with pytest.raises(TableError, match=r"^The table took nothing lately and is left alone for a while\.$"):
        house.fill(latest=9)
    assert xkcd.asked == {}


def test_what_is_old_in_memory_is_not_written_over_what_is_new_in_the_table(
    xkcd: StandIn, table: LocalTable, house: House, clock: Clock
) -> None:
    house.fill(latest=2)
    clock.now += FRESH + DAY
    other = House(xkcd, table, clock)
    other.fill(latest=2)
    other.loop.close()
    renewed = table.items()
    table.faults["BatchGetItem"] = refusal("InternalServerError", 500)
    xkcd.faults[0] = "503"
    house.fill(latest=2)
    assert table.items() == renewed


def test_a_comic_too_large_for_the_table_is_fetched_once(
    xkcd: StandIn, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "large", changed(transcript="x" * LARGEST))
    xkcd.faults[2] = "large"
    for _ in range(2):
        house.fill(latest=2)
    assert xkcd.asked["/2/info.0.json"] == 1


def test_what_turned_out_to_be_rubbish_is_fetched_again(xkcd: StandIn, table: LocalTable, house: House) -> None:
    house.fill(latest=2)
    client = table.client()
    client.put_item(TableName=table.name, Item={**table.items()[1], "record": {"S": "?"}})
    client.close()
    other = House(xkcd, table, Clock())
    assert other.fill(latest=2).missing == 0
    other.gather(1)
    client = table.client()
    client.put_item(TableName=table.name, Item={**table.items()[2], "record": {"S": "?"}})
    client.close()
    table.faults["BatchWriteItem"] = refusal("InternalServerError", 500)
    other.gather(2)
    table.faults.clear()
    assert other.fill(latest=2) == Filled(gathered=1, failed=0, missing=0, problem=None)
    other.loop.close()


def test_when_xkcd_does_not_renew_what_is_old_it_ends_early(xkcd: StandIn, house: House, clock: Clock) -> None:
    house.fill(latest=6)
    clock.now += FRESH
    xkcd.faults[0] = "503"
    problem = "xkcd did not send anew what the table has old."
    assert house.fill(latest=6) == Filled(gathered=0, failed=4, missing=6, problem=problem)


def test_when_the_table_takes_nothing_it_ends_early(xkcd: StandIn, table: LocalTable, house: House) -> None:
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    problem = "The table did not take what xkcd sent."
    assert house.fill(latest=6) == Filled(gathered=0, failed=4, missing=6, problem=problem)
    assert sorted(asked(xkcd)) == [3, 4, 5, 6]


def test_it_ends_at_the_deadline(xkcd: StandIn, table: LocalTable, house: House) -> None:
    house.fill(latest=1)
    assert house.fill(latest=6, seconds=0) == Filled(gathered=0, failed=0, missing=5, problem=None)


def test_a_table_that_does_not_tell_what_it_holds_is_an_error(table: LocalTable, house: House) -> None:
    table.faults["Scan"] = refusal("AccessDeniedException")
    with pytest.raises(TableError, match="AccessDeniedException"):
        house.fill(latest=6)
    table.faults.clear()
    with pytest.raises(TableError, match=r"^The time allowed was over before the table told what it holds\.$"):
        house.fill(latest=6, seconds=0)
