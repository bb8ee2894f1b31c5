"""Measures where the CPU time of a hundred comics goes, by whose code it is, with Python's own profiler.

A profiler makes each call of a Python function dearer, and so it makes much of what has many small ones: compare the
shares roughly. Waiting is not counted. What a built-in function takes is put down to whose code calls it.
"""

import asyncio
import json
import platform
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from cProfile import Profile
from itertools import chain
from pstats import Stats
from typing import Any

import serverless_wsgi

from app import create_app
from app.application import XkcdGather
from app.settings import Settings
from bench.processes import event
from bench.setting import Setting, progress

COUNT = 100

OWNERS = {
    "the kernel, sending and receiving": ("'send' of '_socket", "'recv' of '_socket"),
    "asyncio: tasks, timers, the loop": ("/asyncio/", "/selectors.py"),
    "one connection and its parser": ("/app/connection", "/app/transport.py", "httptools"),
    "httpx: requests and answers": ("/httpx/",),
    "records: JSON and comics": ("/json/", "/app/comic.py", "/app/xkcd.py", "/urllib/", "/datetime.py"),
    "gathering: deadlines, hedges, caches": ("/app/", "/contextlib.py"),
    "Flask and its wrapper": ("/flask/", "/werkzeug/", "serverless_wsgi"),
}
"""By what the code is found; the first that fits."""

WAITING = ("'poll' of 'select", "'acquire' of '_thread")


def measure(setting: Setting) -> dict[str, Any]:
    """Shares of the time, by whose code takes it."""
    rounds = 3 if setting.quick else 30
    app = create_app(Settings(xkcd_url=setting.upstream.http, memory=0))
    with closing(app), progress("where", rounds) as begin:
        invoke(app)
        threads = Profile(), Profile()
        app.event_loop.run(switched(threads[0], True))
        for _ in range(rounds):
            begin(f"{COUNT} comics")
            threads[1].runcall(invoke, app)
        app.event_loop.run(switched(threads[0], False))
    taken = by_owner(threads)
    total = sum(taken.values())
    shares = {owner: round(taken[owner] / total, 3) for owner in (*OWNERS, "all else")}
    return {"about": setting.about(rounds, f"Python {platform.python_version()}"), "shares": shares}


def invoke(app: XkcdGather) -> None:
    """Have the hundred comics gathered. Raises RuntimeError when some are missing."""
    answer = serverless_wsgi.handle_request(app, event(COUNT), None)
    if not json.loads(answer["body"])["complete"]:
        raise RuntimeError("comics are missing")


async def switched(profile: Profile, on: bool) -> None:
    """Switch it on or off in the thread of the event loop."""
    await asyncio.sleep(0)
    if on:
        profile.enable()
    else:
        profile.disable()


def by_owner(profiles: Iterable[Profile]) -> Mapping[str, float]:
    """Seconds by whose code took them."""
    taken: dict[str, float] = defaultdict(float)
    for where, seconds in chain.from_iterable(map(spent, profiles)):
        if not any(sign in where for sign in WAITING):
            owners = (owner for owner, signs in OWNERS.items() if any(sign in where for sign in signs))
            taken[next(owners, "all else")] += seconds
    return taken


def spent(profile: Profile) -> Iterator[tuple[str, float]]:
    """Where time went: a function's file, or a built-in's name and the file of its caller; and how many seconds."""
    for (file, _, name), (_, _, seconds, _, callers) in Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file != "~":
            yield file, seconds
        for (calling_file, _, _), (_, _, seconds_for_caller, _) in callers.items() if file == "~" else ():
            yield f"{name} {calling_file}", seconds_for_caller
