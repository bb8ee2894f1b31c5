"""TCP's slow start without losses: when the bytes of one direction of a connection leave their sender.

At first, ten segments may be under way (RFC 6928). Each one that is acknowledged, a round trip later, lets one more be
under way (RFC 5681, section 3.1), so the window doubles in each round trip that uses it whole. After a pause longer
than the retransmission timeout, ten may be under way again (section 4.1, Linux's tcp_slow_start_after_idle).

The receiver is taken to acknowledge at once. A sender whose window was not full gets a larger one here, where Linux
would leave it as it is.
"""

from collections import deque
from collections.abc import Iterator

INITIAL = 10.0
"""Segments that may be under way at first."""
SEGMENT = 1460
"""Bytes in a full segment over Ethernet and IPv4."""
LEAST_TIMEOUT = 0.2
"""Seconds by which Linux's retransmission timeout exceeds the round trip (TCP_RTO_MIN)."""


class CongestionWindow:
    """The window of one sender. `initial` is in segments; with `math.inf` all bytes leave at once."""

    def __init__(self, round_trip: float, initial: float = INITIAL) -> None:
        self._round_trip = round_trip
        self._initial = self._size = initial
        self._acknowledgements: deque[float] = deque()
        self._last = float("-inf")
        self._room = 0

    def send(self, size: int, ready: float) -> Iterator[tuple[int, float]]:
        """Cut bytes that are ready at that time into pieces, and yield the size of each and the time when it leaves.

        Bytes that must wait fill up the segment that waits before them, as in a socket's buffer.
        """
        while size:
            if self._last <= ready or not self._room:
                self._last = self._next(ready)
                self._room = SEGMENT
            piece = min(size, self._room)
            self._room -= piece
            size -= piece
            yield piece, self._last

    def end(self, ready: float) -> float:
        """When the sender's end of the stream leaves: after all bytes."""
        return max(ready, self._last)

    def _next(self, ready: float) -> float:
        """When the next segment leaves."""
        leaves = max(ready, self._last)
        self._acknowledge(leaves)
        if leaves - self._last > self._round_trip + LEAST_TIMEOUT:
            self._size = min(self._size, self._initial)
        if len(self._acknowledgements) >= self._size:
            leaves = self._acknowledgements[0]
            self._acknowledge(leaves)
        self._acknowledgements.append(leaves + self._round_trip)
        return leaves

    def _acknowledge(self, now: float) -> None:
        while self._acknowledgements and self._acknowledgements[0] <= now:
            self._acknowledgements.popleft()
            self._size += 1
