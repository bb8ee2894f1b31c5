"""Gathering, and who knows the latest comic's number."""

import asyncio
import time
from collections.abc import Iterator
from random import Random

import pytest

from app.caches.layers import Caches
from app.circuit import REST
from app.comics.found import FRESH, KEPT, LATEST_FRESH
from app.comics.selection import Latest, Listed, Randomly, Selection, Since
from app.errors import BadAnswer, LatestUnknown, LeftAlone, NoSuchComic, Refused, TooLate, Unreachable
from app.gathering.gathered import Gathered
from app.gathering.gatherer import LEAP, Gatherer
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.connection_pool import Connections
from app.upstream.xkcd import Xkcd
from tools.stand_in import StandIn


class House:
    """A gatherer with a clock to set, on a loop of its own."""

    def __init__(self, xkcd: StandIn, floor: int = 0, attempt: float = 3.0) -> None:
        self.now = 1_795_000_000.0
        self.loop = EventLoop()
        client = Xkcd(Settings(xkcd_url=xkcd.url, attempt=attempt), Connections(xkcd.url, None))
        self.loop.on_close(client.aclose)
        caches = Caches(100, None, clock=lambda: self.now)
        self.gatherer = Gatherer(client, caches, floor, Random(614), clock=lambda: self.now)

    def gather(self, selection: Selection, seconds: float = 8.0) -> Gathered:
        return self.loop.run(self.gatherer.gather(selection, time.monotonic() + seconds))


@pytest.fixture
def house(xkcd: StandIn) -> Iterator[House]:
    house = House(xkcd)
    yield house
    house.loop.close()


def nums(gathered: Gathered) -> list[int]:
    return [found.comic.num for found in gathered.comics]


def test_comics_come_in_the_order_asked_for_with_where_and_when_they_came_from(house: House) -> None:
    gathered = house.gather(Listed((3, 1, 2)))
    assert nums(gathered) == [3, 1, 2]
    assert {(found.source, found.fetched_at, found.stale) for found in gathered.comics} == {("xkcd", house.now, False)}


def test_every_comic_asked_for_has_its_timing_and_they_overlap(xkcd: StandIn, house: House) -> None:
    xkcd.latency = 0.2
    gathered = house.gather(Listed((1, 3000, 404, 3)))
    assert [timing.num for timing in gathered.timings] == [1, 3000, 3]
    assert all(0 <= timing.start < 0.2 <= timing.end <= gathered.seconds for timing in gathered.timings)
    assert gathered.one_by_one == sum(timing.end - timing.start for timing in gathered.timings)
    assert gathered.one_by_one > gathered.seconds


def test_fixed_numbers_never_ask_for_the_latest(xkcd: StandIn, house: House) -> None:
    gathered = house.gather(Listed((1, 5000)))
    assert gathered.latest is None
    assert xkcd.asked == {"/1/info.0.json": 1, "/5000/info.0.json": 1}


@pytest.mark.parametrize("selection", [Randomly(2), Randomly(2, "seed"), Latest(2), Since(2660), Listed((1, "latest"))])
def test_the_latest_is_asked_for_once_while_fresh(xkcd: StandIn, house: House, selection: Selection) -> None:
    for _ in range(2):
        gathered = house.gather(selection)
        assert (gathered.failures, gathered.latest) == ((), 2665)
        house.now += LATEST_FRESH - 1
    assert xkcd.asked["/info.0.json"] == 1


def test_the_latest_comic_itself_comes_with_the_question_for_its_number(xkcd: StandIn, house: House) -> None:
    assert nums(house.gather(Latest(1))) == [2665]
    assert xkcd.asked == {"/info.0.json": 1}


def test_after_five_minutes_the_latest_is_asked_for_again(xkcd: StandIn, house: House) -> None:
    xkcd.latest = 2664
    assert nums(house.gather(Latest(1))) == [2664]
    xkcd.latest = 2665
    assert nums(house.gather(Latest(1))) == [2664]
    house.now += LATEST_FRESH
    assert nums(house.gather(Latest(1))) == [2665]


def test_an_older_latest_serves_when_xkcd_does_not_tell_it(xkcd: StandIn, house: House) -> None:
    xkcd.latest = 2664
    house.gather(Latest(1))
    house.now += LATEST_FRESH
    xkcd.latest, xkcd.faults[2665] = 2665, "html"
    gathered = house.gather(Latest(2))
    assert (nums(gathered), gathered.latest) == ([2664, 2663], 2664)


def test_a_latest_that_nobody_knows_is_an_error_with_its_cause(xkcd: StandIn, house: House) -> None:
    xkcd.faults[0] = "429"
    with pytest.raises(LatestUnknown) as raised:
        house.gather(Latest(1))
    assert str(raised.value) == "The latest comic's number is not known: xkcd is asked too much and says so (429)."
    assert isinstance(raised.value.cause, Refused)


def test_above_a_fresh_latest_nothing_is_asked_for(xkcd: StandIn, house: House) -> None:
    house.gather(Latest(1))
    gathered = house.gather(Listed((2666,)))
    (failure,) = gathered.failures
    assert isinstance(failure.error, NoSuchComic)
    assert str(failure.error) == "xkcd has no comic 2666: the latest is 2665."
    assert "/2666/info.0.json" not in xkcd.asked


def test_a_comic_above_an_old_latest_is_asked_for_and_becomes_the_latest_known(xkcd: StandIn, house: House) -> None:
    xkcd.latest = 2664
    house.gather(Latest(1))
    house.now += LATEST_FRESH
    xkcd.latest = 2665
    assert nums(house.gather(Listed((2665,)))) == [2665]
    xkcd.faults[0] = "503"
    gathered = house.gather(Latest(1))
    assert (nums(gathered), gathered.latest) == ([2665], 2665)


def test_a_latest_number_that_leaps_is_not_believed(xkcd: StandIn, house: House) -> None:
    xkcd.latest = 1
    house.gather(Latest(1))
    house.now += LATEST_FRESH
    xkcd.latest = 2 + LEAP
    assert nums(house.gather(Latest(1))) == [1]
    with pytest.raises(BadAnswer, match=r"^xkcd says that the latest comic is 502, after 1\.$"):
        house.loop.run(house.gatherer.renew_latest(time.monotonic() + 8))
    xkcd.latest = 1 + LEAP
    assert nums(house.gather(Latest(1))) == [1 + LEAP]


def test_what_is_remembered_is_answered_whatever_the_latest_is_said_to_be(xkcd: StandIn, house: House) -> None:
    house.gather(Listed((2664,)))
    xkcd.latest = 1
    assert house.loop.run(house.gatherer.renew_latest(time.monotonic() + 8)) == 2664
    assert nums(house.gather(Listed((2664,)))) == [2664]


def test_renewing_asks_although_the_latest_is_known(xkcd: StandIn, house: House) -> None:
    for latest in (2664, 2665):
        xkcd.latest = latest
        assert house.loop.run(house.gatherer.renew_latest(time.monotonic() + 8)) == latest


def test_a_comic_is_asked_for_three_times_at_most(xkcd: StandIn, house: House) -> None:
    xkcd.faults[1] = "503"
    house.gather(Listed(tuple(range(1, 101))))
    assert xkcd.asked["/1/info.0.json"] == 3


def test_a_deadline_that_has_passed_asks_nobody(xkcd: StandIn, house: House) -> None:
    gathered = house.gather(Listed((1, 2)), seconds=-1)
    assert [type(failure.error) for failure in gathered.failures] == [TooLate, TooLate]
    assert xkcd.asked == {}


def test_a_cancelled_gathering_cancels_what_it_asked(xkcd: StandIn, house: House) -> None:
    xkcd.faults[0] = "silence"

    async def cancel_in_the_middle() -> int:
        gathering = asyncio.create_task(house.gatherer.gather(Listed((1, 2)), time.monotonic() + 60))
        assert await asyncio.to_thread(xkcd.wait_until, lambda: sum(xkcd.asked.values()) == 2)
        gathering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathering
        return len(asyncio.all_tasks())

    assert house.loop.run(cancel_in_the_middle()) == 1


def test_what_was_gathered_is_remembered_for_thirty_days(xkcd: StandIn, house: House) -> None:
    first = house.now
    house.gather(Listed((1, 2)))
    house.now += FRESH - 1
    gathered = house.gather(Listed((2, 1, 3)))
    assert [(found.comic.num, found.source, found.fetched_at, found.stale) for found in gathered.comics] == [
        (2, "memory", first, False),
        (1, "memory", first, False),
        (3, "xkcd", house.now, False),
    ]
    assert [timing.num for timing in gathered.timings] == [3]
    assert sum(xkcd.asked.values()) == 3


def test_an_old_comic_is_asked_for_again(house: House) -> None:
    house.gather(Listed((1,)))
    house.now += FRESH
    for source in ("xkcd", "memory"):
        (found,) = house.gather(Listed((1,))).comics
        assert (found.source, found.fetched_at, found.stale) == (source, house.now, False)


@pytest.mark.parametrize("fault", ["503", "html", "429", "closed-before-head"])
def test_an_old_comic_is_served_after_one_attempt_when_xkcd_does_not_send_it(
    xkcd: StandIn, house: House, fault: str
) -> None:
    first = house.now
    house.gather(Listed((1,)))
    house.now += FRESH
    xkcd.close_connections()
    xkcd.asked.clear()
    xkcd.faults[1] = fault
    gathered = house.gather(Listed((1,)))
    assert gathered.failures == ()
    (found,) = gathered.comics
    assert (found.source, found.fetched_at, found.stale) == ("memory", first, True)
    assert xkcd.asked == {"/1/info.0.json": 1}


def test_an_old_comic_is_served_at_the_deadline(house: House) -> None:
    house.gather(Listed((1,)))
    house.now += FRESH
    gathered = house.gather(Listed((1, 2)), seconds=-1)
    assert ([found.stale for found in gathered.comics], len(gathered.failures)) == ([True], 1)


def test_an_old_comic_that_xkcd_has_no_more_is_a_failure(xkcd: StandIn, house: House) -> None:
    house.gather(Listed((1,)))
    house.now += FRESH
    xkcd.faults[1] = "404"
    (failure,) = house.gather(Listed((1,))).failures
    assert isinstance(failure.error, NoSuchComic)


def test_after_half_a_year_nothing_old_is_served(xkcd: StandIn, house: House) -> None:
    house.gather(Listed((1, "latest")))
    house.now += KEPT
    xkcd.faults[0] = "503"
    gathered = house.gather(Listed((1,)))
    assert ([type(failure.error) for failure in gathered.failures], gathered.latest) == ([Refused], None)


def test_comic_404_is_never_asked_for(xkcd: StandIn, house: House) -> None:
    (failure,) = house.gather(Listed((404,))).failures
    assert (type(failure.error), str(failure.error)) == (NoSuchComic, "xkcd has no comic 404.")
    assert xkcd.asked == {}


def test_a_comic_above_an_old_latest_that_is_not_there_is_not_asked_for_again(xkcd: StandIn, house: House) -> None:
    house.gather(Latest(1))
    house.now += LATEST_FRESH
    for _ in range(2):
        assert str(house.gather(Listed((2666,))).failures[0].error) == "xkcd has no comic 2666."
    assert xkcd.asked["/2666/info.0.json"] == 1


def test_with_an_older_latest_at_hand_xkcd_gets_one_attempt_to_tell_it(xkcd: StandIn, house: House) -> None:
    house.gather(Latest(1))
    house.now += LATEST_FRESH
    xkcd.asked.clear()
    xkcd.faults[2665] = "503"
    assert nums(house.gather(Latest(1))) == [2665]
    assert xkcd.asked == {"/info.0.json": 1}


def test_with_xkcd_gone_all_that_was_gathered_is_still_there_and_random_works(xkcd: StandIn, house: House) -> None:
    xkcd.latest = 60
    house.gather(Listed(tuple(range(1, 61))))
    house.gather(Latest(1))
    xkcd.end()
    for selection in (Listed(tuple(range(1, 61))), Randomly(5), Latest(5), Since(55)):
        gathered = house.gather(selection)
        assert ({found.stale for found in gathered.comics}, gathered.failures) == ({False}, ())
    house.now += FRESH
    for selection in (Listed(tuple(range(1, 61))), Randomly(5), Latest(5), Since(55)):
        gathered = house.gather(selection)
        assert ({found.stale for found in gathered.comics}, gathered.failures) == ({True}, ())


def refuse_twice(xkcd: StandIn, house: House) -> None:
    xkcd.faults[0] = "429"
    for num in (1, 2):
        house.gather(Listed((num,)))
    xkcd.asked.clear()


def test_after_its_rest_xkcd_is_tried_with_one_request_and_then_asked_for_all(xkcd: StandIn, house: House) -> None:
    refuse_twice(xkcd, house)
    assert [type(failure.error) for failure in house.gather(Listed((3,))).failures] == [LeftAlone]
    house.now += REST
    xkcd.faults.clear()
    assert nums(house.gather(Listed((3, 4, 5)))) == [3, 4, 5]
    assert xkcd.asked == {f"/{num}/info.0.json": 1 for num in (3, 4, 5)}


def test_while_xkcd_has_its_rest_no_connections_are_opened(xkcd: StandIn, house: House) -> None:
    refuse_twice(xkcd, house)
    xkcd.close_connections()
    before = xkcd.connections
    house.loop.run(house.gatherer.connect(5, time.monotonic() + 8))
    assert xkcd.connections == before


def test_connecting_ends_at_the_deadline(house: House) -> None:
    with pytest.raises(TooLate):
        house.loop.run(house.gatherer.connect(5, time.monotonic() - 1))


def test_connecting_to_nobody_is_an_error_with_its_reason(xkcd: StandIn, house: House) -> None:
    xkcd.end()
    with pytest.raises(Unreachable, match=r"^xkcd could not be reached\.$"):
        house.loop.run(house.gatherer.connect(5, time.monotonic() + 8))


def test_a_trial_that_is_refused_means_another_rest(xkcd: StandIn, house: House) -> None:
    refuse_twice(xkcd, house)
    for _ in range(2):
        house.now += REST
        gathered = house.gather(Listed((3, 4, 5)))
        assert [type(failure.error).__name__ for failure in gathered.failures] == ["TooMany", "LeftAlone", "LeftAlone"]
    assert xkcd.asked == {"/3/info.0.json": 2}


def test_refusals_with_any_other_outcome_between_them_mean_no_rest(xkcd: StandIn, house: House) -> None:
    for fault in ("429", "404", "429"):
        xkcd.faults[0] = fault
        house.gather(Listed((1,)))
    xkcd.faults.clear()
    assert nums(house.gather(Listed((1,)))) == [1]
