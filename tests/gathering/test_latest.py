"""Whether a report of the latest comic's number is believed, and what that costs xkcd."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from app import pings
from app.caches import items
from app.caches.attributes import Item
from app.caches.dynamodb import ComicsTable
from app.comics.comic import Comic
from app.comics.found import CLOCK_SKEW, DAY, LATEST_FRESH_FOR, Found, LatestNumber
from app.comics.plausible import AGREED_AFTER, LAG, RISE
from app.comics.selection import Latest, Listed, Randomly
from app.errors import BadAnswer, ImplausibleLatest, LatestUnknown, NoSuchComic
from app.gathering.filler import Filler
from app.settings import FLOOR, FLOOR_DATE, Settings
from tests.records import Clock
from tests.rig import Rig, nums
from tools.stand_in import StandIn
from tools.stand_in.records import record
from tools.table import LocalTable

IMPOSSIBLE = tuple(range(900_000, 900_100))


@pytest.fixture
def rig(xkcd: StandIn) -> Iterator[Rig]:
    with closing(Rig(xkcd, floor=2665)) as rig:
        yield rig


class TableRig(Rig):
    """A gatherer over the stand-in and a table, with pings that fill it."""

    def __init__(self, xkcd: StandIn, table: LocalTable, floor: int, clock: Clock) -> None:
        comics = ComicsTable(table.name, clock)
        super().__init__(xkcd, table=comics, clock=clock, floor=floor)
        self.loop.on_close(comics.aclose)
        self.filler = Filler(self.gatherer, self.caches, comics, 2, clock)

    def ping(self) -> dict[str, Any]:
        settings = Settings(fill_at_most=3)
        report = self.loop.run(pings.ping(self.gatherer, self.filler, None, settings, time.monotonic() + 8.0))
        return {name: value for name, value in report.items() if name != "milliseconds"}


def later(rig: Rig) -> None:
    """Let the latest number be old."""
    rig.clock.now += LATEST_FRESH_FOR


def put(table: LocalTable, item: Item) -> None:
    """Write that item to the table."""
    with closing(table.client()) as client:
        client.put_item(TableName=table.name, Item=dict(item))


@pytest.mark.parametrize("wrong", [1, 999_999])
def test_a_wrong_latest_is_an_error_that_says_what_is_plausible_and_the_right_one_comes_next(
    xkcd: StandIn, rig: Rig, wrong: int
) -> None:
    xkcd.reported = wrong
    with pytest.raises(LatestUnknown) as raised:
        rig.gather(Randomly(5))
    highest = FLOOR + RISE + int((rig.clock.now - FLOOR_DATE) / DAY)
    assert str(raised.value) == (
        f"The latest comic's number is unknown: xkcd reports {wrong} as the latest comic, "
        f"but only 2665 to {highest} are plausible."
    )
    xkcd.reported = None
    gathered = rig.gather(Randomly(5))
    assert (len(gathered.comics), gathered.latest) == (5, 2665)


def test_with_a_latest_at_hand_an_implausible_one_is_not_believed(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Latest(1))
    later(rig)
    for wrong in (2664 - LAG, 2666 + RISE):
        xkcd.reported = wrong
        gathered = rig.gather(Latest(1))
        assert (nums(gathered.comics), gathered.latest, gathered.latest_stale) == ([2665], 2665, True)
        assert gathered.reasons == {"implausible_latest": 1}
        with pytest.raises(ImplausibleLatest, match=rf"^xkcd reports {wrong} as .* only 2662 to 3165 are plausible\.$"):
            rig.fetch_latest()
    xkcd.reported = 2665 + RISE
    assert nums(rig.gather(Latest(1)).comics) == [2665 + RISE]


def test_a_304_does_not_confirm_a_number_that_was_not_believed(xkcd: StandIn, rig: Rig) -> None:
    xkcd.reported = 999_999
    for _ in range(2):
        with pytest.raises(ImplausibleLatest):
            rig.fetch_latest()
    assert "if-modified-since" not in xkcd.last_headers


def test_a_report_that_lags_behind_is_no_failure_and_changes_nothing(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Latest(1))
    later(rig)
    xkcd.reported = 2664
    gathered = rig.gather(Latest(1))
    assert (nums(gathered.comics), gathered.latest, gathered.latest_stale, gathered.reasons) == (
        [2665],
        2665,
        False,
        {},
    )


def test_what_came_as_an_implausible_latest_is_not_cached(xkcd: StandIn, table: LocalTable) -> None:
    clock = Clock()
    xkcd.reported = 1
    with closing(TableRig(xkcd, table, 2665, clock)) as rig:
        with pytest.raises(ImplausibleLatest):
            rig.fetch_latest()
        assert table.items() == {}
        assert [found.source for found in rig.gather(1).comics] == ["xkcd"]


@pytest.mark.parametrize("floor", [3000, 9999])
def test_a_wrong_floor_is_healed_by_a_second_report_at_another_time(xkcd: StandIn, floor: int) -> None:
    with closing(Rig(xkcd, floor=floor)) as rig:
        for _ in range(2):
            with pytest.raises(LatestUnknown):
                rig.gather(Latest(1))
            rig.clock.now += AGREED_AFTER / 2
        for _ in range(2):
            gathered = rig.gather(Latest(2))
            assert (nums(gathered.comics), gathered.latest_stale) == ([2665, 2664], False)
            later(rig)


@pytest.mark.parametrize("learnt", [1, 2700, 3100])
def test_a_wrong_number_that_was_learnt_is_healed_by_a_second_report_at_another_time(
    xkcd: StandIn, learnt: int
) -> None:
    with closing(Rig(xkcd)) as rig:
        xkcd.reported = learnt
        assert rig.fetch_latest() == learnt
        xkcd.reported = None
        later(rig)
        with pytest.raises(ImplausibleLatest):
            rig.fetch_latest()
        rig.clock.now += AGREED_AFTER
        assert rig.fetch_latest() == 2665
        assert nums(rig.gather(Latest(2)).comics) == [2665, 2664]


def test_a_deployment_five_years_old_learns_the_latest_number_of_its_day(xkcd: StandIn) -> None:
    with closing(Rig(xkcd, floor=FLOOR)) as rig:
        rig.clock.now = FLOOR_DATE + 5 * 365 * DAY
        xkcd.latest = FLOOR + 5 * 157
        assert nums(rig.gather(Latest(3)).comics) == [xkcd.latest, xkcd.latest - 1, xkcd.latest - 2]


@pytest.mark.parametrize("poison", [1, 999_999])
@pytest.mark.parametrize("known", [False, True], ids=["latest unknown", "latest old"])
def test_a_wrong_number_in_the_table_is_not_believed_and_is_overwritten(
    xkcd: StandIn, table: LocalTable, poison: int, known: bool
) -> None:
    clock = Clock()
    with closing(TableRig(xkcd, table, 2665, clock)) as rig:
        if known:
            rig.fetch_latest()
            later(rig)
        put(table, items.of_latest(LatestNumber(poison, clock.now)))
        gathered = rig.gather(Latest(1))
        assert (nums(gathered.comics), gathered.latest_stale) == ([2665], False)
    assert table.items()[0] == items.of_latest(LatestNumber(2665, clock.now))


def test_a_wrong_number_in_the_table_is_not_used_while_xkcd_cannot_be_asked(xkcd: StandIn, table: LocalTable) -> None:
    clock = Clock()
    put(table, items.of_latest(LatestNumber(999_999, clock.now)))
    xkcd.faults[0] = "429"
    with closing(TableRig(xkcd, table, 2665, clock)) as rig, pytest.raises(LatestUnknown):
        rig.gather(Randomly(5))


@pytest.mark.parametrize("known", [False, True], ids=["latest unknown", "latest old"])
def test_a_comic_with_an_implausible_number_does_not_become_the_latest(
    xkcd: StandIn, table: LocalTable, known: bool
) -> None:
    clock = Clock()
    impossible = items.of_comic(Found(Comic.from_json(record(999_999)), clock.now - 200 * DAY))
    assert impossible is not None
    put(table, impossible)
    with closing(TableRig(xkcd, table, 2665, clock)) as rig:
        if known:
            rig.fetch_latest()
            later(rig)
        xkcd.faults[2665] = "html"
        xkcd.faults[999_999] = "html"
        assert [(found.source, found.stale) for found in rig.gather(999_999).comics] == [("table", True)]
        xkcd.faults.clear()
        assert rig.fetch_latest() == 2665


def test_a_comic_with_a_plausible_number_becomes_the_latest(xkcd: StandIn, rig: Rig) -> None:
    rig.fetch_latest()
    later(rig)
    xkcd.surplus = {2666}
    rig.gather(2666)
    assert rig.caches.memory.latest_number is not None
    assert rig.caches.memory.latest_number.num == 2666


def test_a_ping_goes_on_with_the_floor_when_the_latest_is_implausible(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.reported = 1
    with closing(TableRig(xkcd, table, 2665, Clock())) as rig:
        report = rig.ping()
    problem = report.pop("problem")
    assert problem.startswith("xkcd reports 1 as the latest comic, but only 2665 to ")
    assert {name: report[name] for name in ("latest", "gathered", "failed", "missing")} == {
        "latest": None,
        "gathered": 3,
        "failed": 0,
        "missing": 2661,
    }
    assert xkcd.connections == pings.CONNECTIONS
    assert table.items().keys() == {2665, 2664, 2663}


def test_a_ping_goes_on_with_the_latest_in_the_table_when_xkcds_is_implausible(
    xkcd: StandIn, table: LocalTable
) -> None:
    clock = Clock()
    put(table, items.of_latest(LatestNumber(2663, clock.now - DAY)))
    xkcd.reported = 999_999
    with closing(TableRig(xkcd, table, 2600, clock)) as rig:
        report = rig.ping()
    assert (report["gathered"], set(table.items())) == (3, {0, 2663, 2662, 2661})


def test_a_ping_names_all_that_is_wrong(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.reported = 1
    xkcd.faults[0] = "503"
    xkcd.faults[1] = "gzip"  # and so no 503
    with closing(TableRig(xkcd, table, 2665, Clock())) as rig:
        problem = rig.ping()["problem"]
    assert "reports 1 as the latest comic" in problem
    assert problem.endswith(" xkcd could not answer for comic 2663 (503).")


def test_the_second_ping_heals_a_wrong_floor(xkcd: StandIn, table: LocalTable) -> None:
    clock = Clock()
    with closing(TableRig(xkcd, table, 3000, clock)) as rig:
        assert rig.ping()["latest"] is None
        clock.now += 299.0
        report = rig.ping()
    assert (report["latest"], report["problem"]) == (2665, None)


def test_impossible_numbers_cost_one_request(xkcd: StandIn, rig: Rig) -> None:
    gathered = rig.gather(*IMPOSSIBLE)
    assert [str(failure.error) for failure in gathered.failures] == [
        f"xkcd has no comic {num}: the latest is 2665." for num in IMPOSSIBLE
    ]
    rig.gather(*(num + 100 for num in IMPOSSIBLE))
    assert xkcd.asked == {"/info.0.json": 1}


def test_with_an_old_latest_impossible_numbers_cost_one_request(xkcd: StandIn, rig: Rig) -> None:
    rig.fetch_latest()
    later(rig)
    xkcd.asked.clear()
    assert {type(failure.error) for failure in rig.gather(*IMPOSSIBLE).failures} == {NoSuchComic}
    assert xkcd.asked == {"/info.0.json": 1}


def test_possible_comics_come_beside_the_impossible_ones(xkcd: StandIn, rig: Rig) -> None:
    gathered = rig.gather(614, *IMPOSSIBLE[:50], 1)
    assert (nums(gathered.comics), len(gathered.failures)) == ([614, 1], 50)
    assert xkcd.asked == {"/info.0.json": 1, "/614/info.0.json": 1, "/1/info.0.json": 1}


@pytest.mark.parametrize("beside", [(), ("latest",)], ids=["fixed numbers", "with the latest"])
def test_when_the_latest_cannot_be_learnt_impossible_numbers_fail_with_that_error_unasked(
    xkcd: StandIn, beside: tuple[Any, ...]
) -> None:
    with closing(Rig(xkcd, floor=2600)) as rig:
        xkcd.latest = 2664
        if beside:
            rig.fetch_latest()
            later(rig)
        xkcd.asked.clear()
        xkcd.faults[2664] = "429"
        gathered = rig.gather(Listed((*IMPOSSIBLE[:99], *beside)))
        assert {str(failure.error) for failure in gathered.failures} == {"xkcd is rate-limiting us (429)."}
        assert (len(gathered.failures), nums(gathered.comics)) == (99, [2664] if beside else [])
        assert xkcd.asked == {"/info.0.json": 1}


def test_that_xkcd_has_no_latest_does_not_mean_that_a_comic_does_not_exist(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[2665] = "404"
    (failure,) = rig.gather(900_000).failures
    assert (type(failure.error), str(failure.error)) == (BadAnswer, "xkcd does not say what the latest comic is.")


def test_a_comic_that_is_cached_is_served_however_far_it_is(xkcd: StandIn, table: LocalTable) -> None:
    clock = Clock()
    with closing(TableRig(xkcd, table, 2600, clock)) as rig:
        rig.gather(2665)
    xkcd.faults[2665] = "html"
    for stale in (False, True):
        with closing(TableRig(xkcd, table, 2000, clock)) as rig:
            (found,) = rig.gather(2665).comics
        assert (found.source, found.stale) == ("table", stale)
        clock.now = found.fresh_until


def test_numbers_near_the_floor_are_asked_for_once_while_the_latest_is_unknown(xkcd: StandIn, rig: Rig) -> None:
    for _ in range(2):
        assert len(rig.gather(*range(2666, 2766)).failures) == 100
    assert (sum(xkcd.asked.values()), xkcd.asked["/info.0.json"]) == (100, 0)
    rig.gather(2766)
    assert (sum(xkcd.asked.values()), xkcd.asked["/info.0.json"]) == (101, 1)


def test_a_comic_that_was_seen_makes_those_above_it_near(xkcd: StandIn) -> None:
    with closing(Rig(xkcd, floor=2000)) as rig:
        for num in (2100, 2200):
            rig.gather(num)
    assert xkcd.asked == {"/2100/info.0.json": 1, "/2200/info.0.json": 1}


def test_when_the_latest_cannot_be_learnt_near_numbers_are_asked_for_all_the_same(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latest, xkcd.faults[2664], xkcd.surplus = 2664, "html", {2666}
    gathered = rig.gather(900_000, 2666, 1)
    assert (nums(gathered.comics), [failure.num for failure in gathered.failures]) == ([2666, 1], [900_000])


def test_a_later_latest_in_the_table_makes_far_numbers_near(xkcd: StandIn, table: LocalTable) -> None:
    clock = Clock()
    xkcd.latest = 3000
    put(table, items.of_latest(LatestNumber(3000, clock.now)))
    with closing(TableRig(xkcd, table, 2665, clock)) as rig:
        gathered = rig.gather(2900, 3001)
    assert (nums(gathered.comics), len(gathered.failures)) == ([2900], 1)
    assert xkcd.asked == {"/2900/info.0.json": 1}


def test_a_clock_that_was_a_year_ahead_freezes_neither_the_latest_nor_a_comic_nor_an_absence(
    xkcd: StandIn, rig: Rig
) -> None:
    year = 365 * DAY
    xkcd.latest = 2664
    with closing(Rig(xkcd, floor=2600)) as rig:
        rig.clock.now += year
        rig.gather(Listed((1, 2665, "latest")))
        rig.clock.now -= year
        xkcd.latest = 2665
        xkcd.asked.clear()
        gathered = rig.gather(Listed((1, 2665, "latest")))
        assert [(found.comic.num, found.source, found.fetched_at) for found in gathered.comics] == [
            (1, "xkcd", rig.clock.now),
            (2665, "xkcd", rig.clock.now),
        ]
        assert gathered.failures == ()
        assert rig.caches.memory.latest_number == LatestNumber(2665, rig.clock.now)


def test_a_clock_that_was_a_little_ahead_costs_nothing(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Listed((1, "latest")))
    xkcd.asked.clear()
    rig.clock.now -= CLOCK_SKEW
    rig.gather(Listed((1, "latest")))
    assert xkcd.asked == {}
