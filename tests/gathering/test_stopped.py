"""A process that is stopped while requests are under way, as Lambda does between invocations."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.rig import Rig, nums
from tools.stand_in import StandIn


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
