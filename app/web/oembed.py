"""oEmbed 1.0: how to show the comic at an address of xkcd.com on another page."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response

from app.comics.comic import CREDIT, LICENSE
from app.comics.found import Found
from app.comics.selection import Listed
from app.errors import BadRequest, NoSuchComic
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.web import http_caching, problems, query, responses
from app.web.request import deadline, parameters

A_DAY = 86400
"""Seconds for which others should keep an answer, as its Cache-Control says too."""

_PAGE = re.compile(r"https?://(?:www\.|m\.)?xkcd\.com/([1-9][0-9]{0,5})/?", re.IGNORECASE)


def blueprint(gatherer: Gatherer, settings: Settings) -> Blueprint:
    """/oembed. Parameters that it does not know are ignored, because consumers send some of their own."""
    paths = Blueprint("oembed", __name__)

    @paths.get("/oembed")
    async def oembed() -> Response:
        given = parameters()
        form = query.once("format", given) if "format" in given else "json"
        most = query.parse_size("maxwidth", given), query.parse_size("maxheight", given)
        chosen = Listed((_num(given),))
        if form != "json":
            return responses.problem(problems.of_format(form))
        gathered = await gatherer.gather(chosen, deadline(settings))
        if gathered.failures:
            return responses.failed(gathered)
        answer = responses.json_response(document(gathered.comics[0], most))
        return responses.with_caching(answer, chosen, http_caching.IMAGE_FIELDS, gathered)

    return paths


def document(found: Found, most: tuple[int | None, int | None]) -> dict[str, Any]:
    """The comic as a photo of up to `most` pixels in width and height, or as a link if it has no image.

    oEmbed wants the size of a photo. It is left out where it is unknown, because a guess would distort the image.
    """
    comic, size = found.comic, found.image and found.image.size
    photo: dict[str, Any] = {} if comic.img is None else {"url": comic.img}
    if photo and size:
        photo |= fitted(size.width, size.height, *most)
    return {
        "version": "1.0",
        "type": "photo" if photo else "link",
        "title": comic.title,
        "author_name": "Randall Munroe",
        "author_url": "https://xkcd.com/",
        "provider_name": "xkcd",
        "provider_url": "https://xkcd.com/",
        "cache_age": 0 if found.stale else A_DAY,
        **photo,
        "alt": comic.alt,
        "credit": CREDIT,
        "license": LICENSE,
    }


def fitted(width: int, height: int, most_width: int | None, most_height: int | None) -> dict[str, int]:
    """The size at which to show an image, so that it keeps its proportions within these bounds."""
    scale = min(1.0, (most_width or width) / width, (most_height or height) / height)
    return {"width": max(round(width * scale), 1), "height": max(round(height * scale), 1)}


def _num(given: Mapping[str, Sequence[str]]) -> int:
    """The number of the comic whose page `url` names. Raises BadRequest, or NoSuchComic if it names no such page."""
    if "url" not in given:
        raise BadRequest("'url' is missing: give it the address of a comic, such as https://xkcd.com/614/.")
    page = _PAGE.fullmatch(url := query.once("url", given))
    if page is None:
        raise NoSuchComic(f"{query.quoted(url)} is not the address of a comic, such as https://xkcd.com/614/.")
    return int(page[1])
