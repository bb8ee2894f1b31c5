"""Pure: how hard xkcd may be asked, within one invocation and after it refused."""

from random import Random

from app.errors import BrokenOff, LeftAlone, Refused, TooMany, Unreachable, UpstreamError

TRIES = 3
"""How often one comic is asked for at most, the first time included."""

LONGEST_PAUSE = 0.2
"""Seconds that the pause before a comic's first retry lasts at most; the next may be twice as long."""

REST = 30.0
"""Seconds for which xkcd is left alone after it refused two invocations in a row."""


class Budget:
    """What one invocation may ask: a fifth of its comics and one more again, and nothing after a 429."""

    def __init__(self, comics: int, rng: Random) -> None:
        self._retries = comics // 5 + 1
        self._rng = rng
        self._too_many: TooMany | None = None
        self._refusals = 0
        self._others = 0

    @property
    def only_refused(self) -> bool:
        """Whether xkcd was asked and every outcome was a refusal."""
        return self._refusals > 0 and self._others == 0

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

    def pause(self, error: UpstreamError, tries: int) -> float | None:
        """Seconds to wait before a comic that failed `tries` times is asked for again; None to leave it.

        Full jitter, so that comics that failed together are not asked for together again.
        """
        passing = isinstance(error, BrokenOff | Unreachable | Refused) and not isinstance(error, TooMany)
        told_to_wait = isinstance(error, Refused) and error.retry_after is not None
        if not passing or told_to_wait or tries >= TRIES or not self._retries:
            return None
        self._retries -= 1
        return self._rng.uniform(0, LONGEST_PAUSE * 2 ** (tries - 1))


class Circuit:
    """Whether xkcd may be asked at all: two invocations refused in a row, and it has a rest.

    After the rest it may be asked with one request. A refusal means another rest; any other outcome ends it.
    Times are seconds on any one clock.
    """

    def __init__(self) -> None:
        self._refused_in_a_row = 0
        self._rest_until = 0.0

    @property
    def tripped(self) -> bool:
        """Whether xkcd is at rest, or has had its rest and is to be tried with one request."""
        return self._refused_in_a_row >= 2

    def check(self, now: float) -> None:
        """Raise LeftAlone, with the seconds left, while xkcd is at rest."""
        left = self._rest_until - now
        if self.tripped and left > 0:
            raise LeftAlone("xkcd refused before and is left alone for a while.", retry_after=int(left) + 1)

    def note(self, error: UpstreamError | None) -> None:
        """Take in how a request ended: any outcome but a refusal puts an end to caution."""
        if not isinstance(error, Refused):
            self._refused_in_a_row = 0

    def refused(self, now: float) -> None:
        """Take in that an invocation got nothing but refusals, or that the trial after a rest did."""
        self._refused_in_a_row += 1
        self._rest_until = now + REST
