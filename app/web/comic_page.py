"""A page for each comic, as on xkcd.com, and the paths that lead to the latest one and to a random one."""

from typing import NamedTuple

from flask import Blueprint, Response, redirect, url_for
from werkzeug.routing import BaseConverter
from werkzeug.wrappers import Response as AnyResponse

from app.comics.selection import MISSING, Latest, Listed
from app.errors import GatherError, NoSuchComic
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.web import http_caching, pages, problems, responses
from app.web.request import deadline


class Number(BaseConverter):
    """A comic's number in a path, in its only form: decimal digits of ASCII without a zero in front."""

    regex = "[1-9][0-9]{0,5}"


class Beside(NamedTuple):
    """The numbers of the comics before and after one; None if there is none."""

    previous: int | None
    next: int | None


def blueprint(gatherer: Gatherer, settings: Settings) -> Blueprint:
    """The paths /614/, /latest and /comic."""
    paths = Blueprint("comic", __name__)
    paths.record_once(lambda state: state.app.url_map.converters.update(number=Number))

    @paths.get("/<number:num>/")
    async def page(num: str) -> Response:
        number, until = int(num), deadline(settings)
        gathered = await gatherer.gather(Listed((number,)), until)
        beside = _beside(number, await gatherer.latest_near(number, until))
        if gathered.failures:
            return responses.with_timing(_failed(gathered, beside), gathered)
        # The latest comic's page changes with the next comic, like the latest comic itself.
        chosen = Latest(1) if beside.next is None else Listed((number,))
        shown = pages.page("comic.html", found=gathered.comics[0], beside=beside)
        return responses.with_caching(shown, chosen, http_caching.IMAGE_FIELDS, gathered)

    @paths.get("/latest")
    async def latest() -> Response:
        gathered = await gatherer.gather(Latest(1), deadline(settings))
        response = Response(status=302)
        response.location = url_for("comic.page", num=gathered.latest)
        return responses.with_caching(response, Latest(1), (), gathered)

    @paths.get("/comic")
    async def random() -> AnyResponse:
        (num,) = await pages.drawn(gatherer, 1, deadline(settings))
        return redirect(url_for("comic.page", num=num))

    @paths.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        return pages.unrouted(problems.of_error(error))

    return paths


def _beside(num: int, latest: int | None) -> Beside:
    """The comics beside this one, of which the latest is the last. Numbers without a comic are left out.

    If the latest is not known, there is a next one: readers would not get any further otherwise.
    """
    before, behind = num - 1 - (num - 1 in MISSING), num + 1 + (num + 1 in MISSING)
    if latest is None:
        return Beside(before or None, behind)
    return Beside(min(before, latest) or None, behind if num < latest else None)


def _failed(gathered: Gathered, beside: Beside) -> Response:
    (failure,) = gathered.failures
    problem = problems.of_failure(failure)
    if not pages.prefers_html():
        return pages.by_type(responses.problem(problem))
    absent = isinstance(failure.error, NoSuchComic)
    return pages.by_type(pages.page("missing.html", problem, absent=absent, beside=beside))
