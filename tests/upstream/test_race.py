"""Who wins a race, and what is left of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from app.comics.comic import Comic
from app.errors import BadAnswer, UpstreamError
from app.upstream.hedging import HEDGES
from app.upstream.race import race
from tests.records import found

COMICS = [found(num).comic for num in range(1, HEDGES + 2)]
"""What the requests bring, so that it shows whose answer it was."""


class Running:
    """A race in which every request is slow at once, and ends when it is told to."""

    def __init__(self, hedges: int = HEDGES) -> None:
        self.sent: list[asyncio.Future[Comic]] = []
        self.reconnected = 0
        self._all_sent = asyncio.Event()
        self._hedges = hedges
        self.outcome = asyncio.create_task(race(self._send, 0.0, self._may_hedge, self._reconnect))

    async def all_sent(self) -> list[asyncio.Future[Comic]]:
        await self._all_sent.wait()
        return self.sent

    async def _send(self) -> Comic:
        answer: asyncio.Future[Comic] = asyncio.get_running_loop().create_future()
        self.sent.append(answer)
        if len(self.sent) > self._hedges:
            self._all_sent.set()
        return await answer

    def _may_hedge(self) -> bool:
        return len(self.sent) <= self._hedges

    async def _reconnect(self) -> None:
        self.reconnected += 1


def leaving_nothing(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run it; no task may be left in the end."""

    async def check() -> None:
        await run()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(check())


@pytest.mark.parametrize("winner", range(HEDGES + 1))
def test_the_first_answer_counts_and_ends_the_others(winner: int) -> None:
    async def run() -> None:
        race = Running()
        sent = await race.all_sent()
        sent[winner].set_result(COMICS[winner])
        assert await race.outcome is COMICS[winner]
        assert [answer.cancelled() for answer in sent] == [num != winner for num in range(HEDGES + 1)]
        assert race.reconnected == HEDGES

    leaving_nothing(run)


def test_of_two_answers_at_the_same_time_one_counts() -> None:
    async def run() -> None:
        race = Running()
        for answer, comic in zip(await race.all_sent(), COMICS, strict=True):
            answer.set_result(comic)
        assert await race.outcome in COMICS

    leaving_nothing(run)


def test_where_none_may_be_hedged_the_one_request_is_waited_for() -> None:
    async def run() -> None:
        race = Running(hedges=0)
        (answer,) = await race.all_sent()
        await asyncio.sleep(0)
        answer.set_result(COMICS[0])
        assert (await race.outcome, race.reconnected) == (COMICS[0], 0)

    leaving_nothing(run)


@pytest.mark.parametrize("failed", range(HEDGES + 1))
def test_a_failure_counts_only_when_nobody_is_left_to_answer(failed: int) -> None:
    async def run() -> None:
        race = Running()
        sent = await race.all_sent()
        sent[failed].set_exception(BadAnswer(""))
        await asyncio.wait([sent[failed]])
        sent[failed - 1].set_result(COMICS[0])
        assert await race.outcome is COMICS[0]

    leaving_nothing(run)


def test_what_fails_as_it_becomes_slow_is_not_hedged() -> None:
    async def run() -> None:
        sent: list[asyncio.Future[Comic]] = []

        async def fail() -> Comic:
            sent.append(asyncio.get_running_loop().create_future())
            # In the turn of the loop in which the request is taken for slow, so that it learns of it one later.
            asyncio.get_running_loop().call_soon(sent[-1].set_exception, BadAnswer(""))
            return await sent[-1]

        with pytest.raises(BadAnswer):
            await race(fail, 0.0, lambda: True, pytest.fail)
        assert len(sent) == 1

    leaving_nothing(run)


def test_when_all_fail_the_first_failure_is_raised() -> None:
    async def run() -> None:
        race = Running()
        errors: list[UpstreamError] = []
        for answer in reversed(await race.all_sent()):
            errors.append(BadAnswer(""))
            answer.set_exception(errors[-1])
            for _ in range(5):  # turns of the loop in which the race learns of it
                await asyncio.sleep(0)
        with pytest.raises(BadAnswer) as raised:
            await race.outcome
        assert raised.value is errors[0]

    leaving_nothing(run)


def test_a_race_that_is_cancelled_cancels_all_and_sends_no_more() -> None:
    """The request takes its time to end, and meanwhile it would be taken for slow."""
    sent: list[asyncio.Future[Comic]] = []

    async def run() -> None:
        closed = asyncio.Event()

        async def send() -> Comic:
            sent.append(asyncio.get_running_loop().create_future())
            try:
                return await sent[-1]
            finally:
                await closed.wait()

        async def reconnect() -> None:
            raise AssertionError("nobody was hedged")

        running = asyncio.create_task(race(send, 0.01, lambda: True, reconnect))
        await asyncio.sleep(0)
        running.cancel()
        asyncio.get_running_loop().call_later(0.05, closed.set)
        with pytest.raises(asyncio.CancelledError):
            await running

    leaving_nothing(run)
    assert len(sent) == 1
