"""Plays phases against one front of the service, and checks every answer."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from http.client import HTTPException
from random import Random

from app.comics.selection import MOST, Listed
from tools.soak.calls import Call
from tools.soak.checker import Checker
from tools.soak.comic_calls import comics
from tools.soak.fronts import Answer, Front
from tools.soak.mix import draw
from tools.soak.process import Held, held
from tools.soak.results import Played, Result
from tools.soak.schedule import Phase
from tools.soak.truth import Sky, Wrong
from tools.soak.world import World

TIME_LIMIT = 8.0
"""Seconds within which the service answers."""

GRACE = 4.0
"""Seconds that an answer may be late, because this machine may be busy."""

REST = 10.0
"""Seconds within which the service becomes idle after its last call."""

OF_ANOTHER_FORM = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a check raises when an answer is not built as it expects."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    call: Call
    answer: Answer | None
    seconds: float
    wrong: str | None


class Player:
    """Plays in one world, through one front. `rng` decides its calls."""

    def __init__(self, world: World, front: Front, rng: Random) -> None:
        self.result = Result(front.name, front.clients)
        self._world = world
        self._front = front
        self._rng = rng
        self._checker = Checker()
        self._errors = 0
        self._clients = ThreadPoolExecutor(front.clients, front.name)

    def close(self) -> None:
        """End the clients."""
        self._clients.shutdown(wait=False, cancel_futures=True)

    def play(self, phase: Phase) -> Iterator[None]:
        """Play it; yields after each answer."""
        weather, world = phase.weather, self._world
        played = self.result.weather.setdefault(phase.name, Played())
        calls, asked = self._calls(phase), world.xkcd.call("requests")
        weather.before(world)
        began = time.monotonic()
        outcomes = [self._clients.submit(self._send, call, phase) for call in calls]
        for count, outcome in enumerate(as_completed(outcomes), 1):
            self._record(outcome.result(), phase, played)
            yield
            if count == (len(calls) + 1) // 2:
                weather.during(world)
        self.result.seconds += time.monotonic() - began
        requests = world.xkcd.call("requests") - asked
        played.requests += requests
        if weather.alike and requests > 2 * MOST:
            self.result.complain(phase.name, f"{len(calls)} calls of the same {MOST} comics cost {requests} requests")
        self._check_log(phase)

    def rest(self) -> None:
        """Let the service become idle, and record what it holds then."""
        self._world.clear()
        self._world.xkcd.call("close_connections")
        end = time.monotonic() + REST
        while (now := self._held()).tasks and time.monotonic() < end:
            time.sleep(0.1)
        self.result.held[self.result.calls] = now

    def _held(self) -> Held:
        worker = self._world.worker
        return held(worker.pid, worker.call("tasks"))

    def _calls(self, phase: Phase) -> list[Call]:
        if phase.weather.alike:
            first = self._rng.randint(1, self._world.latest - MOST)
            numbers = tuple(range(first, first + MOST))
            return [comics(f"n={first}-{numbers[-1]}", Listed(numbers))] * phase.calls
        for_handler = self._front.name == "handler"
        drawn = [draw(self._rng, self._world.latest, for_handler) for _ in range(phase.calls)]
        return [replace(call, seconds=phase.weather.seconds) for call in drawn]

    def _send(self, call: Call, phase: Phase) -> _Outcome:
        etag, shown, answer, wrong = self._checker.etag(call), self._checker.shown, None, None
        began = time.monotonic()
        try:
            answer = self._front.send(call, etag)
            seconds = time.monotonic() - began
            self._checker.check(call, etag, answer, seconds, self._sky(phase, shown))
        except (OSError, HTTPException, RuntimeError) as error:
            seconds, wrong = time.monotonic() - began, f"there is no answer: {error!r}"
        except Wrong as error:
            wrong = str(error)
        except OF_ANOTHER_FORM as error:
            wrong = f"the answer has another form: {error!r}"
        return _Outcome(call, answer, seconds, wrong)

    def _sky(self, phase: Phase, shown: int) -> Sky:
        seconds = min(TIME_LIMIT, phase.weather.seconds) + GRACE + phase.weather.frozen
        weather, world = phase.weather, self._world
        return Sky(weather.statuses, world.learnt, shown, world.latest, seconds, weather.table)

    def _record(self, outcome: _Outcome, phase: Phase, played: Played) -> None:
        played.calls += 1
        played.milliseconds.append(1000 * outcome.seconds)
        if outcome.answer is not None and outcome.answer.status:
            status = outcome.answer.status
            played.statuses[status] = played.statuses.get(status, 0) + 1
        if outcome.wrong is not None:
            played.wrong += 1
            self.result.complain(phase.name, f"{outcome.wrong}\n{_whole(outcome)}")

    def _check_log(self, phase: Phase) -> None:
        count, first = self._world.worker.call("errors")
        if count > self._errors:
            self._errors = count
            self.result.complain(phase.name, f"the service logged errors, such as\n{first[-1]}")


def _whole(outcome: _Outcome) -> str:
    """The call and its answer."""
    call, answer = outcome.call, outcome.answer
    asked = f"{call.method} {call.path} ({call.kind}), {outcome.seconds:.2f} s"
    if answer is None:
        return asked
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    body = answer.body.decode(errors="replace")
    return f"{asked}\n{answer.status}\n{headers}\n\n{body or answer.report}"
