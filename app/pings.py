"""What a scheduled ping does: it keeps the newest comic's number known and a connection to xkcd open."""

import logging
import time
from typing import Any

from app import problems
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
        report["problem"] = problems.of_error(error).to_json()
    except Exception as error:  # a ping that fails would be invoked again and again
        _log.exception("A ping failed")
        report["problem"] = {"status": 500, "title": type(error).__name__, "detail": "The fault is ours."}
    return {**report, "milliseconds": round(1000 * (time.monotonic() - began))}
