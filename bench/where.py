"""Measures the CPU time of gathering a hundred comics, by the code that takes it, with Python's own profiler.

A profiler adds time to each call of a Python function, so it exaggerates code with many small ones: the shares are
rough. Waiting is not counted. The time of a built-in function counts for the code that calls it. Flask and its wrapper
are not included, as from Python 3.12 on a profiler cannot tell two threads apart.
"""

import asyncio
import platform
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from cProfile import Profile
from pstats import Stats
from random import Random
from typing import Any

from app.caches.layers import Caches
from app.comics.selection import Listed
from app.connections.connection_pool import ConnectionPool
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.upstream.polite_xkcd import PoliteXkcd
from app.upstream.transport import KeepAliveTransport
from app.upstream.xkcd import Xkcd
from bench.setting import Setting, progress

COUNT = 100

OWNERS = {
    "the kernel, sending and receiving": ("'send' of '_socket", "'recv' of '_socket"),
    "asyncio: tasks, timers, the loop": ("/asyncio/", "/selectors.py"),
    "one connection and its parser": ("/app/connections/connection", "/app/upstream/transport.py", "httptools"),
    "httpx: requests and answers": ("/httpx/",),
    "records: JSON and comics": ("/json/", "/app/comics/comic.py", "/app/upstream/xkcd.py", "/urllib/", "/datetime.py"),
    "gathering: deadlines, hedges, caches": ("/app/", "/contextlib.py"),
}
"""Parts of file names by owner. The first match counts."""

WAITING = "'poll' of 'select"


def measure(setting: Setting) -> dict[str, Any]:
    """Shares of the time, by owner of the code."""
    rounds = 2 if setting.quick else 30
    profile = Profile()
    asyncio.run(gather(setting.upstream.http, rounds, profile))
    taken = by_owner(profile)
    total = sum(taken.values())
    shares = {owner: round(taken[owner] / total, 3) for owner in (*OWNERS, "all else")}
    return {"about": setting.about(rounds, f"Python {platform.python_version()}"), "shares": shares}


async def gather(url: str, rounds: int, profile: Profile) -> None:
    """Gather a hundred comics `rounds` times under the profiler. Raises RuntimeError if some are missing."""
    transport = KeepAliveTransport(ConnectionPool(url, None))
    xkcd = PoliteXkcd(Xkcd(Settings(xkcd_url=url), transport), time.monotonic, hedge=True)
    gatherer = Gatherer(xkcd, Caches(0, None, time.time, floor=0), floor=0, clock=time.time, rng=Random())
    with progress("where", rounds) as begin:
        for turn in range(rounds + 1):
            if turn == 1:  # the first, which connects, is not profiled
                profile.enable()
            begin(f"{COUNT} comics")
            gathered = await gatherer.gather(Listed(tuple(range(1, COUNT + 1))), time.monotonic() + 8)
            if len(gathered.comics) != COUNT:
                raise RuntimeError(f"{len(gathered.failures)} comics are missing")
    profile.disable()
    await transport.aclose()


def by_owner(profile: Profile) -> Mapping[str, float]:
    """Seconds by owner of the code."""
    taken: dict[str, float] = defaultdict(float)
    for where, seconds in spent(profile):
        if WAITING not in where:
            owners = (owner for owner, signs in OWNERS.items() if any(sign in where for sign in signs))
            taken[next(owners, "all else")] += seconds
    return taken


def spent(profile: Profile) -> Iterator[tuple[str, float]]:
    """Places and seconds. A place is a function's file, or a built-in's name and the file of its caller."""
    for (file, _, name), (_, _, seconds, _, callers) in Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file != "~":
            yield file, seconds
        for (calling_file, _, _), (_, _, seconds_for_caller, _) in callers.items() if file == "~" else ():
            yield f"{name} {calling_file}", seconds_for_caller
