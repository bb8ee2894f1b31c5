"""Pure: how many retries and hedges one gathering may send."""

from collections import Counter
from math import inf
from random import Random

from app.errors import BrokenOff, Forbidden, NoSuchComic, RateLimited, Refused, Unreachable, UpstreamError

ATTEMPTS = 3
"""Attempts for one comic, including the first."""

FIRST_BACKOFF = 0.2
"""Longest pause in seconds before a comic's first retry. It doubles for the second."""


class Budget:
    """What one gathering of `comics` comics may still send, and how its requests ended.

    It allows comics / 5 + 1 retries, and comics / 10 + 2 hedges while nothing was refused: if more requests are slow at
    once, xkcd as a whole is slow, and so would be the hedges. After a 403 or a 429 it allows no request at all.
    `deadline` is on the monotonic clock.
    """

    def __init__(self, comics: int, rng: Random, deadline: float = inf) -> None:
        self.deadline = deadline
        self.retried = 0
        """Retries sent because a request failed."""
        self.hedged = 0
        """Requests sent because another one was slow."""
        self.ended = 0
        """Requests that are over, however they ended."""
        self.retry_after = 0
        """Seconds that xkcd asked us to wait, at the longest."""
        self.failures: list[UpstreamError] = []
        """Requests that brought neither a comic nor a 404, for the log."""
        self._retries = comics // 5 + 1
        self._hedges = comics // 10 + 2
        self._rng = rng
        self._refusals = 0
        self._end: Forbidden | RateLimited | None = None

    @property
    def only_refused(self) -> bool:
        """Whether requests were sent and all of them were refused."""
        return 0 < self._refusals == self.ended

    @property
    def reasons(self) -> Counter[str]:
        """How many requests failed, by UpstreamError.reason."""
        return Counter(error.reason for error in self.failures)

    @property
    def may_hedge(self) -> bool:
        """Whether one more hedge may be sent."""
        return self._refusals == 0 and self.hedged < self._hedges

    def raise_if_over(self) -> None:
        """Raise the 403 or 429 that ended this budget, if there was one."""
        if self._end is not None:
            raise self._end

    def record(self, error: UpstreamError | None) -> None:
        """Record how a request ended: with a comic (None) or with an error."""
        self.ended += 1
        if isinstance(error, Forbidden | RateLimited):
            self._end = error
        if isinstance(error, Refused):
            self._refusals += 1
            self.retry_after = max(self.retry_after, error.retry_after or 0)
        if error is not None and not isinstance(error, NoSuchComic):
            self.failures.append(error)

    def record_shared(self, error: UpstreamError) -> None:
        """Record how a request ended that another gathering may have sent; its end counts for that gathering."""
        if isinstance(error, Forbidden | RateLimited):
            self._end = error
        if not isinstance(error, NoSuchComic) and error not in self.failures:
            self.failures.append(error)

    def backoff(self, error: UpstreamError, attempts: int) -> float | None:
        """Spend a retry on a comic that failed `attempts` times: seconds to wait before it, or None for no retry.

        The pause has full jitter, so that comics which failed together are not requested together again.
        """
        transient = isinstance(error, BrokenOff | Unreachable) or (
            isinstance(error, Refused) and not error.asks_to_stop
        )
        if not transient or self.retried == self._retries:
            return None
        self.retried += 1
        return self._rng.uniform(0, FIRST_BACKOFF * 2 ** (attempts - 1))
