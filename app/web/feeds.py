"""The feeds of the newest comics: Atom, RSS and JSON Feed.

Their modules are imported when first needed: feed takes 2 ms, and xml_feeds 3 to 7 ms.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, render_template, request

from app.comics.comic import LICENSE
from app.comics.found import Found
from app.comics.selection import Selection
from app.comics.strict_json import dumps
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.web import http_caching, query, responses
from app.web.request import address, deadline, parameters, refuse_unknown

if TYPE_CHECKING:
    from app.web.feed import Feed

USUAL = "25"
"""Comics in a feed: two months of them. xkcd's own feeds have four."""

Writer = Callable[["Feed"], str | bytes]


def blueprint(gatherer: Gatherer, settings: Settings) -> Blueprint:
    """The feeds, at xkcd's own paths where it has them."""
    paths = Blueprint("feeds", __name__)

    async def answer(mimetype: str, write: Writer) -> Response:
        refuse_unknown({"latest"})
        chosen = query.parse({"latest": [USUAL], **parameters()})
        gathered = await gatherer.gather(chosen, deadline(settings))
        url = address(request.path + (f"?latest={chosen.most}" if "latest" in request.args else ""), settings)
        return _response(url, chosen, gathered, mimetype, write)

    @paths.get("/atom.xml")
    async def atom() -> Response:
        from app.web import xml_feeds

        return await answer("application/atom+xml", xml_feeds.atom)

    @paths.get("/rss.xml")
    async def rss() -> Response:
        from app.web import xml_feeds

        return await answer("application/rss+xml", xml_feeds.rss)

    @paths.get("/feed.json")
    async def json() -> Response:
        from app.web.feed import json_feed

        return await answer("application/feed+json", lambda feed: dumps(json_feed(feed)))

    return paths


def _response(url: str, selection: Selection, gathered: Gathered, mimetype: str, write: Writer) -> Response:
    """The comics as a feed at that address, or a problem if there is none."""
    if not gathered.comics:
        return responses.without_comics(gathered)
    from app.web.feed import Entry, Feed

    entries = [Entry.of(found.comic, _html(found)) for found in gathered.comics]
    feed = Feed(url, entries)
    response = Response(write(feed), mimetype=mimetype)
    if gathered.failures:
        return responses.with_timing(response, gathered)  # not cacheable, so that readers come again for the rest
    response.last_modified = datetime.fromtimestamp(max(found.fetched_at for found in gathered.comics), UTC)
    return responses.with_caching(response, selection, (url, *http_caching.IMAGE_FIELDS), gathered)


def _html(found: Found) -> str:
    """All that a reader shows of a comic below its title."""
    return render_template("entry.html", comic=found.to_json(), license=LICENSE)
