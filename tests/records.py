"""Comics made from xkcd's records, and a clock, for tests of what keeps them."""

from app.comics.comic import Comic
from app.comics.found import Found
from tools.stand_in import records

NOW = 1_795_000_000.0
"""The seconds since 1970 at which tests begin that set the clock."""


def found(num: int, fetched_at: float = NOW, source: str = "xkcd") -> Found:
    """That comic, as it comes from xkcd or from where it is said."""
    return Found(Comic.from_json(records()[num]), fetched_at, source)


class Clock:
    """Tells the time that it is set to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now
