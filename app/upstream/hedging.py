"""Pure: when a request is slow enough for a hedge, and how many hedges may be sent.

A gathering is as slow as the slowest of its requests. A request that is slow by chance is overtaken by a second one.
If all are slow, more requests only add load. So "slow" is relative to recent latencies, and hedges are capped at a
small share of all requests.
"""

from bisect import bisect_left, insort
from collections import deque
from math import ceil

HEDGES = 2
"""Hedges for one slow request.

With one, both are slow for 1 % of the gatherings of 25 comics where 2 % of requests are slow: p99 would not improve.
"""

SLOWER = 1.3
"""A request is slow after this many times the 95th percentile of recent latencies.

Where a few in a hundred requests are slow, that percentile is the latency of the others, and hardly one of them is 1.3
times slower. The median would suit a server with steady latencies, but it would call too many slow where they vary.
"""

WINDOW = 200
"""Recent requests that define what is usual: few enough to adapt soon when xkcd as a whole slows down."""

ENOUGH = 40
"""Requests that must be known first: the 95th percentile of fewer is one of the two slowest."""

SHARE = 3
"""Hedges allowed per hundred other requests."""

SAVED = 15
"""Hedges that can be saved up. Otherwise a slow xkcd would get very many at once after a long calm."""


class Latencies:
    """Latencies of recent requests that brought a comic, in seconds.

    Cancelled requests are missing, as their latency is unknown. They are few (see SHARE), so the 95th percentile shown
    here is at worst the 92nd of all. Slow requests that won are counted, so the threshold adapts when xkcd slows down,
    and faster once the allowance is spent.
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque()
        self._ascending: list[float] = []

    @property
    def patience(self) -> float | None:
        """Seconds after which a request is slow; None while too few latencies are known."""
        known = len(self._ascending)
        return SLOWER * self._ascending[ceil(known * 0.95) - 1] if known >= ENOUGH else None

    def record(self, seconds: float) -> None:
        """Record the latency of a request."""
        if len(self._recent) == WINDOW:
            del self._ascending[bisect_left(self._ascending, self._recent.popleft())]
        self._recent.append(seconds)
        insort(self._ascending, seconds)


class Allowance:
    """Hedges that may still be sent: SHARE per hundred requests, up to SAVED."""

    def __init__(self) -> None:
        self._hundredths = 0

    def record_request(self) -> None:
        """Record a request that is not a hedge."""
        self._hundredths = min(self._hundredths + SHARE, 100 * SAVED)

    def take(self) -> bool:
        """Whether one more hedge may be sent. If so, it counts as sent."""
        allowed = self._hundredths >= 100
        if allowed:
            self._hundredths -= 100
        return allowed
