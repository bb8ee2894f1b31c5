"""Pure: a circuit breaker."""

REST = 30.0
"""Seconds for which somebody who failed twice in a row is left alone."""


class Circuit:
    """Whether somebody may be asked at all: two failures in a row, and they have a rest.

    After the rest they may be tried again. Another failure means another rest; what works ends it.
    Times are seconds on any one clock.
    """

    def __init__(self) -> None:
        self._failed_in_a_row = 0
        self._rest_until = 0.0

    @property
    def tripped(self) -> bool:
        """Whether they are at rest, or have had their rest and are to be tried with care."""
        return self._failed_in_a_row >= 2

    @property
    def cautious(self) -> bool:
        """Whether they failed the last time."""
        return self._failed_in_a_row > 0

    def rest(self, now: float) -> float:
        """Seconds that are left of their rest; 0 when they may be asked."""
        return max(self._rest_until - now, 0.0) if self.tripped else 0.0

    def worked(self) -> None:
        """Take in that asking worked: that puts an end to caution."""
        self._failed_in_a_row = 0

    def failed(self, now: float) -> None:
        """Take in that asking failed."""
        self._failed_in_a_row += 1
        self._rest_until = now + REST
