"""Which numbers the latest comic can have, and which reports of it are believed."""

from datetime import UTC, datetime

import pytest

from app.comics.found import DAY, LatestNumber
from app.comics.plausible import AGREED_AFTER, LAG, RISE, Doubt, plausible
from app.settings import FLOOR, FLOOR_DATE
from tests.records import NOW

SINCE_FLOOR = int((NOW - FLOOR_DATE) / DAY)
"""Days between the default floor and the tests' present."""


@pytest.mark.parametrize(
    ("floor", "lowest", "base"),
    [
        pytest.param(FLOOR, FLOOR, FLOOR, id="default"),
        pytest.param(FLOOR + 700, FLOOR + 700, FLOOR + 700, id="higher"),
        pytest.param(2665, 2665, FLOOR, id="lower"),
        pytest.param(0, 1, FLOOR, id="none"),
    ],
)
def test_while_none_is_known_the_latest_is_between_the_floor_and_what_may_have_come_since(
    floor: int, lowest: int, base: int
) -> None:
    assert plausible(None, floor, NOW) == range(lowest, base + RISE + SINCE_FLOOR + 1)


def test_the_bound_rises_by_one_a_day() -> None:
    assert plausible(None, FLOOR, FLOOR_DATE + DAY - 1)[-1] == FLOOR + RISE
    assert plausible(None, FLOOR, FLOOR_DATE + DAY)[-1] == FLOOR + RISE + 1


def test_a_clock_before_the_date_of_the_floor_changes_nothing() -> None:
    assert plausible(None, FLOOR, 0.0) == range(FLOOR, FLOOR + RISE + 1)


@pytest.mark.parametrize("a_week", [2, 3, 5, 7], ids=lambda count: f"{count} comics a week")
def test_a_deployment_five_years_old_believes_the_truth(a_week: int) -> None:
    now = datetime(2031, 8, 31, tzinfo=UTC).timestamp()
    assert FLOOR + 5 * 52 * a_week in plausible(None, FLOOR, now)


@pytest.mark.parametrize("floor", [0, FLOOR])
def test_after_a_number_was_learnt_the_floor_has_no_say(floor: int) -> None:
    known = LatestNumber(2665, NOW - 10 * DAY)
    assert plausible(known, floor, NOW) == range(2665 - LAG, 2665 + RISE + 10 + 1)


def believed(*reports: tuple[int, float]) -> list[bool]:
    """Which of these reports are believed, each a number and the seconds since the first, where 2665 is plausible."""
    doubt = Doubt()
    return [doubt.believes(LatestNumber(num, NOW + seconds), range(2665, 2700)) for num, seconds in reports]


def test_what_is_plausible_is_believed_at_once() -> None:
    assert believed((2665, 0), (2699, 0)) == [True, True]


def test_an_implausible_report_is_believed_when_it_is_repeated_after_four_minutes() -> None:
    assert believed((1, 0), (1, AGREED_AFTER - 1), (1, AGREED_AFTER)) == [False, False, True]


def test_implausible_reports_that_disagree_are_not_believed() -> None:
    assert believed((1, 0), (999_999, 300), (1, 600), (2, 900)) == [False] * 4


def test_a_plausible_report_refutes_the_implausible_one_before() -> None:
    assert believed((1, 0), (2665, 150), (1, 300), (1, 300 + AGREED_AFTER)) == [False, True, False, True]


def test_a_clock_that_was_ahead_delays_no_agreement() -> None:
    year = 365 * DAY
    assert believed((1, year), (1, 0), (1, AGREED_AFTER)) == [False, False, True]
