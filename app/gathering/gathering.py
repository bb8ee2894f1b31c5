"""One gathering while it runs."""

import asyncio
from collections.abc import Awaitable, Collection, Mapping, Sequence
from dataclasses import replace
from random import Random

from app.caches.layers import Caches
from app.clock import Clock
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.comics.selection import existing
from app.errors import NoSuchComic, TimedOut, UpstreamError
from app.gathering.gathered import Failure, Gathered
from app.gathering.stopwatch import Stopwatch
from app.runtime.time_limit import TimeLimit
from app.upstream.budget import ATTEMPTS, Budget
from app.upstream.polite_xkcd import PoliteXkcd


class Gathering:
    """Finds comics until its deadline, which is on the monotonic clock: in the caches, and the others at xkcd.

    `most` is how many comics the selection has at most. `clock` decides what is fresh.
    """

    def __init__(self, most: int, deadline: float, xkcd: PoliteXkcd, caches: Caches, clock: Clock, rng: Random) -> None:
        self.latest_error: UpstreamError | None = None
        """Why the latest number could not be learnt. Comics far above the known ones fail with it, unasked."""
        self._deadline = deadline
        self._xkcd = xkcd
        self._memory = caches.memory
        self._cache = caches.for_request(deadline)
        self._clock = clock
        self._budget = Budget(most, rng, deadline)
        self._stopwatch = Stopwatch()
        self._found: dict[int, Found] = {}
        """Comics from the caches, fresh or old, and the latest comic."""
        self._requests: dict[int, asyncio.Task[Found | Failure]] = {}
        self._fetched: dict[int, Found] = {}
        self._latest: LatestNumber | None = None

    async def cached_latest(self) -> LatestNumber | None:
        """The latest number in the caches, fresh or old."""
        with self._stopwatch.spending("cache"):
            return await self._cache.latest()

    async def fetch_latest(self, attempts: int) -> Found:
        """The latest comic, from xkcd. Raises an UpstreamError."""
        with self._stopwatch.spending("xkcd"), self._stopwatch.timing(0):
            return await self._fetch("the latest comic", self._xkcd.latest(self._budget, attempts))

    def refuse_latest(self, error: UpstreamError) -> None:
        """Log that the latest comic was not believed, like a request that failed."""
        self._budget.failures.append(error)

    async def adopt_latest(self, found: Found) -> int:
        """Take this comic for the latest: it is kept, and its number is now known. Returns the latest number."""
        num = found.comic.num
        with self._stopwatch.spending("cache"):
            older = await self._cache.comics([num])
        self._found[num] = self._fetched[num] = found = found.with_image_of(older.get(num))
        latest = LatestNumber(num, found.fetched_at)
        self._memory.adopt_latest(latest)
        await self._memory.keep([found])
        self._latest = self._memory.latest_number or latest
        return self._latest.num

    async def start(self, numbers: Sequence[int]) -> dict[int, asyncio.Task[Found | Failure]]:
        """Look for these comics in the caches and start a request for each that is missing or old.

        Returns those requests by number, including those started before. A comic that was found, though old, is the
        outcome if its request fails.
        """
        now = self._clock()
        new = [num for num in existing(numbers) if num not in self._found and num not in self._requests]
        with self._stopwatch.spending("cache"):
            self._found.update(await self._cache.comics(new))
        to_request = [num for num in numbers if not (num in self._found and self._found[num].is_fresh(now))]
        for num in to_request:
            if num not in self._requests:
                self._requests[num] = asyncio.create_task(self._request(num))
        return {num: self._requests[num] for num in to_request}

    async def outcomes(self, numbers: Sequence[int]) -> dict[int, Found | Failure]:
        """The outcome for each of these numbers, once it is known. Requests for other comics are cancelled."""
        self._cancel_all_but(numbers)
        requests = await self.start(numbers)
        with self._stopwatch.spending("xkcd"):
            answers = await asyncio.gather(*requests.values()) if requests else []
        by_number = {**self._found, **dict(zip(requests, answers, strict=True))}
        return {num: by_number[num] for num in numbers}

    def result(self, outcomes: Mapping[int, Found | Failure], latest: LatestNumber | None) -> Gathered:
        """These outcomes, and how the gathering went, now that it is over."""
        return Gathered(
            comics=tuple(outcome for outcome in outcomes.values() if isinstance(outcome, Found)),
            failures=tuple(outcome for outcome in outcomes.values() if isinstance(outcome, Failure)),
            timings=self._stopwatch.timings((0, *outcomes)),
            latest=latest.num if latest else None,
            seconds=self._stopwatch.seconds,
            cache_seconds=self._stopwatch.spent["cache"],
            xkcd_seconds=self._stopwatch.spent["xkcd"],
            retried=self._budget.retried,
            hedged=self._budget.hedged,
            reasons=self._budget.reasons,
            latest_stale=self.latest_error is not None,
        )

    async def close(self) -> None:
        """Cancel the requests that are still running."""
        self._cancel_all_but(())
        await asyncio.gather(*self._requests.values(), return_exceptions=True)
        self._xkcd.close(self._budget)

    async def keep(self) -> None:
        """Put what was fetched into the caches."""
        if self._fetched:
            with self._stopwatch.spending("cache"):
                await self._cache.keep(self._fetched.values(), self._latest)

    async def _request(self, num: int) -> Found | Failure:
        if absence := self._memory.absence(num):
            return Failure(num, absence)
        if other := self._memory.fresh(num):
            return other
        is_cached = num in self._found
        if self.latest_error is not None and not is_cached and self._memory.is_far(num):
            return Failure(num, self.latest_error)
        attempts = 1 if is_cached else ATTEMPTS
        try:
            with self._stopwatch.timing(num):
                found = await self._fetch(f"comic {num}", self._xkcd.comic(num, self._budget, attempts))
        except NoSuchComic as error:
            self._memory.keep_absent(num)
            return Failure(num, error)
        except UpstreamError as error:
            return self._instead(num, error)
        self._fetched[num] = found = found.with_image_of(self._found.get(num))
        await self._memory.keep([found])  # other gatherings may look for it before this one is over
        return found

    def _instead(self, num: int, error: UpstreamError) -> Found | Failure:
        """The outcome after a failed request: another gathering's comic, or an old one."""
        if other := self._memory.fresh(num):
            return other
        return replace(self._found[num], stale=True) if num in self._found else Failure(num, error)

    async def _fetch(self, what: str, answer: Awaitable[Comic]) -> Found:
        try:
            async with TimeLimit(self._deadline):
                return Found(await answer, self._clock())
        except TimeoutError as error:
            late = TimedOut(f"xkcd did not send {what} before the deadline.", "deadline")
            self._budget.failures.append(late)
            raise late from error

    def _cancel_all_but(self, numbers: Collection[int]) -> None:
        for num in self._requests.keys() - set(numbers):
            self._requests[num].cancel()
