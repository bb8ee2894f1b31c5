"""The congestion window lets bytes leave as TCP's slow start would."""

import math

from tools.congestion_window import LEAST_TIMEOUT, SEGMENT, CongestionWindow

ROUND_TRIP = 1.0


def sent(window: CongestionWindow, segments: float, ready: float) -> dict[float, float]:
    """Segments by the time when they leave."""
    leaving: dict[float, float] = {}
    for size, leaves in window.send(round(segments * SEGMENT), ready):
        leaving[leaves] = leaving.get(leaves, 0) + size / SEGMENT
    return leaving


def test_ten_segments_leave_at_once_and_twice_as_many_after_each_round_trip() -> None:
    assert sent(CongestionWindow(ROUND_TRIP), 100, ready=0) == {0: 10, 1: 20, 2: 40, 3: 30}


def test_less_than_ten_segments_do_not_wait() -> None:
    assert sent(CongestionWindow(ROUND_TRIP), 9.5, ready=7) == {7: 9.5}


def test_the_window_is_shared_by_all_bytes_of_a_round_trip() -> None:
    window = CongestionWindow(ROUND_TRIP)
    assert sent(window, 8, ready=0) == {0: 8}
    assert sent(window, 4, ready=0.25) == {0.25: 2, 1: 2}


def test_each_acknowledged_segment_lets_two_leave() -> None:
    window = CongestionWindow(ROUND_TRIP)
    assert sent(window, 9, ready=0) == {0: 9}
    assert sent(window, 1, ready=0.5) == {0.5: 1}
    assert sent(window, 20, ready=1) == {1: 18, 1.5: 2}


def test_a_small_write_takes_a_segment_of_its_own() -> None:
    window = CongestionWindow(ROUND_TRIP)
    leaving = [leaves for _ in range(11) for _, leaves in window.send(1, 0)]
    assert leaving == [0] * 10 + [1]


def test_bytes_that_wait_share_a_segment() -> None:
    window = CongestionWindow(ROUND_TRIP)
    sent(window, 10, ready=0)
    assert list(window.send(1000, 0.1)) == [(1000, 1)]
    assert list(window.send(1000, 0.2)) == [(460, 1), (540, 1)]
    assert sent(window, 18, ready=1) == {1: 18}
    assert sent(window, 1, ready=1) == {2: 1}


def test_the_window_stays_grown_while_the_sender_pauses_for_less_than_the_retransmission_timeout() -> None:
    window = CongestionWindow(ROUND_TRIP)
    sent(window, 10, ready=0)
    assert sent(window, 20, ready=1 + LEAST_TIMEOUT) == {1 + LEAST_TIMEOUT: 20}


def test_ten_segments_leave_at_once_after_a_longer_pause() -> None:
    window = CongestionWindow(ROUND_TRIP)
    sent(window, 10, ready=0)
    assert sent(window, 20, ready=2) == {2: 10, 3: 10}


def test_without_a_limit_all_bytes_leave_at_once() -> None:
    assert sent(CongestionWindow(ROUND_TRIP, math.inf), 1000, ready=0) == {0: 1000}


def test_the_end_leaves_after_all_bytes() -> None:
    window = CongestionWindow(ROUND_TRIP)
    sent(window, 11, ready=0)
    assert (window.end(0.5), window.end(1.5)) == (1, 1.5)
