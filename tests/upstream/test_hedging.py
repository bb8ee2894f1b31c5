"""When a request is slow, and how many more may be sent because of it."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.upstream.hedging import ENOUGH, SAVED, SHARE, SLOWER, WINDOW, Allowance, Latencies


def after(*seconds: float) -> Latencies:
    latencies = Latencies()
    for taken in seconds:
        latencies.record(taken)
    return latencies


def test_while_too_few_are_known_nothing_is_slow() -> None:
    assert after(*[0.1] * (ENOUGH - 1)).patience is None
    assert after(*[0.1] * ENOUGH).patience == SLOWER * 0.1


def test_a_few_slow_ones_do_not_change_what_is_usual() -> None:
    assert after(*[1.0] * (WINDOW // 20), *[0.1] * (WINDOW - WINDOW // 20)).patience == SLOWER * 0.1


def test_where_all_get_slower_that_is_soon_usual() -> None:
    assert after(*[0.1] * WINDOW, *[1.0] * (WINDOW // 20 + 1)).patience == SLOWER * 1.0


@given(st.lists(st.floats(0, 10), min_size=ENOUGH, max_size=3 * WINDOW))
def test_slow_is_measured_against_the_95th_percentile_of_the_window(seconds: list[float]) -> None:
    recent = sorted(seconds[-WINDOW:])
    assert after(*seconds).patience == SLOWER * recent[ceil(0.95 * len(recent)) - 1]


@given(st.lists(st.booleans(), max_size=2000))
def test_never_more_than_the_share_is_allowed(asked: list[bool]) -> None:
    """True is a request, False an attempt to send one more."""
    allowance = Allowance()
    requests = hedges = 0
    for request in asked:
        if request:
            allowance.record_request()
            requests += 1
        else:
            hedges += allowance.take()
        assert 100 * hedges <= SHARE * requests


@pytest.mark.parametrize(("requests", "hedges"), [(33, 0), (34, 1), (100, 3), (500, SAVED), (100_000, SAVED)])
def test_what_is_not_used_is_saved_up_to_a_limit(requests: int, hedges: int) -> None:
    allowance = Allowance()
    for _ in range(requests):
        allowance.record_request()
    assert [allowance.take() for _ in range(hedges + 1)] == [True] * hedges + [False]
