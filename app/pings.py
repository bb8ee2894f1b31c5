"""A scheduled ping: fetches the latest number, opens connections, fills gaps in the table, and looks up images."""

import logging
import time
from typing import TYPE_CHECKING, Any

from app.errors import ImplausibleLatest, TableError, UpstreamError
from app.gathering.filler import Filler
from app.gathering.gatherer import Gatherer
from app.settings import Settings

if TYPE_CHECKING:
    from app.gathering.image_filler import ImageFiller

CONNECTIONS = 6
"""Idle connections to xkcd after a ping, for the comics of a request without parameters and the latest number.

With an archive, the one over which the ping got the latest number is enough.
"""

_log = logging.getLogger(__name__)


async def ping(
    gatherer: Gatherer, filler: Filler | None, images: "ImageFiller | None", settings: Settings, deadline: float
) -> dict[str, Any]:
    """Do all that a ping does, and report it. The counts are of comics, or of images as their names say.

    Whatever goes wrong is in the report: it never raises, as Lambda would invoke such a ping twice more.
    """
    began = time.monotonic()
    report: dict[str, Any] = {"latest": None, "gathered": 0, "failed": 0, "missing": None}
    report |= {"images": 0, "images_failed": 0, "images_left": None}
    problems: list[str | None] = []
    try:
        try:
            report["latest"] = await gatherer.fetch_latest(deadline)
        except ImplausibleLatest as error:
            problems.append(str(error))
        if not settings.archive:
            await gatherer.connect(CONNECTIONS, deadline)
        if filler is not None:
            latest = report["latest"] or await gatherer.known_latest(deadline)
            report |= (await filler.fill(latest, settings.fill_at_most, deadline))._asdict()
            problems.append(report["problem"])
        if images is not None:
            looked_up = await images.fill(settings.fill_at_most, deadline)
            report |= {"images": looked_up.looked_up, "images_failed": looked_up.failed, "images_left": looked_up.left}
            problems.append(looked_up.problem)
    except (UpstreamError, TableError) as error:
        problems.append(str(error))
    except Exception as error:
        _log.exception("A ping failed")
        problems.append(f"A bug of this service: {type(error).__name__}")
    report["problem"] = " ".join(filter(None, problems)) or None
    return {**report, "milliseconds": round(1000 * (time.monotonic() - began))}
