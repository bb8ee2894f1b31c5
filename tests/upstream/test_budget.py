"""How hard xkcd may be asked."""

from random import Random

import pytest

from app.errors import (
    BadAnswer,
    BrokenOff,
    Forbidden,
    NoSuchComic,
    Paused,
    RateLimited,
    Refused,
    TimedOut,
    Unreachable,
    UpstreamError,
)
from app.upstream.budget import Budget

TRANSIENT = BrokenOff("")


def budget(comics: int = 100) -> Budget:
    return Budget(comics, Random(614))


@pytest.mark.parametrize(("comics", "retries"), [(1, 1), (4, 1), (5, 2), (25, 6), (100, 21)])
def test_a_fifth_of_the_comics_and_one_more_may_be_asked_for_again(comics: int, retries: int) -> None:
    allowed = budget(comics)
    pauses = [allowed.backoff(TRANSIENT, attempts=1) for _ in range(retries + 1)]
    assert [pause is not None for pause in pauses] == [True] * retries + [False]


def test_pauses_are_spread_over_a_time_that_doubles() -> None:
    allowed = budget(5000)
    first = [allowed.backoff(TRANSIENT, attempts=1) or 0.0 for _ in range(400)]
    second = [allowed.backoff(TRANSIENT, attempts=2) or 0.0 for _ in range(400)]
    assert 0 <= min(first) < 0.02 < 0.18 < max(first) <= 0.2
    assert 0 <= min(second) < 0.04 < 0.36 < max(second) <= 0.4


@pytest.mark.parametrize("error", [BrokenOff(""), Unreachable(""), Refused("")])
def test_what_may_pass_is_asked_for_again(error: UpstreamError) -> None:
    assert budget().backoff(error, attempts=1) is not None


@pytest.mark.parametrize(
    "error",
    [NoSuchComic(""), BadAnswer(""), TimedOut(""), RateLimited(""), Paused("", 5), Refused("", 60), Forbidden("")],
)
def test_what_will_not_pass_is_not_asked_for_again(error: UpstreamError) -> None:
    assert budget().backoff(error, attempts=1) is None


def test_after_a_429_nothing_more_is_asked() -> None:
    spent = budget()
    spent.raise_if_over()
    spent.record(RateLimited("enough", 17))
    with pytest.raises(RateLimited, match=r"^enough$") as raised:
        spent.raise_if_over()
    assert raised.value.retry_after == 17


@pytest.mark.parametrize(("comics", "hedges"), [(1, 2), (5, 2), (25, 4), (100, 12)])
def test_a_tenth_of_the_comics_and_two_may_be_hedged(comics: int, hedges: int) -> None:
    allowed = budget(comics)
    while allowed.may_hedge:
        allowed.hedged += 1
    assert allowed.hedged == hedges


@pytest.mark.parametrize(
    ("outcome", "may"), [(None, True), (BrokenOff(""), True), (Refused(""), False), (RateLimited(""), False)]
)
def test_after_a_refusal_nothing_is_hedged(outcome: UpstreamError | None, may: bool) -> None:
    spent = budget()
    spent.record(outcome)
    assert (spent.may_hedge, spent.ended) == (may, 1)


@pytest.mark.parametrize(
    ("outcomes", "only_refused"),
    [
        ([], False),
        ([Refused("")], True),
        ([Refused(""), RateLimited("")], True),
        ([Refused(""), None], False),
        ([None], False),
    ],
)
def test_only_refused_means_asked_and_nothing_else_met(
    outcomes: list[UpstreamError | None], only_refused: bool
) -> None:
    spent = budget()
    for outcome in outcomes:
        spent.record(outcome)
    assert spent.only_refused is only_refused
