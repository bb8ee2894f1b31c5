"""What a scheduled ping does: it keeps the latest number known, connections open, and the table without gaps."""

import logging
import time
from dataclasses import asdict
from typing import Any

from app.errors import TableError, UpstreamError
from app.gathering.filler import Filler
from app.gathering.gatherer import Gatherer
from app.settings import Settings

CONNECTIONS = 5
"""How many connections to xkcd wait for requests after a ping: as many comics as an unspecific request gets."""

_log = logging.getLogger(__name__)


async def ping(gatherer: Gatherer, filler: Filler | None, settings: Settings, deadline: float) -> dict[str, Any]:
    """A report of what was done, for the log; counts are of comics.

    Whatever goes wrong is in the report: it never raises, as Lambda would invoke such a ping twice more.
    """
    began = time.monotonic()
    report: dict[str, Any] = {"latest": None, "gathered": 0, "failed": 0, "missing": None, "problem": None}
    try:
        report["latest"] = await gatherer.fetch_latest(deadline)
        await gatherer.connect(CONNECTIONS, deadline)
        if filler is not None:
            report |= asdict(await filler.fill(report["latest"], settings.fill_at_most, deadline))
    except (UpstreamError, TableError) as error:
        report["problem"] = str(error)
    except Exception as error:
        _log.exception("A ping failed")
        report["problem"] = f"The fault is ours: {type(error).__name__}"
    return {**report, "milliseconds": round(1000 * (time.monotonic() - began))}
