"""Answers about this service itself."""

from typing import Any

from flask import Response

from app.caches.layers import Caches
from app.comics.comic import CREDIT, LICENSE
from app.comics.found import LatestNumber
from app.comics.written import instant
from app.web import http_caching
from app.web.responses import json_response


def health(version: str, latest: LatestNumber | None, caches: Caches) -> Response:
    """The version, the latest number, the caches and the archive of this process."""
    learnt = {} if latest is None else {"latest": latest.num, "learnt_at": instant(latest.learnt_at)}
    return json_response({"version": version, "latest": None, "learnt_at": None, **learnt, **_caches(caches)})


def index(about: dict[str, Any]) -> Response:
    """An index of the API."""
    return json_response({**about, "credit": CREDIT, "license": LICENSE})


def lasting(text: str, mimetype: str, cache_control: str) -> Response:
    """A text that changes only with a deployment."""
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = cache_control
    response.set_etag(http_caching.etag_of(text))
    return response


def _caches(caches: Caches) -> dict[str, Any]:
    archive, about = caches.archive, None
    if archive is not None:
        latest, made_at = archive.latest_number.num, instant(archive.made_at)
        about = {"comics": len(archive.numbers), "latest": latest, "made_at": made_at}
    return {"caches": caches.names, "archive": about}
