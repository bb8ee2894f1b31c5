"""xkcd-gather: one HTTPS call, many xkcd comics."""

import asyncio

# To connect, asyncio needs these two, which it would import on the loop's thread, beside what is imported here:
# such starts have failed now and then.
import concurrent.futures.thread  # noqa: F401
import encodings.idna  # noqa: F401
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from app.clock import Clock
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.connection_pool import ConnectionPool

if TYPE_CHECKING:
    from app.application import XkcdGather


def create_app(settings: Settings, clock: Clock = time.time) -> "XkcdGather":
    """The application for these settings. It asks nobody anything before it is asked.

    `clock` gives the seconds since 1970, by which all goes: what is fresh, who has a rest, the comic of the day.
    """
    event_loop, pool = EventLoop(), ConnectionPool(settings.xkcd_url, settings.ca_file)
    if settings.connect_at_start:
        event_loop.start(_connect(pool, settings))
    # Flask and what else needs it are most of what there is to import: meanwhile the connections open.
    from app.application import XkcdGather

    return XkcdGather(settings, clock, event_loop, pool)


async def _connect(pool: ConnectionPool, settings: Settings) -> None:
    with suppress(OSError):  # TimeoutError is one; whoever asks for a comic will be told
        async with asyncio.timeout(settings.attempt_timeout):
            await pool.connect(settings.connect_at_start)
