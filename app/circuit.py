"""Pure: a circuit breaker."""

from app.clock import Clock

PAUSE = 30.0
"""Seconds for which a circuit stays open after the failure that opened it."""

FAILURES_TO_OPEN = 2
"""Consecutive failures that open a circuit."""


class Circuit:
    """Pauses requests to a server that keeps failing.

    Consecutive failures open it for PAUSE seconds, and a server that asks for a pause opens it at once. When the pause
    is over, the circuit stays open until one request has succeeded: a success closes it, a failure starts another
    pause. `clock` is monotonic: a wall clock that is set back would make a pause longer.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures = 0
        self._paused_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are paused, or may only be tried one at a time."""
        return self._failures >= FAILURES_TO_OPEN

    @property
    def has_failed(self) -> bool:
        """Whether the most recent outcome was a failure."""
        return self._failures > 0

    @property
    def seconds_left(self) -> float:
        """Seconds until a request may be sent; 0 if it may be sent now."""
        return max(self._paused_until - self._clock(), 0.0) if self.is_open else 0.0

    def record_success(self) -> None:
        """Close the circuit. During a pause this does nothing: the request was sent before the pause began."""
        if not self.seconds_left:
            self._failures = 0

    def record_failure(self) -> None:
        """Record one more consecutive failure."""
        self._failures += 1
        self._pause(PAUSE)

    def pause(self, seconds: float) -> None:
        """Open the circuit for at least this long, as the server asked for."""
        self._failures = max(self._failures, FAILURES_TO_OPEN)
        self._pause(seconds)

    def _pause(self, seconds: float) -> None:
        self._paused_until = max(self._paused_until, self._clock() + seconds)
