"""What a cache of comics is; one in memory; and two as one."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, Protocol

from app.errors import NoSuchComic
from app.gathered import NEWEST_FRESH, Found, NewestNumber
from app.selection import MISSING


class Cache(Protocol):
    """Keeps comics, and the newest one's number, as xkcd last sent them. None of its methods raises."""

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        """Those of these comics that it has, fresh or old, by number."""

    async def newest(self) -> NewestNumber | None:
        """The newest comic's number, fresh or old."""

    async def keep(self, comics: Collection[Found], newest: NewestNumber | None = None) -> None:
        """Take these in."""


class Memory:
    """At most so many comics in this process, the oldest out first. Lives on the event loop: it has no locks.

    It also knows which comics xkcd does not have. `clock` gives seconds since 1970.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._comics: dict[int, Found] = {}
        self._absent_since: dict[int, float] = {}
        self._newest: NewestNumber | None = None
        self._highest = 0

    @property
    def newest_number(self) -> NewestNumber | None:
        """The newest comic's number, fresh or old."""
        return self._newest if self._newest is not None and self._newest.is_kept(self._clock()) else None

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        now = self._clock()
        had = ((num, self._comics.get(num)) for num in numbers)
        return {num: found for num, found in had if found is not None and found.is_kept(now)}

    async def newest(self) -> NewestNumber | None:
        return self.newest_number

    async def keep(self, comics: Collection[Found], newest: NewestNumber | None = None) -> None:
        for found in comics:
            self._comics.pop(found.comic.num, None)
            self._comics[found.comic.num] = replace(found, source="memory")
            self._highest = max(self._highest, found.comic.num)
        _shorten(self._comics, self._most)
        self._learn(newest or self._newest)

    def _learn(self, newest: NewestNumber | None) -> None:
        """Take the number in unless a later one is known. It never falls below a comic that has been seen.

        So it may when an old answer comes late, from the table or from one of xkcd's own caches.
        """
        known = self._newest
        if newest is None or (known is not None and newest.learnt_at < known.learnt_at):
            return
        self._newest = replace(newest, num=max(newest.num, self._highest))
        if known is None or known.num != self._newest.num:
            self._absent_since.clear()

    def keep_absent(self, num: int) -> None:
        """Take in that xkcd has no comic of that number yet. That it lacks one it should have is not remembered."""
        if self._newest is not None and num > self._newest.num:
            self._absent_since[num] = self._clock()
            _shorten(self._absent_since, self._most)

    def absence(self, num: int) -> NoSuchComic | None:
        """Why xkcd need not be asked for the comic of that number; None when there may be one."""
        newest, now = self._newest, self._clock()
        if newest is not None and newest.is_fresh(now) and num > newest.num:
            return NoSuchComic(f"xkcd has no comic {num}: the newest is {newest.num}.")
        if num in MISSING or now - self._absent_since.get(num, -NEWEST_FRESH) < NEWEST_FRESH:
            return NoSuchComic(f"xkcd has no comic {num}.")
        return None


class Layered:
    """Two caches as one: what the upper has not, or has old, is looked for in the lower and put into the upper."""

    def __init__(self, upper: Cache, lower: Cache, clock: Callable[[], float]) -> None:
        self._upper = upper
        self._lower = lower
        self._clock = clock

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        had, now = await self._upper.comics(numbers), self._clock()
        lacking = [num for num in numbers if num not in had or not had[num].is_fresh(now)]
        if not lacking:
            return had
        lower = await self._lower.comics(lacking)
        newer = {num: found for num, found in lower.items() if num not in had or _is_newer(found, had[num])}
        await self._upper.keep(newer.values())
        return {**had, **newer}

    async def newest(self) -> NewestNumber | None:
        upper = await self._upper.newest()
        if upper is not None and upper.is_fresh(self._clock()):
            return upper
        lower = await self._lower.newest()
        if lower is None or (upper is not None and lower.learnt_at <= upper.learnt_at):
            return upper
        await self._upper.keep((), lower)
        return await self._upper.newest()

    async def keep(self, comics: Collection[Found], newest: NewestNumber | None = None) -> None:
        await self._upper.keep(comics, newest)
        await self._lower.keep(comics, newest)


def _is_newer(found: Found, other: Found) -> bool:
    return found.fetched_at > other.fetched_at


def _shorten(entries: dict[int, Any], most: int) -> None:
    while len(entries) > most:
        del entries[next(iter(entries))]
