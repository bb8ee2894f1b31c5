"""The paths of xkcd itself, for its clients."""

from flask import Blueprint, Response

from app.comics.selection import Latest, Listed, Selection
from app.errors import BadRequest
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.web import query, responses
from app.web.request import deadline


def blueprint(gatherer: Gatherer, settings: Settings) -> Blueprint:
    """The paths that end in /info.0.json."""
    paths = Blueprint("as_xkcd", __name__)

    async def gather(selection: Selection) -> Gathered:
        return await gatherer.gather(selection, deadline(settings))

    @paths.get("/<num>/info.0.json")
    async def record(num: str) -> Response:
        try:
            chosen = Listed((query.parse_number(num),))
        except BadRequest:  # clients of xkcd.com expect a 404, and no 400
            return responses.no_record()
        return responses.record(chosen, await gather(chosen))

    @paths.get("/info.0.json")
    async def latest_record() -> Response:
        return responses.record(Latest(1), await gather(Latest(1)))

    return paths
