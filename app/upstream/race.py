"""A request and those sent after it because it was slow: the first answer counts, and ends the others."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

from app.comics.comic import Comic
from app.errors import NoSuchComic, UpstreamError
from app.upstream.hedging import HEDGES

Request = Callable[[], Awaitable[Comic]]


class Race:
    """Sends `request`, and whenever the latest one takes longer than `patience` seconds another, if `hedge` says so.

    Whoever loses closes a connection: `reconnect` is done beside each hedge, and waited for. The first request runs
    in the caller's own task, so a race of one costs a timer and no task. However a race ends, nothing of it is left.
    """

    def __init__(
        self,
        request: Request,
        patience: float,
        hedge: Callable[[], bool],
        reconnect: Callable[[], Coroutine[None, None, None]],
    ) -> None:
        self._request = request
        self._patience = patience
        self._hedge = hedge
        self._reconnect = reconnect
        self._answer: Comic | NoSuchComic | None = None
        self._failures: list[UpstreamError] = []
        self._sent = 0

    async def run(self) -> Comic:
        """The first answer. Raises NoSuchComic when that is it, or when all fail the first failure."""
        self._caller = asyncio.current_task()
        async with asyncio.TaskGroup() as self._connecting:
            with suppress(TimeoutError):  # that ends the rest of them once there is an answer
                async with asyncio.timeout(None) as self._rest, asyncio.TaskGroup() as self._others:
                    await self._send()
        if self._answer is None:
            raise self._failures[0]
        if isinstance(self._answer, NoSuchComic):
            raise self._answer
        return self._answer

    async def _send(self) -> None:
        self._sent += 1
        slow = asyncio.get_running_loop().call_later(self._patience, self._take_for_slow)
        try:
            self._end(await self._request())
        except NoSuchComic as answer:
            self._end(answer)
        except UpstreamError as failure:
            self._failures.append(failure)
        finally:
            slow.cancel()

    def _take_for_slow(self) -> None:
        """Have another sent, in a task: by when that begins, an answer that has come already is read."""
        if self._caller is not None and not self._caller.cancelling():  # a group that is ending takes no task
            self._others.create_task(self._send_another())

    async def _send_another(self) -> None:
        over = self._answer is not None or self._failures  # what failed may be asked for again, after a pause
        if not over and self._sent <= HEDGES and self._hedge():
            self._connecting.create_task(self._reconnect())
            await self._send()

    def _end(self, answer: Comic | NoSuchComic) -> None:
        if self._answer is None:
            self._answer = answer
            self._rest.reschedule(asyncio.get_running_loop().time())
