"""Gathering, and who knows the latest comic's number."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from app.circuit import PAUSE
from app.comics.found import KEPT_FOR, LATEST_FRESH_FOR, MOST_FRESH
from app.comics.selection import Latest, Listed, Randomly, Selection, Since
from app.errors import LatestUnknown, NoSuchComic, Paused, Refused, TimedOut, Unreachable
from tests.rig import Rig, age_all_comics, nums
from tools.stand_in import StandIn


@pytest.fixture
def rig(xkcd: StandIn) -> Iterator[Rig]:
    rig = Rig(xkcd)
    yield rig
    rig.close()


def test_comics_come_in_the_order_asked_for_with_where_and_when_they_came_from(rig: Rig) -> None:
    gathered = rig.gather(Listed((3, 1, 2)))
    assert nums(gathered.comics) == [3, 1, 2]
    assert {(found.source, found.fetched_at, found.stale) for found in gathered.comics} == {
        ("xkcd", rig.clock.now, False)
    }


def test_every_comic_asked_for_has_its_timing_and_they_overlap(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latency = 0.2
    gathered = rig.gather(Listed((1, 3000, 404, 3)))
    assert [timing.num for timing in gathered.timings] == [1, 3000, 3]
    assert all(0 <= timing.start < 0.2 <= timing.end <= gathered.seconds for timing in gathered.timings)
    assert gathered.one_by_one == sum(timing.end - timing.start for timing in gathered.timings)
    assert gathered.one_by_one > gathered.seconds


def test_fixed_numbers_never_ask_for_the_latest(xkcd: StandIn, rig: Rig) -> None:
    gathered = rig.gather(Listed((1, 3000)))
    assert gathered.latest is None
    assert xkcd.asked == {"/1/info.0.json": 1, "/3000/info.0.json": 1}


@pytest.mark.parametrize("selection", [Randomly(2), Randomly(2, "seed"), Latest(2), Since(2660), Listed((1, "latest"))])
def test_the_latest_is_asked_for_once_while_fresh(xkcd: StandIn, rig: Rig, selection: Selection) -> None:
    for _ in range(2):
        gathered = rig.gather(selection)
        assert (gathered.failures, gathered.latest) == ((), 2665)
        rig.clock.now += LATEST_FRESH_FOR - 1
    assert xkcd.asked["/info.0.json"] == 1


def test_the_latest_comic_itself_comes_with_the_question_for_its_number(xkcd: StandIn, rig: Rig) -> None:
    assert nums(rig.gather(Latest(1)).comics) == [2665]
    assert xkcd.asked == {"/info.0.json": 1}


def test_after_five_minutes_the_latest_is_asked_for_again(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latest = 2664
    assert nums(rig.gather(Latest(1)).comics) == [2664]
    xkcd.latest = 2665
    assert nums(rig.gather(Latest(1)).comics) == [2664]
    rig.clock.now += LATEST_FRESH_FOR
    assert nums(rig.gather(Latest(1)).comics) == [2665]


def test_an_older_latest_serves_when_xkcd_does_not_tell_it(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latest = 2664
    rig.gather(Latest(1))
    rig.clock.now += LATEST_FRESH_FOR
    xkcd.latest, xkcd.faults[2665] = 2665, "html"
    gathered = rig.gather(Latest(2))
    assert (nums(gathered.comics), gathered.latest) == ([2664, 2663], 2664)


def test_a_latest_that_nobody_knows_is_an_error_with_its_cause(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[0] = "429"
    with pytest.raises(LatestUnknown) as raised:
        rig.gather(Latest(1))
    assert str(raised.value) == "The latest comic's number is unknown: xkcd is rate-limiting us (429)."
    assert isinstance(raised.value.cause, Refused)


def test_above_a_fresh_latest_nothing_is_asked_for(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Latest(1))
    gathered = rig.gather(Listed((2666,)))
    (failure,) = gathered.failures
    assert isinstance(failure.error, NoSuchComic)
    assert str(failure.error) == "xkcd has no comic 2666: the latest is 2665."
    assert "/2666/info.0.json" not in xkcd.asked


def test_a_comic_above_an_old_latest_is_asked_for_and_becomes_the_latest_known(xkcd: StandIn, rig: Rig) -> None:
    xkcd.latest = 2664
    rig.gather(Latest(1))
    rig.clock.now += LATEST_FRESH_FOR
    xkcd.latest = 2665
    assert nums(rig.gather(2665).comics) == [2665]
    xkcd.faults[0] = "503"
    gathered = rig.gather(Latest(1))
    assert (nums(gathered.comics), gathered.latest) == ([2665], 2665)


def test_what_is_remembered_is_answered_whatever_the_latest_is_said_to_be(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Listed((2664,)))
    xkcd.latest = 1
    assert rig.fetch_latest() == 2664
    assert nums(rig.gather(Listed((2664,))).comics) == [2664]


def test_renewing_asks_although_the_latest_is_known(xkcd: StandIn, rig: Rig) -> None:
    for latest in (2664, 2665):
        xkcd.latest = latest
        assert rig.fetch_latest() == latest


def test_a_comic_is_asked_for_three_times_at_most(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[1] = "503"
    rig.gather(Listed(tuple(range(1, 101))))
    assert xkcd.asked["/1/info.0.json"] == 3


def test_a_deadline_that_has_passed_asks_nobody(xkcd: StandIn, rig: Rig) -> None:
    gathered = rig.gather(Listed((1, 2)), seconds=-1)
    assert [type(failure.error) for failure in gathered.failures] == [TimedOut, TimedOut]
    assert xkcd.asked == {}


def test_a_cancelled_gathering_cancels_what_it_asked(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[0] = "silence"

    async def cancel_in_the_middle() -> int:
        gathering = asyncio.create_task(rig.gatherer.gather(Listed((1, 2)), time.monotonic() + 60))
        assert await asyncio.to_thread(xkcd.wait_until, lambda: sum(xkcd.asked.values()) == 2)
        gathering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathering
        return len(asyncio.all_tasks())

    assert rig.loop.run(cancel_in_the_middle()) == 1


def test_what_was_gathered_is_remembered_for_as_long_as_it_is_fresh(xkcd: StandIn, rig: Rig) -> None:
    first = rig.clock.now
    rig.clock.now = min(found.fresh_until for found in rig.gather(Listed((1, 2))).comics) - 1
    gathered = rig.gather(Listed((2, 1, 3)))
    assert [(found.comic.num, found.source, found.fetched_at, found.stale) for found in gathered.comics] == [
        (2, "memory", first, False),
        (1, "memory", first, False),
        (3, "xkcd", rig.clock.now, False),
    ]
    assert [timing.num for timing in gathered.timings] == [3]
    assert sum(xkcd.asked.values()) == 3


def test_an_old_comic_is_asked_for_again(rig: Rig) -> None:
    rig.gather(Listed((1,)))
    rig.clock.now += MOST_FRESH
    for source in ("xkcd", "memory"):
        (found,) = rig.gather(Listed((1,))).comics
        assert (found.source, found.fetched_at, found.stale) == (source, rig.clock.now, False)


@pytest.mark.parametrize("fault", ["503", "html", "429", "closed-before-head"])
def test_an_old_comic_is_served_after_one_attempt_when_xkcd_does_not_send_it(
    xkcd: StandIn, rig: Rig, fault: str
) -> None:
    first = rig.clock.now
    rig.gather(Listed((1,)))
    rig.clock.now += MOST_FRESH
    xkcd.close_connections()
    xkcd.asked.clear()
    xkcd.faults[1] = fault
    gathered = rig.gather(Listed((1,)))
    assert gathered.failures == ()
    (found,) = gathered.comics
    assert (found.source, found.fetched_at, found.stale) == ("memory", first, True)
    assert xkcd.asked == {"/1/info.0.json": 1}


def test_an_old_comic_is_served_at_the_deadline(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Listed((1,)))
    rig.clock.now += MOST_FRESH
    xkcd.faults[0] = "silence"
    gathered = rig.gather(Listed((1, 2)), seconds=-1)
    assert ([found.stale for found in gathered.comics], len(gathered.failures)) == ([True], 1)


def test_an_old_comic_that_xkcd_has_no_more_is_a_failure(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Listed((1,)))
    rig.clock.now += MOST_FRESH
    xkcd.faults[1] = "404"
    (failure,) = rig.gather(Listed((1,))).failures
    assert isinstance(failure.error, NoSuchComic)


def test_half_a_year_after_it_was_fresh_nothing_is_served(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Listed((1, "latest")))
    rig.clock.now += MOST_FRESH + KEPT_FOR
    xkcd.faults[0] = "503"
    gathered = rig.gather(Listed((1,)))
    assert ([type(failure.error) for failure in gathered.failures], gathered.latest) == ([Refused], None)


def test_comic_404_is_never_asked_for(xkcd: StandIn, rig: Rig) -> None:
    (failure,) = rig.gather(Listed((404,))).failures
    assert (type(failure.error), str(failure.error)) == (NoSuchComic, "xkcd has no comic 404.")
    assert xkcd.asked == {}


def test_a_comic_above_an_old_latest_that_is_not_there_is_not_asked_for_again(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Latest(1))
    rig.clock.now += LATEST_FRESH_FOR
    for _ in range(2):
        assert str(rig.gather(Listed((2666,))).failures[0].error) == "xkcd has no comic 2666."
    assert xkcd.asked["/2666/info.0.json"] == 1


def test_with_an_older_latest_at_hand_xkcd_gets_one_attempt_to_tell_it(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Latest(1))
    rig.clock.now += LATEST_FRESH_FOR
    xkcd.asked.clear()
    xkcd.faults[2665] = "503"
    assert nums(rig.gather(Latest(1)).comics) == [2665]
    assert xkcd.asked == {"/info.0.json": 1}


def test_with_xkcd_gone_all_that_was_gathered_is_still_there_and_random_works(
    xkcd: StandIn, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    xkcd.latest = 60
    rig.gather(Listed(tuple(range(1, 61))))
    rig.gather(Latest(1))
    xkcd.end()
    for selection in (Listed(tuple(range(1, 61))), Randomly(5), Latest(5), Since(55)):
        gathered = rig.gather(selection)
        assert ({found.stale for found in gathered.comics}, gathered.failures) == ({False}, ())
    age_all_comics(monkeypatch)
    for selection in (Listed(tuple(range(1, 61))), Randomly(5), Latest(5), Since(55)):
        gathered = rig.gather(selection)
        assert ({found.stale for found in gathered.comics}, gathered.failures) == ({True}, ())


def refuse_twice(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[0] = "429"
    for num in (1, 2):
        rig.gather(Listed((num,)))
    xkcd.asked.clear()


def test_after_its_rest_xkcd_is_tried_with_one_request_and_then_asked_for_all(xkcd: StandIn, rig: Rig) -> None:
    refuse_twice(xkcd, rig)
    assert [type(failure.error) for failure in rig.gather(Listed((3,))).failures] == [Paused]
    rig.clock.now += PAUSE
    xkcd.faults.clear()
    assert nums(rig.gather(Listed((3, 4, 5))).comics) == [3, 4, 5]
    assert xkcd.asked == {f"/{num}/info.0.json": 1 for num in (3, 4, 5)}


def test_while_xkcd_has_its_rest_no_connections_are_opened(xkcd: StandIn, rig: Rig) -> None:
    refuse_twice(xkcd, rig)
    xkcd.close_connections()
    before = xkcd.connections
    rig.connect(5)
    assert xkcd.connections == before


def test_connecting_ends_at_the_deadline(rig: Rig) -> None:
    with pytest.raises(TimedOut):
        rig.connect(5, seconds=-1)


def test_connecting_to_nobody_is_an_error_with_its_reason(xkcd: StandIn, rig: Rig) -> None:
    xkcd.end()
    with pytest.raises(Unreachable, match=r"^xkcd could not be reached\.$"):
        rig.connect(5)


def test_a_trial_that_is_refused_means_another_rest(xkcd: StandIn, rig: Rig) -> None:
    refuse_twice(xkcd, rig)
    for _ in range(2):
        rig.clock.now += PAUSE
        gathered = rig.gather(Listed((3, 4, 5)))
        assert [type(failure.error).__name__ for failure in gathered.failures] == ["RateLimited", "Paused", "Paused"]
    assert xkcd.asked == {"/3/info.0.json": 2}


def test_refusals_with_any_other_outcome_between_them_mean_no_rest(xkcd: StandIn, rig: Rig) -> None:
    for fault in ("429", "404", "429"):
        xkcd.faults[0] = fault
        rig.gather(Listed((1,)))
    xkcd.faults.clear()
    assert nums(rig.gather(Listed((1,))).comics) == [1]
