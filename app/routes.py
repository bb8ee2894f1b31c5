"""The JSON API: read the request, gather, answer."""

import time

from flask import Blueprint, Response, request

from app import events, responses, selection
from app.caches import Caches
from app.errors import BadRequest
from app.gathered import Gathered
from app.gatherer import Gatherer
from app.selection import Listed, Newest, Selection
from app.settings import VERSION, Settings


def blueprint(gatherer: Gatherer, caches: Caches, settings: Settings) -> Blueprint:
    """The paths under /comics, gathering with what it is given, and /health."""
    api = Blueprint("api", __name__)

    async def gather(selection: Selection) -> Gathered:
        return await gatherer.gather(selection, deadline(settings))

    @api.get("/comics")
    async def comics() -> Response:
        refuse_unknown(selection.PARAMETERS)
        return responses.comics(await gather(selection.parse(query())))

    @api.get("/comics/<num>")
    async def comic(num: str) -> Response:
        refuse_unknown(frozenset())
        return responses.comic(await gather(Listed((selection.parse_number(num),))))

    @api.get("/comics/latest")
    async def latest() -> Response:
        refuse_unknown(frozenset())
        return responses.comic(await gather(Newest(1)))

    @api.get("/comics/random")
    async def random() -> Response:
        refuse_unknown(frozenset({"seed"}))
        return responses.comic(await gather(selection.parse({**query(), "random": ["1"]})))

    @api.get("/health")
    async def health() -> Response:
        refuse_unknown(frozenset())
        return responses.health(VERSION, caches.memory.newest_number, caches.names)

    return api


def query() -> dict[str, list[str]]:
    """The request's parameters, each with all its values."""
    return dict(request.args.lists())


def deadline(settings: Settings) -> float:
    """When this request is to be answered, in monotonic seconds."""
    return events.deadline(settings.deadline, request.environ.get("serverless.context"), time.monotonic())


def refuse_unknown(known: frozenset[str]) -> None:
    """Raise BadRequest when the request has a parameter that means nothing here."""
    for name in request.args:
        if name not in known:
            right = ", ".join(sorted(known)) or "none"
            raise BadRequest(f"There is no parameter {selection.quoted(name)} here; can be given: {right}.")
