"""Pure: how hard others may be asked, within one invocation and after they failed."""

from math import inf
from random import Random

from app.errors import BrokenOff, Refused, TooMany, Unreachable, UpstreamError

TRIES = 3
"""How often one comic is asked for at most, the first time included."""

LONGEST_PAUSE = 0.2
"""Seconds that the pause before a comic's first retry lasts at most; the next may be twice as long."""


class Budget:
    """What one invocation may ask: a fifth of its comics and one more again, and nothing after a 429.

    While nothing was refused, a tenth of its comics and two may be hedged, asked for once more because they are slow:
    where more are slow at once it is not by chance, and what is asked then is slow as well.
    `deadline` is when it ends, on the monotonic clock.
    """

    def __init__(self, comics: int, rng: Random, deadline: float = inf) -> None:
        self.deadline = deadline
        self._retries = comics // 5 + 1
        self._retried = 0
        self._hedges = comics // 10 + 2
        self._hedged = 0
        self._rng = rng
        self._too_many: TooMany | None = None
        self._refusals = 0
        self._others = 0

    @property
    def only_refused(self) -> bool:
        """Whether xkcd was asked and every outcome was a refusal."""
        return self._refusals > 0 and self._others == 0

    @property
    def ended(self) -> int:
        """How many requests are over, whatever they brought."""
        return self._refusals + self._others

    @property
    def retried(self) -> int:
        """How often a comic was asked for again."""
        return self._retried

    @property
    def hedged(self) -> int:
        """How many more requests were sent because one was slow."""
        return self._hedged

    @property
    def may_hedge(self) -> bool:
        """Whether one more request may be sent because one is slow."""
        return self._refusals == 0 and self._hedged < self._hedges

    def check(self) -> None:
        """Raise the 429 that ended the asking, if there was one."""
        if self._too_many is not None:
            raise TooMany(str(self._too_many), self._too_many.retry_after)

    def note(self, error: UpstreamError | None) -> None:
        """Take in how a request ended: with a comic (None) or an error."""
        if isinstance(error, TooMany):
            self._too_many = error
        if isinstance(error, Refused):
            self._refusals += 1
        else:
            self._others += 1

    def note_hedge(self) -> None:
        """Take in that one more request was sent because one was slow."""
        self._hedged += 1

    def pause(self, error: UpstreamError, tried: int) -> float | None:
        """Seconds to wait before a comic that failed `tried` times is asked for again; None to leave it.

        Full jitter, so that comics that failed together are not asked for together again.
        """
        passing = isinstance(error, BrokenOff | Unreachable | Refused) and not isinstance(error, TooMany)
        told_to_wait = isinstance(error, Refused) and error.retry_after is not None
        if not passing or told_to_wait or self._retried == self._retries:
            return None
        self._retried += 1
        return self._rng.uniform(0, LONGEST_PAUSE * 2 ** (tried - 1))
