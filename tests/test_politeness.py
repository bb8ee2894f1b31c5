"""How hard xkcd may be asked."""

from random import Random

import pytest

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
from app.politeness import REST, Budget, Circuit

PASSING = BrokenOff("")


def budget(comics: int = 100) -> Budget:
    return Budget(comics, Random(614))


@pytest.mark.parametrize(("comics", "retries"), [(1, 1), (4, 1), (5, 2), (25, 6), (100, 21)])
def test_a_fifth_of_the_comics_and_one_more_may_be_asked_for_again(comics: int, retries: int) -> None:
    allowed = budget(comics)
    pauses = [allowed.pause(PASSING, tries=1) for _ in range(retries + 1)]
    assert [pause is not None for pause in pauses] == [True] * retries + [False]


def test_a_comic_is_asked_for_three_times_at_most() -> None:
    allowed = budget()
    assert [allowed.pause(PASSING, tries) is not None for tries in (1, 2, 3)] == [True, True, False]


def test_pauses_are_spread_over_a_time_that_doubles() -> None:
    allowed = budget(5000)
    first = [allowed.pause(PASSING, tries=1) or 0.0 for _ in range(400)]
    second = [allowed.pause(PASSING, tries=2) or 0.0 for _ in range(400)]
    assert 0 <= min(first) < 0.02 < 0.18 < max(first) <= 0.2
    assert 0 <= min(second) < 0.04 < 0.36 < max(second) <= 0.4


@pytest.mark.parametrize("error", [BrokenOff(""), Unreachable(""), Refused("")])
def test_what_may_pass_is_asked_for_again(error: UpstreamError) -> None:
    assert budget().pause(error, tries=1) is not None


@pytest.mark.parametrize(
    "error", [NoSuchComic(""), BadAnswer(""), TooLate(""), TooMany(""), LeftAlone("", 5), Refused("", 60)]
)
def test_what_will_not_pass_is_not_asked_for_again(error: UpstreamError) -> None:
    assert budget().pause(error, tries=1) is None


def test_after_a_429_nothing_more_is_asked() -> None:
    spent = budget()
    spent.check()
    spent.note(TooMany("enough", 17))
    with pytest.raises(TooMany, match=r"^enough$") as raised:
        spent.check()
    assert raised.value.retry_after == 17


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


def test_two_refused_invocations_in_a_row_mean_a_rest() -> None:
    circuit = Circuit()
    circuit.refused(now=1000.0)
    circuit.check(now=1000.0)
    circuit.refused(now=1001.0)
    with pytest.raises(LeftAlone, match=r"^xkcd refused before and is left alone for a while\.$") as raised:
        circuit.check(now=1001.5)
    assert raised.value.retry_after == 30


def test_after_the_rest_it_is_still_tripped_but_may_be_asked() -> None:
    circuit = Circuit()
    circuit.refused(now=0.0)
    circuit.refused(now=0.0)
    circuit.check(now=REST)
    assert circuit.tripped


@pytest.mark.parametrize(("outcome", "tripped"), [(None, False), (NoSuchComic(""), False), (Refused(""), True)])
def test_any_outcome_but_a_refusal_ends_caution(outcome: UpstreamError | None, tripped: bool) -> None:
    circuit = Circuit()
    circuit.refused(now=0.0)
    circuit.refused(now=0.0)
    circuit.note(outcome)
    assert circuit.tripped is tripped
