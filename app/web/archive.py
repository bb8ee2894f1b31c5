"""All known comics: their titles, as JSON or as a page, and all of them as lines of JSON."""

import gzip
from collections import defaultdict
from collections.abc import AsyncIterator

from flask import Blueprint, Response, render_template, request

from app.caches.layers import Caches
from app.errors import GatherError, NotAcceptable
from app.web import http_caching, pages, problems, query
from app.web.archived import Archived, Packed, Parts
from app.web.envelope import LARGEST_ANSWER, WORTH_PACKING, accepts_gzip
from app.web.request import parameters, refuse_unknown


def blueprint(caches: Caches) -> Blueprint:
    """The paths that begin with /archive. Without an archive, they are problems."""
    paths, archived = Blueprint("archive", __name__), Archived(caches)

    async def page(since: int) -> AsyncIterator[str]:
        years = defaultdict(list)
        async for found in archived.comics(since):
            years[found.comic.date.year].append(found.comic)
        yield render_template("archive.html", years=years)

    async def answer(form: str, parts: Parts) -> Response:
        refuse_unknown({"since"})
        since = query.parse_since(parameters()) if "since" in request.args else 0
        return _response(await archived.packed(f"{form} {request.script_root}", parts, since), form)

    @paths.get("/archive")
    async def titles() -> Response:
        if pages.prefers_html():
            return pages.by_type(await answer("text/html", page))
        return pages.by_type(await answer("application/json", archived.titles))

    @paths.get("/archive.ndjson")
    async def lines() -> Response:
        return await answer("application/x-ndjson", archived.lines)

    @paths.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        return pages.unrouted(problems.of_error(error))

    paths.add_app_template_global(lambda: caches.archive is not None, "has_archive")
    return paths


def _response(packed: Packed, mimetype: str) -> Response:
    """The document, unpacked for clients that accept no gzip. Raises NotAcceptable if it is too large for that."""
    is_packed = packed.length > WORTH_PACKING and accepts_gzip()
    if packed.length > LARGEST_ANSWER and not is_packed:
        raise NotAcceptable(
            "All comics are too large for one answer without compression. Accept gzip, as `curl --compressed` does, "
            "or ask for those after a number with 'since'."
        )
    response = Response(packed.data if is_packed else gzip.decompress(packed.data), mimetype=mimetype)
    if is_packed:
        response.content_encoding = "gzip"
    response.headers["Cache-Control"] = http_caching.FOR_FIVE_MINUTES
    response.set_etag(packed.etag)
    return response
