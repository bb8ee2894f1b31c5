"""When a circuit breaker opens, and when it closes again."""

import pytest

from app.circuit import PAUSE, Circuit
from tests.records import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(clock)


@pytest.fixture
def opened(circuit: Circuit) -> Circuit:
    """A circuit that two failures have just opened."""
    circuit.record_failure()
    circuit.record_failure()
    return circuit


def test_one_failure_does_not_open_it(circuit: Circuit) -> None:
    circuit.record_failure()
    assert (circuit.has_failed, circuit.is_open, circuit.seconds_left) == (True, False, 0.0)


def test_two_consecutive_failures_open_it_for_a_pause(opened: Circuit, clock: Clock) -> None:
    clock.now += 0.5
    assert (opened.is_open, opened.seconds_left) == (True, PAUSE - 0.5)


def test_the_latest_failure_starts_the_pause(circuit: Circuit, clock: Clock) -> None:
    circuit.record_failure()
    clock.now += 10.0
    circuit.record_failure()
    assert circuit.seconds_left == PAUSE


def test_a_success_in_between_keeps_it_closed(circuit: Circuit) -> None:
    circuit.record_failure()
    circuit.record_success()
    circuit.record_failure()
    assert (circuit.has_failed, circuit.is_open) == (True, False)


def test_after_the_pause_it_is_still_open_but_a_request_may_be_tried(opened: Circuit, clock: Clock) -> None:
    clock.now += PAUSE
    assert (opened.is_open, opened.seconds_left) == (True, 0.0)


def test_a_success_after_the_pause_closes_it(opened: Circuit, clock: Clock) -> None:
    clock.now += PAUSE
    opened.record_success()
    assert (opened.has_failed, opened.is_open) == (False, False)


def test_a_failure_after_the_pause_starts_another(opened: Circuit, clock: Clock) -> None:
    clock.now += 1000.0
    opened.record_failure()
    assert opened.seconds_left == PAUSE


def test_a_success_during_the_pause_does_not_end_it(opened: Circuit, clock: Clock) -> None:
    clock.now += 1.0
    opened.record_success()
    assert opened.seconds_left == PAUSE - 1


def test_a_server_that_asks_for_a_pause_opens_it_at_once(circuit: Circuit) -> None:
    circuit.pause(3600.0)
    assert (circuit.is_open, circuit.seconds_left) == (True, 3600.0)


def test_a_shorter_pause_does_not_shorten_a_longer_one(circuit: Circuit) -> None:
    circuit.pause(3600.0)
    circuit.pause(17.0)
    circuit.record_failure()
    assert circuit.seconds_left == 3600.0
