"""What a scheduled ping does: it keeps the newest comic's number known and a connection to xkcd open."""

import logging
import time
from typing import Any

from app.errors import UpstreamError
from app.gatherer import Gatherer

_log = logging.getLogger(__name__)


async def ping(gatherer: Gatherer, deadline: float) -> dict[str, Any]:
    """A report of what was done, for the log. Whatever goes wrong is in the report: it never raises."""
    began = time.monotonic()
    report: dict[str, Any] = {"latest": None, "problem": None}
    try:
        report["latest"] = await gatherer.renew_newest(deadline)
    except UpstreamError as error:
        report["problem"] = str(error)
    except Exception as error:  # Lambda would invoke a ping that raised twice more
        _log.exception("A ping failed")
        report["problem"] = f"The fault is ours: {type(error).__name__}"
    return {**report, "milliseconds": round(1000 * (time.monotonic() - began))}
