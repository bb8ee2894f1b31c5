"""xkcd-gather: one HTTPS call, many xkcd comics."""

import asyncio

# asyncio imports these two when it connects, on the loop's thread, while other imports run here. Such starts failed
# now and then.
import concurrent.futures.thread  # noqa: F401
import encodings.idna  # noqa: F401
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from app.clock import Clock
from app.connections.connection_pool import ConnectionPool
from app.runtime.event_loop import EventLoop
from app.settings import Settings

if TYPE_CHECKING:
    from app.application import XkcdGather
    from app.caches.bounded import Table


def create_app(settings: Settings, clock: Clock = time.time, table: "Table | None" = None) -> "XkcdGather":
    """The application for these settings. It sends no request before it gets one.

    `clock` decides freshness, pauses and the comic of the day. `table` takes the place of the table in the settings.
    """
    event_loop, pool = EventLoop(), ConnectionPool(settings.xkcd_url, settings.ca_file)
    if settings.connect_at_start:
        # With an archive, a first request needs xkcd for the latest number at most.
        event_loop.start(_connect(pool, 1 if settings.archive else settings.connect_at_start, settings.attempt_timeout))
    # Importing Flask takes most of the start. Meanwhile the connections open.
    from app.application import XkcdGather

    return XkcdGather(settings, clock, event_loop, pool, table)


async def _connect(pool: ConnectionPool, count: int, seconds: float) -> None:
    with suppress(OSError):  # TimeoutError is one; the first request will report it
        async with asyncio.timeout(seconds):
            await pool.connect(count)
