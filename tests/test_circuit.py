"""When a circuit breaker opens, and when it closes again."""

from app.circuit import PAUSE, Circuit


def failed_twice() -> Circuit:
    circuit = Circuit()
    circuit.record_failure(now=1000.0)
    circuit.record_failure(now=1001.0)
    return circuit


def test_one_failure_does_not_open_it() -> None:
    circuit = Circuit()
    circuit.record_failure(now=1000.0)
    assert (circuit.has_failed, circuit.is_open, circuit.seconds_left(now=1000.0)) == (True, False, 0.0)


def test_two_consecutive_failures_open_it_for_a_pause() -> None:
    circuit = failed_twice()
    assert (circuit.is_open, circuit.seconds_left(now=1001.5)) == (True, PAUSE - 0.5)


def test_a_success_in_between_keeps_it_closed() -> None:
    circuit = Circuit()
    circuit.record_failure(now=1000.0)
    circuit.record_success(now=1000.5)
    circuit.record_failure(now=1001.0)
    assert (circuit.has_failed, circuit.is_open) == (True, False)


def test_after_the_pause_it_is_still_open_but_a_request_may_be_tried() -> None:
    circuit = failed_twice()
    assert (circuit.is_open, circuit.seconds_left(now=1001.0 + PAUSE)) == (True, 0.0)


def test_a_success_after_the_pause_closes_it() -> None:
    circuit = failed_twice()
    circuit.record_success(now=1001.0 + PAUSE)
    assert (circuit.has_failed, circuit.is_open) == (False, False)


def test_a_failure_after_the_pause_starts_another() -> None:
    circuit = failed_twice()
    circuit.record_failure(now=2000.0)
    assert circuit.seconds_left(now=2000.0) == PAUSE


def test_a_success_during_the_pause_does_not_end_it() -> None:
    circuit = failed_twice()
    circuit.record_success(now=1002.0)
    assert circuit.seconds_left(now=1002.0) == PAUSE - 1


def test_a_server_that_asks_for_a_pause_opens_it_at_once() -> None:
    circuit = Circuit()
    circuit.pause(now=1000.0, seconds=3600.0)
    assert (circuit.is_open, circuit.seconds_left(now=1000.0)) == (True, 3600.0)


def test_a_shorter_pause_does_not_shorten_a_longer_one() -> None:
    circuit = Circuit()
    circuit.pause(now=1000.0, seconds=3600.0)
    circuit.pause(now=1000.0, seconds=17.0)
    circuit.record_failure(now=1000.0)
    assert circuit.seconds_left(now=1000.0) == 3600.0
