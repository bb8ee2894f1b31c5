"""A cache of comics in the memory of this process."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from app.clock import Clock
from app.comics.found import LATEST_FRESH_FOR, Found, LatestNumber, is_recent
from app.comics.plausible import plausible
from app.comics.selection import MISSING
from app.errors import NoSuchComic
from app.settings import FLOOR

MOST_BYTES = 64 * 1024 * 1024
"""Bytes of all records together, as JSON text. All of xkcd has 2.4 MB."""

FAR = 100
"""A number that is higher by more than this than all known ones is far: the latest number is learnt first."""


class Memory:
    """Up to `most` comics, and numbers known to have none. Lives on the event loop, so it needs no locks.

    When there are too many, or they are too large, those kept earliest are dropped. `floor` is as in Settings.
    `archived` is the latest number in the archive, if there is one. It is served however old it is.
    """

    def __init__(self, most: int, clock: Clock, floor: int, archived: LatestNumber | None = None) -> None:
        self._most = most
        self._clock = clock
        self._floor = floor
        self._archived = archived
        self._comics: dict[int, Found] = {}
        self._size = 0
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

    @property
    def plausible_latest(self) -> range:
        """The numbers that the latest comic can have, by what is known."""
        return plausible(self.latest_number, self._floor, self._clock())

    async def comics(self, numbers: Collection[int]) -> Mapping[int, Found]:
        now = self._clock()
        cached = ((num, self._comics.get(num)) for num in numbers)
        return {num: found for num, found in cached if found is not None and found.is_kept(now)}

    def fresh(self, num: int) -> Found | None:
        """The comic, if it is fresh: another gathering may have fetched it a moment ago."""
        found = self._comics.get(num)
        return found if found is not None and found.is_fresh(self._clock()) else None

    async def latest(self) -> LatestNumber | None:
        return self.latest_number

    async def keep(self, comics: Collection[Found], latest: LatestNumber | None = None) -> None:
        """Cache these. An implausible latest number, such as a table may have, is not believed."""
        known, believable = self.latest_number, self.plausible_latest
        for found in comics:
            self._put(found)
            if found.comic.num in believable:
                self._highest = max(self._highest, found.comic.num)
        if latest is None or latest.num not in believable or (known is not None and latest.learnt_at < known.learnt_at):
            latest = known
        self._set_latest(latest)

    def adopt_latest(self, latest: LatestNumber) -> None:
        """Take this for the latest comic's number, even if it is implausible: the caller believes it."""
        if latest.num not in self.plausible_latest:
            self._highest = 0
        self._set_latest(latest)

    def is_far(self, num: int) -> bool:
        """Whether the number is so far above all known ones that it probably has no comic."""
        return num > self._highest_known + FAR

    def keep_absent(self, num: int) -> None:
        """Record that xkcd has no comic of that number yet. If it should have one, nothing is recorded."""
        if num > self._highest_known:
            self._absent_since[num] = self._clock()
            while len(self._absent_since) > self._most:
                del self._absent_since[next(iter(self._absent_since))]

    def absence(self, num: int) -> NoSuchComic | None:
        """Why there is no comic of that number; None if there may be one."""
        latest, now = self._latest, self._clock()
        if latest is not None and latest.is_fresh(now) and num > latest.num:
            return NoSuchComic(f"xkcd has no comic {num}: the latest is {latest.num}.")
        if num in MISSING or (num in self._absent_since and is_recent(self._absent_since[num], now, LATEST_FRESH_FOR)):
            return NoSuchComic(f"xkcd has no comic {num}.")
        return None

    @property
    def _highest_known(self) -> int:
        """The highest number known to have a comic. Without a floor, that of the default settings is near enough."""
        latest = self.latest_number
        return max(self._highest, self._floor or FLOOR) if latest is None else latest.num

    def _put(self, found: Found) -> None:
        self._drop(found.comic.num)
        self._comics[found.comic.num] = replace(found, source="memory")
        self._size += found.comic.size
        while len(self._comics) > self._most or self._size > MOST_BYTES:
            self._drop(next(iter(self._comics)))

    def _drop(self, num: int) -> None:
        dropped = self._comics.pop(num, None)
        self._size -= 0 if dropped is None else dropped.comic.size

    def _set_latest(self, latest: LatestNumber | None) -> None:
        """Set the number, or keep it. It never falls below a plausible comic that has been seen.

        A lower one may come late, from the table or from one of xkcd's own caches.
        """
        if latest is None:
            return
        before, self._latest = self._latest, latest._replace(num=max(latest.num, self._highest))
        if before is None or before.num != self._latest.num:
            self._absent_since.clear()
