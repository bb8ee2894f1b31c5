"""Pure: selections of comics, and the numbers that they mean."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from random import Random
from typing import ClassVar, Literal, Protocol

MOST = 100
"""Comics that one request may select."""

MISSING = frozenset({404})
"""The numbers below the latest that have no comic: xkcd's joke about its own error page."""

SPAN = 5000
"""Numbers are drawn up to here, so that a draw does not depend on the latest. xkcd gets there in about 2037."""

Item = int | Literal["latest"]


class Selection(Protocol):
    """The comics that a request asks for, before their numbers are known."""

    @property
    def needs_latest(self) -> bool:
        """Whether `numbers` depends on the latest comic's number."""

    @property
    def most(self) -> int:
        """The highest possible count of its numbers."""

    @property
    def repeatable(self) -> bool:
        """Whether `numbers` does not depend on chance."""

    @property
    def steady(self) -> bool:
        """Whether most of `numbers` stay the same when the latest is a hundred comics later."""

    def numbers(self, latest: int, chance: int) -> Sequence[int]:
        """The comics' numbers, distinct and in the order of the answer.

        The same `chance` draws the same numbers, as far as the latest number allows.
        """


@dataclass(frozen=True, slots=True)
class Listed:
    """Exactly these comics, in this order."""

    items: tuple[Item, ...]
    repeatable: ClassVar[bool] = True
    steady: ClassVar[bool] = True

    @property
    def needs_latest(self) -> bool:
        return "latest" in self.items

    @property
    def most(self) -> int:
        return len(self.items)

    def numbers(self, latest: int, chance: int) -> Sequence[int]:
        return tuple(dict.fromkeys(latest if item == "latest" else item for item in self.items))


@dataclass(frozen=True, slots=True)
class Randomly:
    """N distinct comics that exist; with a seed always the same."""

    count: int
    seed: str | None = None
    needs_latest: ClassVar[bool] = True
    steady: ClassVar[bool] = True

    @property
    def most(self) -> int:
        return self.count

    @property
    def repeatable(self) -> bool:
        return self.seed is not None

    def numbers(self, latest: int, chance: int) -> Sequence[int]:
        if self.seed is not None:
            return _ranked(self.seed, latest)[: self.count]
        return _drawn(self.count, latest, Random(chance))


@dataclass(frozen=True, slots=True)
class Latest:
    """The N latest comics, newest first."""

    count: int
    needs_latest: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    steady: ClassVar[bool] = False

    @property
    def most(self) -> int:
        return self.count

    def numbers(self, latest: int, chance: int) -> Sequence[int]:
        return existing(range(latest, max(latest - self.count - len(MISSING), 0), -1))[: self.count]


@dataclass(frozen=True, slots=True)
class Since:
    """The comics after a number, oldest first."""

    num: int
    needs_latest: ClassVar[bool] = True
    repeatable: ClassVar[bool] = True
    steady: ClassVar[bool] = True
    most: ClassVar[int] = MOST

    def numbers(self, latest: int, chance: int) -> Sequence[int]:
        last = min(latest, self.num + MOST + len(MISSING))
        return existing(range(self.num + 1, last + 1))[:MOST]


def existing(numbers: Iterable[int]) -> tuple[int, ...]:
    """Those of these numbers that have a comic; all of them must be up to the latest."""
    return tuple(num for num in numbers if num not in MISSING)


def _drawn(count: int, latest: int, rng: Random) -> tuple[int, ...]:
    """N comics up to the latest: the first that exist and are new in an endless draw of numbers up to SPAN.

    Each is equally likely to be any comic not drawn before, so all selections are equally likely, in every order.
    Another latest uses the same draw, without the numbers above it.
    """
    drawn: dict[int, None] = {}
    possible = latest - sum(num <= latest for num in MISSING)
    while len(drawn) < min(count, possible):
        num = 1 + rng.randrange(max(latest, SPAN))
        if num <= latest and num not in MISSING:
            drawn[num] = None
    return tuple(drawn)


@lru_cache(maxsize=16)
def _ranked(seed: str, latest: int) -> tuple[int, ...]:
    """The first MOST of all comics by hash of seed and number, so that a new comic moves at most one.

    Ranking 3 290 numbers takes milliseconds, hence the memory.
    """
    seeded = hashlib.blake2b(seed.encode("utf-8", "surrogatepass") + b"\0", digest_size=8)

    def rank(num: int) -> bytes:
        hashed = seeded.copy()
        hashed.update(b"%d" % num)
        return hashed.digest()

    return tuple(nsmallest(MOST, existing(range(1, latest + 1)), key=rank))
