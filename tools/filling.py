"""Tries all missing comics, then all images, with progress bars, as long as that brings any.

For `make fill` and `make archive`.
"""

import sys
import time
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, TypeVar

import click

from app.application import XkcdGather
from app.gathering.filler import Filled, Filler, Progress
from app.gathering.image_filler import ImageFiller, LookedUp

T = TypeVar("T")


def fill(app: XkcdGather, label: str) -> Filled:
    """Try every missing comic, and those that failed once more, as long as that brings any. Raises GatherError."""
    filled = _one_pass(app, _try_all, label)
    gathered = filled.gathered
    while filled.missing and filled.gathered and not filled.problem:
        filled = _one_pass(app, _try_all, "Once more")
        gathered += filled.gathered
    return filled._replace(gathered=gathered)


def look_up(app: XkcdGather) -> LookedUp:
    """Look every image up, and those that failed once more, as long as that brings any. Raises GatherError."""
    result = _one_pass(app, _look_all_up, "Looking up images")
    looked_up = result.looked_up
    while result.left and result.looked_up and not result.problem:
        result = _one_pass(app, _look_all_up, "Once more")
        looked_up += result.looked_up
    return result._replace(looked_up=looked_up)


def count_missing(app: XkcdGather) -> int | None:
    """How many comics are missing; None if that is unknown, as the latest number is."""
    return app.event_loop.run(_count_missing(app))


def filler(app: XkcdGather) -> Filler:
    """The application's filler, which it has because there is a table."""
    if app.filler is None:
        raise AssertionError("there is no table")
    return app.filler


def image_filler(app: XkcdGather) -> ImageFiller:
    """The application's image filler, likewise."""
    if app.image_filler is None:
        raise AssertionError("there is no table")
    return app.image_filler


def _one_pass(app: XkcdGather, run: Callable[[XkcdGather, Progress], Coroutine[Any, Any, T]], label: str) -> T:
    with click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True) as bar:

        def progress(tried: int, of: int) -> None:
            bar.length = of
            bar.update(tried - bar.pos)

        return app.event_loop.run(run(app, progress))


def count_images_left(app: XkcdGather) -> int:
    """How many images of the comics that are there are to be looked up."""
    return app.event_loop.run(image_filler(app).left(time.monotonic() + 5.0))


async def _try_all(app: XkcdGather, progress: Progress) -> Filled:
    return await filler(app).fill(await app.gatherer.fetch_latest(inf), None, inf, progress)


async def _look_all_up(app: XkcdGather, progress: Progress) -> LookedUp:
    return await image_filler(app).fill(None, inf, progress)


async def _count_missing(app: XkcdGather) -> int | None:
    latest = await app.gatherer.cached_latest(time.monotonic() + 1.0)
    return None if latest is None else await filler(app).missing(latest.num, time.monotonic() + 5.0)
