"""A process that is stopped while requests are under way, as Lambda does between invocations."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from werkzeug import Response

from app.caches import bounded, dynamodb_client
from app.caches.dynamodb import ComicsTable
from tests.records import Clock
from tests.rig import Rig, nums
from tools.stand_in import StandIn
from tools.table import Ask, LocalTable


def test_answers_that_came_while_the_process_was_stopped_are_used_though_the_time_is_over(xkcd: StandIn) -> None:
    """An event loop that is blocked finds its timers and its sockets due together, as after a stop."""
    xkcd.latency = 0.1

    async def stop() -> None:
        assert xkcd.wait_until(lambda: xkcd.asked.total() == 20)
        threading.Event().wait(0.5)

    with closing(Rig(xkcd, attempt_timeout=0.3)) as rig, ThreadPoolExecutor() as threads:
        rig.gather(*range(1, 21))
        xkcd.asked.clear()
        gathering = threads.submit(rig.gather, *range(21, 41), seconds=0.3)
        assert xkcd.wait_until(lambda: xkcd.asked.total() == 20)
        rig.loop.run(stop())
        gathered = gathering.result()
    assert (nums(gathered.comics), gathered.failures) == (list(range(21, 41)), ())


def test_so_is_the_tables_answer(
    xkcd: StandIn, table: LocalTable, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked, answered = threading.Event(), threading.Event()
    monkeypatch.setattr(bounded, "TABLE_TIMEOUT", 0.3)
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 0.25)

    def rig() -> Rig:
        comics = ComicsTable(table.name, Clock())
        made = Rig(xkcd, table=comics)
        made.loop.on_close(comics.aclose)
        return made

    with closing(rig()) as filling:
        filling.gather(614)

    async def stop() -> None:
        answered.set()
        threading.Event().wait(0.5)

    def wait(body: dict[str, Any], ask: Ask) -> Response:
        asked.set()
        answered.wait()
        return ask(body)

    table.faults["BatchGetItem"] = wait
    with closing(rig()) as reading, ThreadPoolExecutor() as threads:
        gathering = threads.submit(reading.gather, 614)
        asked.wait()
        reading.loop.run(stop())
        (found,) = gathering.result().comics
    assert (found.source, caplog.messages) == ("table", [])
