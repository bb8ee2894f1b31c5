"""Callers that want the same at the same time share one call."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from app.runtime.single_flight import SingleFlight


class Counted:
    """A call that waits until it is let go, and counts how often it was begun, ended and cancelled."""

    def __init__(self) -> None:
        self.begun = self.ended = self.cancelled = 0
        self.go = asyncio.Event()
        self.outcome: str | Exception = "outcome"

    async def __call__(self) -> str:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            await asyncio.sleep(0)  # its end takes a while
            raise
        finally:
            self.ended += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


Flights = SingleFlight[str, str]


def run(test: Callable[[Flights, Counted], Awaitable[None]]) -> None:
    async def begin() -> None:
        await test(Flights(), Counted())
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(begin())


async def joined(flights: Flights, call: Callable[[], Coroutine[Any, Any, str]], count: int) -> list[asyncio.Task[str]]:
    """That many callers, each of which waits by now."""
    callers = [asyncio.create_task(flights.join("key", call)) for _ in range(count)]
    for _ in range(3):
        await asyncio.sleep(0)
    return callers


def test_callers_with_the_same_key_share_one_call() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        callers = await joined(flights, call, 3)
        call.go.set()
        assert await asyncio.gather(*callers) == ["outcome"] * 3
        assert call.begun == 1

    run(test)


def test_callers_with_different_keys_do_not() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        call.go.set()
        await asyncio.gather(flights.join("one", call), flights.join("another", call))
        assert call.begun == 2

    run(test)


def test_a_call_that_has_ended_is_not_shared() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        call.go.set()
        await flights.join("key", call)
        await flights.join("key", call)
        assert call.begun == 2

    run(test)


def test_between_the_end_of_a_call_and_the_first_caller_to_go_on_nobody_begins_another() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        (first,) = await joined(flights, call, 1)
        call.go.set()
        await asyncio.sleep(0)
        assert (call.ended, first.done()) == (1, False)
        assert await flights.join("key", call) == await first == "outcome"
        assert call.begun == 1

    run(test)


def test_an_error_is_raised_to_each_of_them() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        call.outcome = ValueError("a failure")
        callers = await joined(flights, call, 2)
        call.go.set()
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        assert outcomes == [call.outcome] * 2

    run(test)


@pytest.mark.parametrize("leaving", [0, 1], ids=["the first caller", "a later caller"])
def test_a_caller_that_is_cancelled_leaves_the_call_to_the_others(leaving: int) -> None:
    async def test(flights: Flights, call: Counted) -> None:
        callers = await joined(flights, call, 2)
        callers[leaving].cancel()
        await asyncio.wait([callers[leaving]])
        call.go.set()
        assert await callers[1 - leaving] == "outcome"
        assert (callers[leaving].cancelled(), call.begun, call.cancelled) == (True, 1, 0)

    run(test)


def test_the_last_caller_to_leave_cancels_the_call_and_waits_for_its_end() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        callers = await joined(flights, call, 2)
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        assert (call.begun, call.cancelled, call.ended) == (1, 1, 1)

    run(test)


def test_who_comes_while_a_call_is_being_cancelled_begins_another() -> None:
    async def test(flights: Flights, call: Counted) -> None:
        (leaving,) = await joined(flights, call, 1)
        leaving.cancel()
        await asyncio.sleep(0)
        (late,) = await joined(flights, call, 1)
        call.go.set()
        assert (await late, call.begun, call.cancelled) == ("outcome", 2, 1)
        await asyncio.wait([leaving])
        third = flights.join("key", call)
        assert await third == "outcome"

    run(test)


def test_each_event_loop_has_its_own() -> None:
    flights = Flights()

    async def test() -> str:
        call = Counted()
        call.go.set()
        return await flights.join("key", call)

    assert [asyncio.run(test()) for _ in range(2)] == ["outcome"] * 2
