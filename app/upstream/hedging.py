"""Pure: when a comic's request has taken so long that another is worth sending, and how many of those there may be.

An answer of many comics is as slow as the slowest of their requests. A request that is slow by chance is overtaken
by a second one; where all are slow, more of them only do harm. So slow is measured against what is usual of late,
and what may be sent more is a small share of what was sent anyway.
"""

from bisect import bisect_left, insort
from collections import deque
from math import ceil

HEDGES = 2
"""How many more requests one that is slow may bring about.

With one, both are slow for 1 % of the answers of 25 comics where 2 % of requests are slow: p99 would stay as it is.
"""

SLOWER = 1.3
"""How many times the 95th percentile of recent requests one takes that is slow.

The percentile: where a few in a hundred are slow it is still the time of the others, and of the others hardly one is
slower than 1.3 times that. The median would do as well for a server that is always alike, but not for one whose
usual times are far apart: there it would call too many slow.
"""

WINDOW = 200
"""How many recent requests tell what is usual: few enough to follow soon when xkcd gets slower as a whole."""

ENOUGH = 40
"""How many of them must be known: the 95th percentile of fewer is one of the two slowest."""

SHARE = 3
"""How many more requests may be sent, per hundred that were sent anyway."""

SAVED = 15
"""How many of them may be saved up: else, after a long calm, a slow xkcd would get very many at once."""


class Latencies:
    """How long recent requests took that brought a comic, in seconds.

    Those that lost to another one are not among them: they were cancelled, and how long they would have taken nobody
    knows. As they are few (see SHARE), this makes the 95th percentile of all at worst the 92nd. Those that nobody
    overtook are, so what is usual follows when xkcd gets slower, and sooner the less there is left to send.
    """

    def __init__(self) -> None:
        self._recent: deque[float] = deque()
        self._ascending: list[float] = []

    @property
    def patience(self) -> float | None:
        """Seconds after which a request is slow; None while too few are known."""
        known = len(self._ascending)
        return SLOWER * self._ascending[ceil(known * 0.95) - 1] if known >= ENOUGH else None

    def learn(self, seconds: float) -> None:
        """Take in how long a request took."""
        if len(self._recent) == WINDOW:
            del self._ascending[bisect_left(self._ascending, self._recent.popleft())]
        self._recent.append(seconds)
        insort(self._ascending, seconds)


class Allowance:
    """How many more requests may be sent: never more than SHARE in a hundred of those counted."""

    def __init__(self) -> None:
        self._hundredths = 0

    def count(self) -> None:
        """Take in that a request was sent anyway."""
        self._hundredths = min(self._hundredths + SHARE, 100 * SAVED)

    def take(self) -> bool:
        """Whether one more may be sent, which then counts as sent."""
        allowed = self._hundredths >= 100
        if allowed:
            self._hundredths -= 100
        return allowed
