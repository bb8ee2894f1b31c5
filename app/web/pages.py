"""The HTML pages, and the contract itself."""

import re
from datetime import UTC, datetime
from functools import partial

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from app.clock import Clock
from app.comics import image
from app.comics.comic import LICENSE
from app.errors import GatherError
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.web import contract, http_caching, inlined, problems, query, responses
from app.web.fields import FIELDS
from app.web.problems import Problem
from app.web.request import deadline, parameters
from app.web.timeline import timeline


def blueprint(gatherer: Gatherer, settings: Settings, clock: Clock) -> Blueprint:
    """The gallery, the documentation and the contract. `clock` decides the comic of the day."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    async def gallery() -> Response:
        if _prefers_json():
            # Not cacheable: a cache that ignores Vary would show it to browsers.
            return by_type(responses.index(contract.index(contract.contract())))
        chosen = query.parse(parameters())
        gathered = await gatherer.gather(chosen, deadline(settings))
        failures = [problems.of_failure(failure) for failure in gathered.failures]
        if failures and not gathered.comics:
            problem = problems.of_failures(gathered.failures, gathered.latest)
            return responses.with_timing(_trouble(problem, failures=failures, **_gathering(gathered)), gathered)
        return responses.with_caching(
            _gallery(200, failures=failures, **_gathering(gathered)), chosen, FIELDS, gathered
        )

    @pages.get("/comic")
    def comic() -> AnyResponse:
        return redirect(url_for("pages.gallery", random=1))

    @pages.get("/today")
    def today() -> AnyResponse:
        # A path of its own, because a cached page would link to yesterday's comic.
        date = datetime.fromtimestamp(clock(), UTC).date()
        return redirect(url_for("pages.gallery", random=1, seed=date.isoformat()))

    @pages.get("/docs")
    def docs() -> Response:
        document = contract.contract()
        shown = {"contract": document, "sections": list(contract.sections(document)), "license": LICENSE}
        return _lasting(render_template("docs.html", root=request.script_root, **shown), "text/html")

    @pages.get("/openapi.json")
    def openapi() -> Response:
        return _lasting(contract.text(), "application/json")

    pages.add_app_template_filter(_with_code, "with_code")
    pages.add_app_template_filter(partial(image.shown, images_url=settings.images_url), "shown")
    pages.add_app_template_global(inlined.text, "inlined")
    pages.add_app_template_global(inlined.data_uri, "data_uri")

    @pages.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        problem = problems.of_error(error)
        return _trouble(problem, failures=[problem])

    return pages


def unrouted(problem: Problem) -> Response:
    """The response to a request without a route: for browsers a page with a way back, for other clients a problem."""
    if prefers_html():
        page = render_template("problem.html", problem=problem)
        return by_type(Response(page, problem.status, mimetype="text/html"))
    return by_type(responses.problem(problem))


def prefers_html() -> bool:
    """Whether the client, such as a browser, prefers HTML to JSON. A client without a preference does not."""
    accepted = request.accept_mimetypes
    return accepted["text/html"] > max(accepted["application/json"], accepted["application/problem+json"])


def _with_code(text: str) -> Markup:
    """The text as HTML, with text between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _prefers_json() -> bool:
    """Whether the client prefers JSON to HTML. A client without a preference, such as curl, gets HTML."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def by_type(response: Response) -> Response:
    """The response, marked as dependent on the Accept header."""
    response.vary.add("Accept")
    return response


def _gathering(gathered: Gathered) -> dict[str, object]:
    """What the page shows of a gathering: the time it took, and a permanent link to the same comics.

    The link has their numbers instead of a seed, as a new comic may change a seed's comics. So the page behind it is
    cacheable for a day.
    """
    numbers = [found.comic.num for found in gathered.comics] + [failure.num for failure in gathered.failures]
    same = url_for("pages.gallery", n=",".join(map(str, numbers))).replace("%2C", ",") if numbers else None
    return {"gathered": gathered, "timeline": timeline(gathered), "same": same}


def _gallery(status: int, **shown: object) -> Response:
    page = render_template("gallery.html", license=LICENSE, args=request.args, **shown)
    return by_type(Response(page, status, mimetype="text/html"))


def _trouble(problem: Problem, **shown: object) -> Response:
    return responses.with_retry_after(_gallery(problem.status, **shown), problem)


def _lasting(text: str, mimetype: str) -> Response:
    """A response that changes only with a deployment."""
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = http_caching.FOR_FIVE_MINUTES
    response.set_etag(http_caching.etag_of(text))
    return response
