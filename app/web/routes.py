"""The JSON API: reads a request, gathers, and responds."""

from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from app.caches.layers import Caches
from app.comics.selection import Latest, Listed, Selection
from app.errors import NotServing
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.gathering.searcher import Searcher
from app.settings import VERSION, Settings
from app.web import about, fields, query, responses, search, search_parameters
from app.web.request import deadline, parameters, refuse_unknown


def blueprint(gatherer: Gatherer, searcher: Searcher, caches: Caches, settings: Settings) -> Blueprint:
    """The paths under /comics, and /health."""
    api = Blueprint("api", __name__)

    async def gather(selection: Selection) -> Gathered:
        return await gatherer.gather(selection, deadline(settings))

    @api.get("/comics")
    async def comics() -> Response:
        refuse_unknown(query.PARAMETERS | search_parameters.PARAMETERS | {"fields"})
        wanted = fields.parse(parameters())
        if search_parameters.is_search(parameters()):
            sought = search_parameters.parse(parameters())
            return search.comics(sought, wanted, await searcher.search(sought, deadline(settings)))
        chosen = query.parse(parameters())
        return responses.comics(chosen, wanted, await gather(chosen))

    @api.get("/comics/<num>")
    async def comic(num: str) -> Response:
        refuse_unknown({"fields", "seed"} if num == "random" else {"fields"})
        wanted, chosen = fields.parse(parameters()), _one(num)
        return responses.comic(chosen, wanted, await gather(chosen))

    @api.get("/comics/<num>/image")
    async def image(num: str) -> Response:
        refuse_unknown({"seed", "size"} if num == "random" else {"size"})
        is_sharp, chosen = query.parse_resolution(parameters()) == "2x", _one(num)
        return responses.image(chosen, is_sharp, await gather(chosen))

    @api.get("/health")
    async def health() -> Response:
        refuse_unknown(())
        if not gatherer.is_serving:
            raise NotServing("The most recent request for comics got none, neither from xkcd nor from a cache.")
        return about.health(VERSION, await gatherer.cached_latest(deadline(settings)), caches)

    return api


def to_right_slash() -> AnyResponse | None:
    """A redirect to the path with or without a slash at its end, as the route has it, unless the request has it so.

    A CORS preflight must not be redirected, so OPTIONS is answered in place.
    """
    path, rule = request.path, request.url_rule
    if rule is not None and path.endswith("//"):
        raise NotFound  # a rule that ends with a slash matches this too
    if rule is None or rule.rule.endswith("/") == path.endswith("/"):
        return None
    if request.method == "OPTIONS":
        permitted = Response()
        permitted.allow.update(rule.methods or ())
        return permitted
    # Quoted, because browsers read a backslash as a slash, and a host name after two slashes.
    location = quote(request.script_root + (path[:-1] if path.endswith("/") else f"{path}/"))
    query = quote(request.query_string, safe="!$&'()*+,/:;=?@%")
    return redirect(f"{location}?{query}" if query else location, 308)


def _one(num: str) -> Selection:
    """The comic that a path names: a number, "latest" or "random"."""
    if num == "latest":
        return Latest(1)
    if num == "random":
        return query.parse({**parameters(), "random": ["1"]})
    return Listed((query.parse_number(num),))
