"""The JSON API: read the request, gather, answer."""

import time
from collections.abc import Collection
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.caches.layers import Caches
from app.comics.selection import Latest, Listed, Selection
from app.errors import BadRequest, NotServing
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.runtime import events
from app.settings import VERSION, Settings
from app.web import fields, query, responses


def blueprint(gatherer: Gatherer, caches: Caches, settings: Settings) -> Blueprint:
    """The paths under /comics, those of xkcd itself, and /health; they gather with what it is given."""
    api = Blueprint("api", __name__)

    async def gather(selection: Selection) -> Gathered:
        return await gatherer.gather(selection, deadline(settings))

    @api.get("/comics")
    async def comics() -> Response:
        refuse_unknown(query.PARAMETERS | {"fields"})
        wanted, chosen = fields.parse(parameters()), query.parse(parameters())
        return responses.comics(chosen, wanted, await gather(chosen))

    @api.get("/comics/<num>")
    async def comic(num: str) -> Response:
        refuse_unknown({"fields", "seed"} if num == "random" else {"fields"})
        wanted, chosen = fields.parse(parameters()), _one(num)
        return responses.comic(chosen, wanted, await gather(chosen))

    @api.get("/comics/<num>/image")
    async def image(num: str) -> Response:
        refuse_unknown({"seed"} if num == "random" else ())
        chosen = _one(num)
        return responses.image(chosen, await gather(chosen))

    @api.get("/<num>/info.0.json")
    async def record(num: str) -> Response:
        try:
            chosen = Listed((query.parse_number(num),))
        except BadRequest:  # a client of xkcd.com knows a missing comic, but no 400
            return responses.no_record()
        return responses.record(chosen, await gather(chosen))

    @api.get("/info.0.json")
    async def latest_record() -> Response:
        return responses.record(Latest(1), await gather(Latest(1)))

    @api.get("/health")
    async def health() -> Response:
        refuse_unknown(())
        if not gatherer.is_serving:
            raise NotServing("The most recent request for comics got none, neither from xkcd nor from a cache.")
        return responses.health(VERSION, await gatherer.cached_latest(deadline(settings)), caches.names)

    return api


def without_slash() -> AnyResponse | None:
    """A redirect to the same path without the slash at its end, when that is the path of the route that was found.

    A CORS preflight must not be redirected, so OPTIONS is answered in place.
    """
    path, rule = request.path, request.url_rule
    if rule is None or rule.rule.endswith("/") or not path.endswith("/") or request.method == "OPTIONS":
        return None
    # Quoted, because browsers take a backslash for a slash, and two slashes begin the name of a host.
    location = quote(request.script_root + path[:-1])
    query = quote(request.query_string, safe="!$&'()*+,/:;=?@%")
    return redirect(f"{location}?{query}" if query else location, 308)


def parameters() -> dict[str, list[str]]:
    """The request's parameters, each with all its values."""
    return dict(request.args.lists())


def deadline(settings: Settings) -> float:
    """When this request is to be answered, in monotonic seconds."""
    return events.deadline(settings.time_limit, request.environ.get("serverless.context"), time.monotonic())


def refuse_unknown(known: Collection[str]) -> None:
    """Raise BadRequest when the request has a parameter that means nothing here."""
    for name in request.args:
        if name not in known:
            right = ", ".join(sorted(known)) or "none"
            raise BadRequest(f"There is no parameter {query.quoted(name)} here; can be given: {right}.")


def _one(num: str) -> Selection:
    """The comic that a path names: by number, or the latest or a random one."""
    if num == "latest":
        return Latest(1)
    if num == "random":
        return query.parse({**parameters(), "random": ["1"]})
    return Listed((query.parse_number(num),))
