"""A cache of comics in the memory of this process."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from app.clock import Clock
from app.comics.found import LATEST_FRESH_FOR, Found, LatestNumber
from app.comics.selection import MISSING
from app.errors import NoSuchComic


class Memory:
    """Up to `most` comics, and numbers known to have none. Lives on the event loop, so it needs no locks.

    When there are too many, those kept earliest are dropped. `archived` is the latest number in the archive, if there
    is one. It is served however old it is.
    """

    def __init__(self, most: int, clock: Clock, archived: LatestNumber | None = None) -> None:
        self._most = most
        self._clock = clock
        self._archived = archived
        self._comics: dict[int, Found] = {}
        self._absent_since: dict[int, float] = {}
        self._latest = archived
        self._highest = archived.num if archived else 0

    @property
    def latest_number(self) -> LatestNumber | None:
        """The latest comic's number, fresh or old."""
        return self._latest if self._latest is not None and self._latest.is_kept(self._clock()) else self._archived

    @property
    def numbers(self) -> Collection[int]:
        """The numbers of the comics in memory."""
        return self._comics.keys()

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        now = self._clock()
        cached = ((num, self._comics.get(num)) for num in numbers)
        return {num: found for num, found in cached if found is not None and now < found.kept_until}

    async def latest(self) -> LatestNumber | None:
        return self.latest_number

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        for found in comics:
            self._comics.pop(found.comic.num, None)
            self._comics[found.comic.num] = replace(found, source="memory")
            self._highest = max(self._highest, found.comic.num)
        _shorten(self._comics, self._most)
        self._keep_latest(latest or self._latest)

    def _keep_latest(self, latest: LatestNumber | None) -> None:
        """Keep the number unless one learnt later is known. It never falls below a comic that has been seen.

        A lower one may come late, from the table or from one of xkcd's own caches.
        """
        known = self._latest
        if latest is None or (known is not None and latest.learnt_at < known.learnt_at):
            return
        self._latest = replace(latest, num=max(latest.num, self._highest))
        if known is None or known.num != self._latest.num:
            self._absent_since.clear()

    def keep_absent(self, num: int) -> None:
        """Record that xkcd has no comic of that number yet. If it should have one, nothing is recorded."""
        if self._latest is not None and num > self._latest.num:
            self._absent_since[num] = self._clock()
            _shorten(self._absent_since, self._most)

    def absence(self, num: int) -> NoSuchComic | None:
        """Why there is no comic of that number; None if there may be one."""
        latest, now = self._latest, self._clock()
        if latest is not None and latest.is_fresh(now) and num > latest.num:
            return NoSuchComic(f"xkcd has no comic {num}: the latest is {latest.num}.")
        if num in MISSING or now - self._absent_since.get(num, -LATEST_FRESH_FOR) < LATEST_FRESH_FOR:
            return NoSuchComic(f"xkcd has no comic {num}.")
        return None


def _shorten(entries: dict[int, Any], most: int) -> None:
    while len(entries) > most:
        del entries[next(iter(entries))]
