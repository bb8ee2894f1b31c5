"""Tries all missing comics, with a progress bar, as long as that brings any: for `make fill` and `make archive`."""

import sys
import time
from dataclasses import replace
from math import inf

import click

from app.application import XkcdGather
from app.gathering.filler import Filled, Filler, Progress


def fill(app: XkcdGather, label: str) -> Filled:
    """Try every missing comic, and those that failed once more, as long as that brings any. Raises GatherError."""
    filled = _one_pass(app, label)
    gathered = filled.gathered
    while filled.missing and filled.gathered and not filled.problem:
        filled = _one_pass(app, "Once more")
        gathered += filled.gathered
    return replace(filled, gathered=gathered)


def count_missing(app: XkcdGather) -> int | None:
    """How many comics are missing; None if that is unknown, as the latest number is."""
    return app.event_loop.run(_count_missing(app))


def filler(app: XkcdGather) -> Filler:
    """The application's filler, which it has because there is a table."""
    if app.filler is None:
        raise AssertionError("there is no table")
    return app.filler


def _one_pass(app: XkcdGather, label: str) -> Filled:
    with click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True) as bar:

        def progress(tried: int, of: int) -> None:
            bar.length = of
            bar.update(tried - bar.pos)

        return app.event_loop.run(_try_all(app, progress))


async def _try_all(app: XkcdGather, progress: Progress) -> Filled:
    return await filler(app).fill(await app.gatherer.fetch_latest(inf), None, inf, progress)


async def _count_missing(app: XkcdGather) -> int | None:
    latest = await app.gatherer.cached_latest(time.monotonic() + 1.0)
    return None if latest is None else await filler(app).missing(latest.num, time.monotonic() + 5.0)
