"""Remembering in memory, and two caches as one."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping

import pytest

from app.caches.layers import Layered
from app.caches.memory import MOST_BYTES, Memory
from app.comics.comic import Comic
from app.comics.found import CLOCK_SKEW, KEPT_FOR, LATEST_FRESH_FOR, MOST_FRESH, Found, LatestNumber
from tests.records import NOW, Clock, found
from tools.stand_in import records


@pytest.fixture
def clock() -> Clock:
    return Clock()


def memory(clock: Clock, *comics: Found, most: int = 100, latest: LatestNumber | None = None) -> Memory:
    made = Memory(most, clock, floor=2600)
    asyncio.run(made.keep(comics, latest))
    return made


def had(memory: Memory, *numbers: int) -> Mapping[int, Found]:
    return asyncio.run(memory.comics(numbers))


def test_what_is_kept_comes_back_as_from_memory(clock: Clock) -> None:
    assert had(memory(clock, found(614), found(1)), 614, 2, 1) == {
        614: found(614, source="memory"),
        1: found(1, source="memory"),
    }


def test_when_there_are_too_many_the_oldest_goes_first(clock: Clock) -> None:
    remembered = memory(clock, found(1), found(2), found(3), found(1), found(4), most=3)
    assert had(remembered, 1, 2, 3, 4).keys() == {1, 3, 4}


def test_a_memory_of_none_keeps_none(clock: Clock) -> None:
    assert had(memory(clock, found(1), most=0), 1) == {}


def test_of_a_hundred_records_of_a_megabyte_the_last_64_mebibytes_stay(clock: Clock) -> None:
    record = json.loads(records()[1])
    comics = [Comic.from_json(json.dumps({**record, "num": num, "news": "x" * 1_000_000})) for num in range(1, 101)]
    remembered = memory(clock, *(Found(comic, NOW) for comic in comics), *(Found(comic, NOW) for comic in comics[50:]))
    stay = had(remembered, *range(1, 101))
    assert list(stay) == list(range(101 - MOST_BYTES // comics[0].size, 101))


def test_half_a_year_after_it_was_fresh_a_comic_is_not_served_any_more(clock: Clock) -> None:
    remembered = memory(clock, found(1))
    clock.now = found(1).fresh_until + KEPT_FOR - 1
    assert had(remembered, 1).keys() == {1}
    clock.now += 1
    assert had(remembered, 1) == {}


def test_after_half_a_year_the_latest_number_is_not_used_any_more(clock: Clock) -> None:
    latest = LatestNumber(2665, NOW)
    remembered = memory(clock, latest=latest)
    clock.now += KEPT_FOR - 1
    assert asyncio.run(remembered.latest()) == latest
    clock.now += 1
    assert asyncio.run(remembered.latest()) is None


def test_a_number_learnt_earlier_does_not_replace_one_learnt_later(clock: Clock) -> None:
    remembered = memory(clock, latest=LatestNumber(2665, NOW))
    asyncio.run(remembered.keep((), LatestNumber(2666, NOW - 1)))
    assert remembered.latest_number == LatestNumber(2665, NOW)


def test_the_latest_number_is_never_below_a_comic_that_was_kept(clock: Clock) -> None:
    remembered = memory(clock, found(2661), most=0, latest=LatestNumber(2660, NOW))
    assert remembered.latest_number == LatestNumber(2661, NOW)
    asyncio.run(remembered.keep([found(2664)]))
    assert remembered.latest_number == LatestNumber(2664, NOW)
    asyncio.run(remembered.keep((), LatestNumber(2663, NOW + 1)))
    assert remembered.latest_number == LatestNumber(2664, NOW + 1)


def test_a_comic_kept_before_the_latest_number_was_learnt_raises_it(clock: Clock) -> None:
    remembered = memory(clock, found(2664))
    remembered.adopt_latest(LatestNumber(2663, NOW))
    assert remembered.latest_number == LatestNumber(2664, NOW)


@pytest.mark.parametrize("num", [2599, 5000])
@pytest.mark.parametrize("known", [None, LatestNumber(2660, NOW - 1)], ids=["none known", "one known"])
def test_an_implausible_number_is_not_kept_but_may_be_adopted(
    clock: Clock, num: int, known: LatestNumber | None
) -> None:
    remembered = memory(clock, found(2665), latest=known)
    before = remembered.latest_number
    asyncio.run(remembered.keep((), LatestNumber(num, NOW)))
    assert remembered.latest_number == before
    remembered.adopt_latest(LatestNumber(num, NOW))
    assert remembered.latest_number == LatestNumber(num, NOW)


def test_what_comes_from_the_future_is_neither_fresh_nor_kept_nor_later(clock: Clock) -> None:
    ahead = NOW + CLOCK_SKEW + 1
    remembered = memory(clock, found(1, ahead), latest=LatestNumber(2660, ahead))
    remembered.keep_absent(2661)
    assert (had(remembered, 1), remembered.latest_number) == ({}, None)
    asyncio.run(remembered.keep((), LatestNumber(2665, NOW)))
    assert remembered.latest_number == LatestNumber(2665, NOW)


def test_a_clock_a_little_ahead_makes_no_difference(clock: Clock) -> None:
    ahead = NOW + CLOCK_SKEW
    remembered = memory(clock, found(1, ahead), latest=LatestNumber(2660, ahead))
    assert (list(had(remembered, 1)), remembered.latest_number) == ([1], LatestNumber(2660, ahead))


def absence(memory: Memory, num: int) -> str | None:
    error = memory.absence(num)
    return None if error is None else str(error)


def test_comic_404_is_known_not_to_be_there(clock: Clock) -> None:
    assert absence(memory(clock), 404) == "xkcd has no comic 404."


def test_nothing_is_above_a_fresh_latest(clock: Clock) -> None:
    remembered = memory(clock, latest=LatestNumber(2665, NOW))
    assert absence(remembered, 2665) is None
    assert absence(remembered, 2666) == "xkcd has no comic 2666: the latest is 2665."
    clock.now += LATEST_FRESH_FOR
    assert absence(remembered, 2666) is None


def test_a_comic_above_an_old_latest_is_remembered_as_missing_for_as_long_as_a_latest_is_fresh(clock: Clock) -> None:
    remembered = memory(clock, latest=LatestNumber(2665, NOW - LATEST_FRESH_FOR))
    remembered.keep_absent(2666)
    clock.now += LATEST_FRESH_FOR - 1
    assert absence(remembered, 2666) == "xkcd has no comic 2666."
    clock.now += 1
    assert absence(remembered, 2666) is None


def test_with_another_latest_what_was_missing_may_be_there(clock: Clock) -> None:
    remembered = memory(clock, latest=LatestNumber(2665, NOW - LATEST_FRESH_FOR))
    remembered.keep_absent(2666)
    asyncio.run(remembered.keep((), LatestNumber(2665, NOW - LATEST_FRESH_FOR)))
    assert absence(remembered, 2666) == "xkcd has no comic 2666."
    asyncio.run(remembered.keep((), LatestNumber(2666, NOW)))
    assert absence(remembered, 2666) is None


@pytest.mark.parametrize("latest", [None, LatestNumber(2665, NOW)], ids=["latest unknown", "latest known"])
def test_that_a_comic_is_missing_which_should_be_there_is_not_remembered(
    clock: Clock, latest: LatestNumber | None
) -> None:
    remembered = memory(clock, latest=latest)
    remembered.keep_absent(614)
    assert absence(remembered, 614) is None


def test_a_clock_that_was_ahead_makes_no_comic_missing_for_long(clock: Clock) -> None:
    remembered = memory(clock)
    clock.now += CLOCK_SKEW + 1
    remembered.keep_absent(2666)
    assert absence(remembered, 2666) == "xkcd has no comic 2666."
    clock.now = NOW
    assert absence(remembered, 2666) is None


def test_only_so_many_missing_comics_are_remembered(clock: Clock) -> None:
    remembered = memory(clock, most=2, latest=LatestNumber(2665, NOW - LATEST_FRESH_FOR))
    for num in (2666, 2667, 2668):
        remembered.keep_absent(num)
    assert [absence(remembered, num) is None for num in (2666, 2667, 2668)] == [True, False, False]


class Asked(Memory):
    """A memory that notes which comics it is asked for."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(100, clock, floor=2600)
        self.asked: list[int] = []

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        self.asked += numbers
        return await super().comics(numbers)


class TwoCaches:
    """An upper and a lower cache, and both as one."""

    def __init__(self, clock: Clock) -> None:
        self.upper = Asked(clock)
        self.lower = Asked(clock)
        self.both = Layered(self.upper, self.lower, clock)

    def fetched(self, *numbers: int) -> dict[int, float]:
        return {num: found.fetched_at for num, found in asyncio.run(self.both.comics(numbers)).items()}


@pytest.fixture
def caches(clock: Clock) -> TwoCaches:
    return TwoCaches(clock)


def test_what_the_upper_cache_has_fresh_the_lower_is_not_asked_for(caches: TwoCaches) -> None:
    asyncio.run(caches.upper.keep([found(1)]))
    assert caches.fetched(1) == {1: NOW}
    assert caches.lower.asked == []


def test_what_the_upper_cache_lacks_comes_from_the_lower_and_is_put_into_the_upper(caches: TwoCaches) -> None:
    asyncio.run(caches.lower.keep([found(1), found(2)]))
    asyncio.run(caches.upper.keep([found(3)]))
    for _ in range(2):
        assert caches.fetched(1, 2, 3) == {1: NOW, 2: NOW, 3: NOW}
    assert caches.lower.asked == [1, 2]


@pytest.mark.parametrize("newer", [1.0, 0.0, -1.0], ids=["lower is newer", "as old", "lower is older"])
def test_of_an_old_comic_the_newer_is_taken(caches: TwoCaches, newer: float) -> None:
    old = NOW - MOST_FRESH
    asyncio.run(caches.upper.keep([found(1, old)]))
    asyncio.run(caches.lower.keep([found(1, old + newer)]))
    assert caches.fetched(1) == {1: max(old, old + newer)}
    assert caches.lower.asked == [1]


@pytest.mark.parametrize(
    ("upper", "lower", "expected"),
    [
        (None, None, None),
        (LatestNumber(2664, NOW - 9), LatestNumber(2665, NOW), LatestNumber(2664, NOW - 9)),
        (None, LatestNumber(2665, NOW - LATEST_FRESH_FOR), LatestNumber(2665, NOW - LATEST_FRESH_FOR)),
        (LatestNumber(2664, NOW - 999), None, LatestNumber(2664, NOW - 999)),
        (LatestNumber(2664, NOW - 999), LatestNumber(2665, NOW - 998), LatestNumber(2665, NOW - 998)),
        (LatestNumber(2664, NOW - 999), LatestNumber(2663, NOW - 1000), LatestNumber(2664, NOW - 999)),
    ],
    ids=["unknown", "upper fresh", "only lower", "only upper", "lower learnt later", "lower learnt earlier"],
)
def test_the_latest_number_learnt_last_is_taken_but_the_lower_cache_asked_only_without_a_fresh_one(
    caches: TwoCaches, upper: LatestNumber | None, lower: LatestNumber | None, expected: LatestNumber | None
) -> None:
    asyncio.run(caches.upper.keep((), upper))
    asyncio.run(caches.lower.keep((), lower))
    assert asyncio.run(caches.both.latest()) == expected
    assert caches.upper.latest_number == expected


def test_what_is_kept_is_kept_in_both(caches: TwoCaches) -> None:
    latest = LatestNumber(2665, NOW)
    asyncio.run(caches.both.keep([found(1)], latest))
    for cache in (caches.upper, caches.lower):
        assert (list(had(cache, 1)), cache.latest_number) == ([1], latest)
