"""Pure: which numbers the latest comic can have, and which reports of it are believed."""

from app.comics.found import DAY, LatestNumber
from app.settings import FLOOR, FLOOR_DATE

RISE = 500
"""The largest plausible rise of the latest number, beside one a day: three years of comics."""

LAG = 3
"""How far a plausible report may be below a number learnt before: xkcd's own caches can be minutes behind."""

AGREED_AFTER = 240.0
"""Seconds after which a repeated implausible report is believed. Pings come every 300 s, so the second one heals."""


def plausible(known: LatestNumber | None, floor: int, now: float) -> range:
    """The numbers that the latest comic can have. `known` was learnt before, and `floor` is as in Settings.

    A process with a lower floor than the default, or with none, still believes all that the default allows.
    """
    if known is None:
        return _range(max(floor, 1), max(floor, FLOOR), now - FLOOR_DATE)
    return _range(known.num - LAG, known.num, now - known.learnt_at)


class Doubt:
    """Remembers an implausible report, and believes it if xkcd repeats it AGREED_AFTER seconds later.

    So a wrong floor or a wrong number learnt before does not last.
    """

    def __init__(self) -> None:
        self._doubted: LatestNumber | None = None

    def believes(self, report: LatestNumber, believable: range) -> bool:
        """Whether to believe this report of the latest number, where these numbers are plausible."""
        doubted = self._doubted
        if report.num in believable:
            self._doubted = None
            return True
        # A clock that was corrected meanwhile starts the wait anew.
        if doubted is None or doubted.num != report.num or report.learnt_at < doubted.learnt_at:
            self._doubted = report
            return False
        return report.learnt_at - doubted.learnt_at >= AGREED_AFTER


def _range(lowest: int, base: int, seconds: float) -> range:
    return range(lowest, base + RISE + int(max(seconds, 0.0) / DAY) + 1)
