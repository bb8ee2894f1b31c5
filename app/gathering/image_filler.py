"""Looks up the images of the table's comics."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import NamedTuple

from app.caches.bounded import Table
from app.caches.layers import Caches
from app.clock import Clock
from app.comics import image
from app.comics.found import Found, is_valid
from app.comics.image import Image
from app.errors import Refused, TableError, TimedOut, UpstreamError
from app.gathering.filler import Progress, is_in, reading_until
from app.runtime.time_limit import TimeLimit
from app.upstream.budget import Budget
from app.upstream.polite_images import PoliteImages

WRITING = 0.3
"""Seconds before the deadline at which looking up ends, so that there is time to write what was learnt."""

IN_VAIN = 2
"""Consecutive groups that brought nothing, after which it ends."""

Errors = Mapping[int, UpstreamError | TableError]
"""Why images could not be looked up, by number of the comic."""


class LookedUp(NamedTuple):
    """How many images were looked up, failed, and are still to be looked up; and why it ended early, if it did."""

    looked_up: int
    failed: int
    left: int
    problem: str | None


class _Run:
    """How it goes while it runs."""

    def __init__(self) -> None:
        self.tried = self.failed = 0
        self.trouble: str | None = None
        """Why the latest group brought nothing, if so."""
        self._in_vain = 0
        self._is_refused = False

    @property
    def goes_on(self) -> bool:
        return self._in_vain < IN_VAIN and not self._is_refused

    def record(self, group: Sequence[int], errors: Errors) -> None:
        self.tried += len(group)
        self.failed += len(errors)
        brought_nothing = len(errors) == len(group)
        self.trouble = str(next(iter(errors.values()))) if brought_nothing else None
        self._in_vain = self._in_vain + 1 if brought_nothing else 0
        self._is_refused = any(isinstance(error, Refused) and error.asks_to_stop for error in errors.values())


class ImageFiller:
    """Looks up the images of comics that are fresh in the table, and writes what it learns there.

    An image is looked up again when a comic fetched then would no longer be fresh. Comics that are fresh in the archive
    are served from there, so theirs are not looked up. Lives on the event loop. It has `at_once` comics at a time.
    """

    def __init__(
        self, images: PoliteImages, caches: Caches, table: Table, at_once: int, clock: Clock, rng: Random
    ) -> None:
        self._images = images
        self._caches = caches
        self._table = table
        self._at_once = at_once
        self._clock = clock
        self._rng = rng
        self.failed: dict[int, str] = {}
        """The comics whose most recent look-up failed, and why."""

    async def fill(self, most: int | None, deadline: float, progress: Progress = lambda tried, of: None) -> LookedUp:
        """Look up to `most` of the images up (None: all), those of the newest comics first, until the deadline.

        Those that failed before are tried last. It ends early when the server asks us to stop, or when two consecutive
        groups brought nothing. Raises TableError if the table cannot be read.
        """
        todo, run = (await self._left(deadline))[:most], _Run()
        while run.tried < len(todo) and run.goes_on and time.monotonic() < deadline - WRITING:
            group = todo[run.tried : run.tried + self._at_once]
            errors = await self._look_up(group, deadline)
            run.record(group, errors)
            self.failed = {num: why for num, why in self.failed.items() if num not in group}
            self.failed |= {num: str(error) for num, error in errors.items()}
            progress(run.tried, len(todo))
        return LookedUp(run.tried - run.failed, run.failed, len(await self._left(deadline)), run.trouble)

    async def left(self, deadline: float) -> int:
        """How many images are to be looked up. Raises TableError."""
        return len(await self._left(deadline))

    async def _left(self, deadline: float) -> list[int]:
        """The numbers of the comics whose images are to be looked up, in the order in which they are."""
        now = self._clock()
        async with reading_until(deadline):
            archived = await self._caches.archive.held() if self._caches.archive is not None else {}
            held, looked = await self._table.held(), await self._table.looked()
        fresh = [num for num, until in held.items() if is_valid(until, now) and not is_in(archived, num, now)]
        left = sorted((num for num in fresh if not is_in(looked, num, now)), reverse=True)
        return sorted(left, key=self.failed.__contains__)

    async def _look_up(self, group: Sequence[int], deadline: float) -> Errors:
        """Look these images up and write what is learnt. Returns the error for each of those that failed."""
        stored: dict[int, Found] = {}
        async with reading_until(deadline):
            await self._table.comics(group, stored)
        due = [found for found in stored.values() if not is_valid(found.looked_until, self._clock())]
        budget = Budget(2 * len(due), self._rng)
        try:
            outcomes = await asyncio.gather(*(self._outcome(found, budget, deadline - WRITING) for found in due))
        finally:
            self._images.close(budget)
        await self._keep([found for found in outcomes if isinstance(found, Found)], deadline)
        looked, now = await self._table.looked(), self._clock()
        unwritten = TableError("What was learnt of its image could not be written.")
        errors = {num: unwritten for num in group if not is_in(looked, num, now)}
        failed = zip(due, outcomes, strict=True)
        return {**errors, **{found.comic.num: error for found, error in failed if isinstance(error, UpstreamError)}}

    async def _keep(self, comics: Sequence[Found], deadline: float) -> None:
        """Write these, as far as that succeeds. No caller waits for it, so the table may take its time."""
        await self._caches.memory.keep(comics)
        with suppress(TableError, TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._table.keep(comics)

    async def _outcome(self, found: Found, budget: Budget, deadline: float) -> Found | UpstreamError:
        try:
            async with TimeLimit(deadline):
                return replace(found, image=await self._image(found.comic.img, budget))
        except TimeoutError:
            return TimedOut(f"The image of comic {found.comic.num} did not come before the deadline.", "deadline")
        except UpstreamError as error:
            return error

    async def _image(self, img: str | None, budget: Budget) -> Image:
        """The facts about this image. Raises an UpstreamError if they could not be learnt."""
        path = image.path(img)
        size = await self._images.size(path, budget) if path is not None else None
        path_2x = image.doubled(path) if path is not None and size is not None else None
        has_2x = path_2x is not None and await self._images.size(path_2x, budget) is not None
        return Image(img, size, has_2x, self._clock())
