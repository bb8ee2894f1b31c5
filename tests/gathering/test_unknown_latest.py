"""What is asked for while xkcd tells the latest comic's number: as much as surely exists, and no answer shows it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from random import Random

import pytest

from app.circuit import PAUSE
from app.comics.found import LATEST_FRESH_FOR
from app.comics.selection import Latest, Listed, Randomly, Selection, Since
from app.errors import LatestUnknown, NoSuchComic, RateLimited
from tests.rig import Rig, nums
from tools.faults import FAULTS, Step, answer
from tools.stand_in import StandIn

TheLatestWaits = Callable[[Callable[[], bool]], None]


@pytest.fixture
def rig(xkcd: StandIn) -> Iterator[Rig]:
    with closing(Rig(xkcd, floor=2665)) as rig:
        yield rig


@pytest.fixture
def the_latest_waits(xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> TheLatestWaits:
    """Has xkcd tell the latest comic's number only once a condition is fulfilled."""

    def wait_for(condition: Callable[[], bool]) -> None:
        def late(body: bytes) -> Iterator[Step]:
            while not condition():
                yield 0.01
            yield 0.05  # what was sent before is to be read before
            yield answer(body)

        monkeypatch.setitem(FAULTS, "late", late)
        xkcd.faults[xkcd.latest] = "late"

    return wait_for


def paths(*numbers: int) -> dict[str, int]:
    """What xkcd was asked when it was asked once for the latest and for each of these."""
    return {"/info.0.json": 1, **{f"/{num}/info.0.json": 1 for num in numbers}}


def know_an_older_latest(xkcd: StandIn, rig: Rig, latest: int) -> None:
    """Have the rig learn a latest number, and that be more than five minutes ago."""
    now, xkcd.latest = xkcd.latest, latest
    rig.gather(Latest(1))
    rig.clock.now += LATEST_FRESH_FOR
    xkcd.latest = now
    xkcd.asked.clear()


@pytest.mark.parametrize(
    ("selection", "beside"),
    [
        (Randomly(5), 5),
        (Randomly(5, "2026-11-22"), 5),
        (Listed((3, 1, "latest", 2)), 3),
        (Since(2600), 64),
    ],
)
def test_what_is_selected_is_asked_for_before_the_latest_is_known(
    xkcd: StandIn, rig: Rig, the_latest_waits: TheLatestWaits, selection: Selection, beside: int
) -> None:
    the_latest_waits(lambda: sum(xkcd.asked.values()) == 1 + beside)
    gathered = rig.gather(selection)
    assert (gathered.failures, gathered.latest) == ((), 2665)
    assert xkcd.asked == paths(*(num for num in nums(gathered.comics) if num != 2665))


@pytest.mark.parametrize(
    "selection",
    [Randomly(5), Randomly(100), Randomly(20, "a"), Listed((3, "latest")), Latest(5), Since(2600), Since(3000)],
)
@pytest.mark.parametrize("floor", [0, 1, 2600, 2665])
def test_wherever_it_begins_the_answer_is_as_if_the_latest_had_been_known(
    xkcd: StandIn, selection: Selection, floor: int
) -> None:
    expected = selection.numbers(2665, chance=Random(614).getrandbits(64))
    with closing(Rig(xkcd, floor=floor)) as rig:
        gathered = rig.gather(selection)
    assert (nums(gathered.comics), gathered.failures) == (list(expected), ())
    assert {timing.num for timing in gathered.timings} - {2665} == {0, *expected} - {2665}
    assert max(xkcd.asked.values()) == 1


def test_nothing_is_asked_for_that_may_not_exist(xkcd: StandIn, rig: Rig) -> None:
    gathered = rig.gather(Listed((1, 2666, "latest")))
    assert [type(failure.error) for failure in gathered.failures] == [NoSuchComic]
    assert xkcd.asked == paths(1)


def test_the_latest_ones_are_asked_for_only_when_the_latest_is_known(xkcd: StandIn, rig: Rig) -> None:
    gathered = rig.gather(Latest(3))
    assert nums(gathered.comics) == [2665, 2664, 2663]
    latest, *others = gathered.timings
    assert all(timing.start >= latest.end for timing in others)
    assert xkcd.asked == paths(2664, 2663)


def test_an_older_latest_is_where_to_begin(xkcd: StandIn, the_latest_waits: TheLatestWaits) -> None:
    with closing(Rig(xkcd, floor=2000)) as rig:
        know_an_older_latest(xkcd, rig, 2664)
        the_latest_waits(lambda: sum(xkcd.asked.values()) == 5)
        assert nums(rig.gather(Latest(5)).comics) == [2665, 2664, 2663, 2662, 2661]
    assert xkcd.asked == paths(2663, 2662, 2661, 2660)


def test_with_the_latest_known_nothing_is_asked_for_in_vain(xkcd: StandIn, rig: Rig) -> None:
    rig.gather(Latest(1))
    gathered = rig.gather(Randomly(5))
    assert xkcd.asked == paths(*nums(gathered.comics))


def test_what_came_and_was_not_selected_is_remembered(xkcd: StandIn, the_latest_waits: TheLatestWaits) -> None:
    begun, selected = (set(Randomly(50, "b").numbers(latest, 0)) for latest in (2000, 2665))
    the_latest_waits(lambda: sum(xkcd.asked.values()) == 51)
    with closing(Rig(xkcd, floor=2000)) as rig:
        rig.gather(Randomly(50, "b"))
        in_vain = rig.gather(Listed(tuple(begun - selected)))
    assert "memory" in {found.source for found in in_vain.comics}


def test_what_is_not_selected_is_asked_for_no_longer(xkcd: StandIn) -> None:
    draws = (Randomly(1, str(seed)) for seed in range(100))
    selection = next(draw for draw in draws if draw.numbers(2000, 0) != draw.numbers(2665, 0))
    ((guessed,), (selected,)) = (selection.numbers(latest, 0) for latest in (2000, 2665))
    xkcd.faults |= {guessed: "silence", selected: "silence"}

    async def gather(rig: Rig) -> int:
        gathering = asyncio.create_task(rig.gatherer.gather(selection, time.monotonic() + 60))
        assert await asyncio.to_thread(xkcd.wait_until, lambda: {*xkcd.asked} >= {*paths(guessed, selected)})
        assert await asyncio.to_thread(xkcd.wait_until, lambda: xkcd.connections - xkcd.open_connections == 1)
        assert not gathering.done()  # the selected one is waited for
        gathering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathering
        return len(asyncio.all_tasks())

    with closing(Rig(xkcd, floor=2000, attempt_timeout=60.0)) as rig:
        assert rig.loop.run(gather(rig)) == 1


def test_when_nobody_tells_the_latest_it_is_an_error_and_nothing_is_asked_for_any_longer(
    xkcd: StandIn, rig: Rig
) -> None:
    xkcd.faults |= {0: "silence", 2665: "html"}

    async def gather() -> int:
        with pytest.raises(LatestUnknown, match=r"^The latest comic's number is unknown: .* is not JSON\.$"):
            await rig.gatherer.gather(Randomly(5), time.monotonic() + 60)
        return len(asyncio.all_tasks())

    assert rig.loop.run(gather()) == 1
    assert xkcd.wait_until(lambda: xkcd.open_connections == 0)


def test_beside_a_latest_that_was_not_told_the_last_time_no_comic_is_asked_for(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[2665] = "html"
    xkcd.latency = 0.2  # so that all requests have come before the first answer goes
    with pytest.raises(LatestUnknown):
        rig.gather(Randomly(5))
    xkcd.asked.clear()
    xkcd.latency = 0.0
    with pytest.raises(LatestUnknown):
        rig.gather(Randomly(5))
    assert xkcd.asked == paths()
    xkcd.faults.clear()
    assert len(rig.gather(Randomly(5)).comics) == 5


def test_a_429_while_the_latest_is_asked_for_ends_the_asking(xkcd: StandIn, rig: Rig) -> None:
    know_an_older_latest(xkcd, rig, 2665)
    xkcd.faults[2665] = "429"
    gathered = rig.gather(Listed((2666, "latest")))
    assert (nums(gathered.comics), [type(failure.error) for failure in gathered.failures]) == ([2665], [RateLimited])
    assert xkcd.asked == paths()


def test_after_its_rest_xkcd_is_tried_with_the_latest(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[0] = "429"
    for num in (1, 2):
        rig.gather(Listed((num,)))
    rig.clock.now += PAUSE
    xkcd.asked.clear()
    with pytest.raises(LatestUnknown):
        rig.gather(Randomly(5))
    assert xkcd.asked == paths()
