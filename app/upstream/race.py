"""A request and the hedges sent while it is slow: the first answer wins."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from app.errors import NoSuchComic
from app.upstream.hedging import HEDGES

T = TypeVar("T")

Request = Callable[[], Coroutine[Any, Any, T]]


async def race(
    request: Request[T],
    patience: float,
    may_hedge: Callable[[], bool],
    reconnect: Callable[[], Coroutine[Any, Any, None]],
) -> T:
    """Send the request, and again each time `patience` seconds pass without an outcome, if `may_hedge` allows it.

    The first answer wins and the other requests are cancelled; a 404 is an answer. If all of them fail, the first
    failure is raised. A cancelled request closes its connection, so `reconnect` runs beside each hedge. When this
    returns, raises or is cancelled, none of its tasks is left.
    """
    running = {asyncio.create_task(request())}
    reconnecting: list[asyncio.Task[None]] = []
    failures: list[BaseException] = []
    hedging = True
    try:
        while running:
            timeout = patience if hedging and not failures and len(reconnecting) < HEDGES else None
            done, running = await asyncio.wait(running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                await asyncio.sleep(0)  # an outcome that arrived in this turn of the loop is not slow
                done = {task for task in running if task.done()}
                running -= done
            outcomes = {task: task.exception() for task in done}
            for task, error in outcomes.items():
                if error is None or isinstance(error, NoSuchComic):
                    return task.result()
            failures += filter(None, outcomes.values())
            hedging = bool(done) or may_hedge()
            if hedging and not done:
                running.add(asyncio.create_task(request()))
                reconnecting.append(asyncio.create_task(reconnect()))
        raise failures[0]
    except asyncio.CancelledError:
        for connecting in reconnecting:
            connecting.cancel()
        raise
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, *reconnecting, return_exceptions=True)
