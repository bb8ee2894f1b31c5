"""The HTML pages of many comics."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from random import getrandbits
from typing import TypeVar

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.clock import Clock
from app.comics import image
from app.comics.comic import LICENSE
from app.comics.search import Search
from app.comics.selection import MOST, Latest, Randomly, Selection
from app.errors import GatherError
from app.gathering.gathered import Failure, Gathered
from app.gathering.gatherer import Gatherer
from app.gathering.searcher import Searched, Searcher
from app.settings import Settings
from app.web import (
    about,
    contract,
    http_caching,
    inlined,
    overview,
    problems,
    query,
    responses,
    search,
    search_parameters,
)
from app.web.overview import Overview
from app.web.problems import Problem
from app.web.request import deadline, parameters
from app.web.timeline import timeline

R = TypeVar("R", bound=AnyResponse)


def blueprint(gatherer: Gatherer, searcher: Searcher, settings: Settings, clock: Clock) -> Blueprint:
    """The gallery, and the comic of the day, which `clock` decides."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    async def gallery() -> AnyResponse:
        if _prefers_json():
            # Not cacheable: a cache that ignores Vary would show it to browsers.
            return by_type(about.index(contract.index(contract.contract())))
        if "q" in request.args and search_parameters.is_search(parameters()):
            sought = search_parameters.parse(parameters())
            return by_type(_results(sought, await searcher.search(sought, deadline(settings))))
        chosen, view, until = query.parse(parameters()), overview.parse_view(parameters()), deadline(settings)
        if not chosen.repeatable:
            # So the address names the comics, and shows them again after "back" and to others.
            return by_type(redirect(_gallery_of(await drawn(gatherer, chosen.most, until), view)))
        gathered = await gatherer.gather(chosen, until)
        highest = max((found.comic.num for found in gathered.comics), default=0)
        latest = gathered.latest or await gatherer.latest_near(highest + MOST, until)
        kept_like = chosen if latest is None else Latest(1)  # near the latest, the link to more changes with it
        return by_type(_gallery(kept_like, gathered, overview.arranged(chosen, gathered, view, latest)))

    @pages.get("/today")
    def today() -> AnyResponse:
        # A path of its own, because a cached page would link to yesterday's comic.
        date = datetime.fromtimestamp(clock(), UTC).date()
        return redirect(url_for("pages.gallery", random=1, seed=date.isoformat()))

    pages.add_app_template_filter(partial(image.shown, images_url=settings.images_url), "shown")
    pages.add_app_template_filter(problems.of_failure, "problem")
    pages.add_app_template_test(lambda outcome: isinstance(outcome, Failure), "failure")
    pages.add_app_template_global(inlined.text, "inlined")
    pages.add_app_template_global(inlined.data_uri, "data_uri")
    pages.app_context_processor(lambda: {"license": LICENSE})

    @pages.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        problem = problems.of_error(error)
        return by_type(page("problem.html", problem))

    return pages


async def drawn(gatherer: Gatherer, count: int, until: float) -> Sequence[int]:
    """The numbers of different comics at random. xkcd is asked only if no number is known to exist."""
    latest = await gatherer.known_latest(until) or await gatherer.fetch_latest(until)
    return Randomly(count).numbers(latest, getrandbits(64))


def unrouted(problem: Problem) -> Response:
    """The response to a request without a route: for browsers a page with a way back, for other clients a problem."""
    if prefers_html():
        return by_type(page("problem.html", problem))
    return by_type(responses.problem(problem))


def page(template: str, problem: Problem | None = None, **shown: object) -> Response:
    """The page, with the status and Retry-After of the problem if there is one."""
    response = Response(render_template(template, problem=problem, **shown), mimetype="text/html")
    if problem is not None:
        response.status_code = problem.status
        responses.with_retry_after(response, problem)
    return response


def prefers_html() -> bool:
    """Whether the client, such as a browser, prefers HTML to JSON. A client without a preference does not."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > max(accepted["application/json"], accepted["application/problem+json"])


def by_type(response: R) -> R:
    """The response, marked as dependent on the Accept header."""
    response.vary.add("Accept")
    return response


def _prefers_json() -> bool:
    """Whether the client prefers JSON to HTML. A client without a preference, such as curl, gets HTML."""
    return request.accept_mimetypes["application/json"] > request.accept_mimetypes["text/html"]


def _gallery(chosen: Selection, gathered: Gathered, shown: Overview) -> Response:
    is_vain = gathered.failures and not gathered.comics
    problem = problems.of_failures(gathered.failures, gathered.latest) if is_vain else None
    same, bars = _gallery_of(shown.numbers, None), timeline(gathered)
    response = page("gallery.html", problem, shown=shown, same=same, gathered=gathered, timeline=bars)
    if problem is not None:
        return responses.with_timing(response, gathered)
    fields = (shown.view, repr(shown.more), *http_caching.IMAGE_FIELDS)
    return responses.with_caching(response, chosen, fields, gathered)


def _results(sought: Search, searched: Searched) -> Response:
    gathered = searched.gathered
    problem = problems.of_failures(gathered.failures, gathered.latest) if searched.is_vain else None
    shown = {"search": search.about(sought, searched), "next_page": search.next_page(sought, searched)}
    response = page("search.html", problem, matches=searched.matches, gathered=gathered, **shown)
    return search.with_caching(response, sought, http_caching.IMAGE_FIELDS, searched)


def _gallery_of(numbers: Sequence[int], view: str | None) -> str:
    """The address of the gallery with these comics, now and whenever. So the page behind it is cacheable."""
    return url_for("pages.gallery", n=",".join(map(str, numbers)) or None, view=view).replace("%2C", ",")
