"""Searches: the answer to /comics?q=…, and the description that lets a browser search here."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from app.caches.layers import Caches
from app.comics.search import Search
from app.comics.strict_json import dumps
from app.gathering.searcher import Searched
from app.settings import Settings
from app.web import http_caching, responses
from app.web.about import lasting
from app.web.request import address


def blueprint(caches: Caches, settings: Settings) -> Blueprint:
    """The path /opensearch.xml, and for templates, whether comics can be searched here."""
    paths = Blueprint("search", __name__)

    @paths.get("/opensearch.xml")
    def opensearch() -> Response:
        text = render_template("opensearch.xml", gallery=address("/", settings))
        return lasting(text, "application/opensearchdescription+xml", http_caching.FOR_A_DAY)

    paths.add_app_template_global(lambda: caches.archive is not None and caches.archive.is_searchable, "can_search")
    return paths


def comics(search: Search, fields: tuple[str, ...], searched: Searched) -> Response:
    """The comics of the page as one document, or a problem if some were found and none came."""
    gathered = searched.gathered
    if searched.is_vain:
        return responses.without_comics(gathered)
    matches = (dumps(searched.matches[found.comic.num].to_json()).encode() for found in gathered.comics)
    texts = (responses.text(found, fields) for found in gathered.comics)
    comics = (text[:-1] + b',"match":' + match + b"}" for text, match in zip(texts, matches, strict=True))
    response = responses.document(comics, gathered, search=about(search, searched))
    if (url := next_page(search, searched)) is not None:
        response.headers["Link"] = f'<{url}>; rel="next"'
    return with_caching(response, search, fields, searched)


def about(search: Search, searched: Searched) -> dict[str, Any]:
    """How the search went."""
    return {
        "query": search.query.text,
        "total": len(searched.hits.numbers),
        "offset": search.offset,
        "relaxed": searched.hits.relaxed,
        "replaced": searched.hits.replaced,
        "comics": searched.count,
        "transcripts_until": searched.transcripts_until,
    }


def next_page(search: Search, searched: Searched) -> str | None:
    """The address of the comics after these, as a path, if there are any."""
    offset = search.offset + search.limit
    if offset >= len(searched.hits.numbers):
        return None
    parameters = [(name, value) for name, value in request.args.items(multi=True) if name != "offset"]
    return f"{request.script_root}{request.path}?{urlencode([*parameters, ('offset', offset)])}"


def with_caching(response: Response, search: Search, fields: tuple[str, ...], searched: Searched) -> Response:
    """The response with Cache-Control and Server-Timing, and with an ETag of all that it shows if it is cacheable."""
    response = responses.with_caching(response, search, fields, searched.gathered)
    return responses.with_etag_of(response, about(search, searched), searched.gathered.latest)
