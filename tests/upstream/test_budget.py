"""How hard xkcd may be asked."""

from random import Random

import pytest

from app.circuit import REST, Circuit
from app.errors import (
    BadAnswer,
    BrokenOff,
    LeftAlone,
    NoSuchComic,
    Refused,
    TooLate,
    TooMany,
    Unreachable,
    UpstreamError,
)
from app.upstream.budget import Budget

PASSING = BrokenOff("")


def budget(comics: int = 100) -> Budget:
    return Budget(comics, Random(614))


@pytest.mark.parametrize(("comics", "retries"), [(1, 1), (4, 1), (5, 2), (25, 6), (100, 21)])
def test_a_fifth_of_the_comics_and_one_more_may_be_asked_for_again(comics: int, retries: int) -> None:
    allowed = budget(comics)
    pauses = [allowed.pause(PASSING, tried=1) for _ in range(retries + 1)]
    assert [pause is not None for pause in pauses] == [True] * retries + [False]


def test_pauses_are_spread_over_a_time_that_doubles() -> None:
    allowed = budget(5000)
    first = [allowed.pause(PASSING, tried=1) or 0.0 for _ in range(400)]
    second = [allowed.pause(PASSING, tried=2) or 0.0 for _ in range(400)]
    assert 0 <= min(first) < 0.02 < 0.18 < max(first) <= 0.2
    assert 0 <= min(second) < 0.04 < 0.36 < max(second) <= 0.4


@pytest.mark.parametrize("error", [BrokenOff(""), Unreachable(""), Refused("")])
def test_what_may_pass_is_asked_for_again(error: UpstreamError) -> None:
    assert budget().pause(error, tried=1) is not None


@pytest.mark.parametrize(
    "error", [NoSuchComic(""), BadAnswer(""), TooLate(""), TooMany(""), LeftAlone("", 5), Refused("", 60)]
)
def test_what_will_not_pass_is_not_asked_for_again(error: UpstreamError) -> None:
    assert budget().pause(error, tried=1) is None


def test_after_a_429_nothing_more_is_asked() -> None:
    spent = budget()
    spent.check()
    spent.note(TooMany("enough", 17))
    with pytest.raises(TooMany, match=r"^enough$") as raised:
        spent.check()
    assert raised.value.retry_after == 17


@pytest.mark.parametrize(("comics", "hedges"), [(1, 2), (5, 2), (25, 4), (100, 12)])
def test_a_tenth_of_the_comics_and_two_may_be_hedged(comics: int, hedges: int) -> None:
    allowed = budget(comics)
    while allowed.may_hedge:
        allowed.note_hedge()
    assert allowed.hedged == hedges


@pytest.mark.parametrize(
    ("outcome", "may"), [(None, True), (BrokenOff(""), True), (Refused(""), False), (TooMany(""), False)]
)
def test_after_a_refusal_nothing_is_hedged(outcome: UpstreamError | None, may: bool) -> None:
    spent = budget()
    spent.note(outcome)
    assert (spent.may_hedge, spent.ended) == (may, 1)


@pytest.mark.parametrize(
    ("outcomes", "only_refused"),
    [
        ([], False),
        ([Refused("")], True),
        ([Refused(""), TooMany("")], True),
        ([Refused(""), None], False),
        ([None], False),
    ],
)
def test_only_refused_means_asked_and_nothing_else_met(
    outcomes: list[UpstreamError | None], only_refused: bool
) -> None:
    spent = budget()
    for outcome in outcomes:
        spent.note(outcome)
    assert spent.only_refused is only_refused


def test_two_failures_in_a_row_mean_a_rest() -> None:
    circuit = Circuit()
    circuit.failed(now=1000.0)
    assert (circuit.cautious, circuit.tripped, circuit.rest(now=1000.0)) == (True, False, 0.0)
    circuit.failed(now=1001.0)
    assert (circuit.tripped, circuit.rest(now=1001.5)) == (True, 29.5)


def test_after_the_rest_it_is_still_tripped_but_may_be_tried() -> None:
    circuit = Circuit()
    circuit.failed(now=0.0)
    circuit.failed(now=0.0)
    assert (circuit.tripped, circuit.rest(now=REST)) == (True, 0.0)


def test_what_works_ends_caution() -> None:
    circuit = Circuit()
    circuit.failed(now=0.0)
    circuit.failed(now=0.0)
    circuit.worked()
    assert (circuit.cautious, circuit.tripped, circuit.rest(now=1.0)) == (False, False, 0.0)
