"""The HTML pages: the gallery, and the documentation made from the contract."""

import json
import re
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from app.clock import Clock
from app.errors import GatherError
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.settings import Settings
from app.web import contract as documentation
from app.web import http_caching, inlined, problems, query, responses
from app.web.envelope import LICENSE
from app.web.problems import Problem
from app.web.routes import deadline, parameters
from app.web.timeline import timeline

CONTRACT = Path(__file__).with_name("openapi.json")


def blueprint(gatherer: Gatherer, settings: Settings, clock: Clock = time.time) -> Blueprint:
    """The pages, showing what is gathered with what they are given, and the contract itself.

    `clock` gives the seconds since 1970: the comic of the day goes by it.
    """
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    async def gallery() -> Response:
        if _prefers_json():
            # Not to be kept: a cache that overlooks Vary would show it to readers.
            return _by_type(responses.index(documentation.index(_contract())))
        chosen = query.parse(parameters())
        gathered = await gatherer.gather(chosen, deadline(settings))
        failures = [problems.of_failure(failure) for failure in gathered.failures]
        if failures and not gathered.comics:
            problem = problems.of_failures(gathered.failures, gathered.latest)
            return responses.timed(_trouble(problem, failures=failures, **_gathering(gathered)), gathered)
        return responses.kept(_gallery(200, failures=failures, **_gathering(gathered)), chosen, (), gathered)

    @pages.get("/comic")
    def comic() -> AnyResponse:
        return redirect(url_for("pages.gallery", random=1))

    @pages.get("/today")
    def today() -> AnyResponse:
        # A path of its own: in a page that others keep for a day, today's date would be yesterday's.
        date = datetime.fromtimestamp(clock(), UTC).date()
        return redirect(url_for("pages.gallery", random=1, seed=date.isoformat()))

    @pages.get("/docs")
    def docs() -> Response:
        contract = _contract()
        shown = {"contract": contract, "sections": list(documentation.sections(contract)), "license": LICENSE}
        return _lasting(render_template("docs.html", root=request.script_root, **shown), "text/html")

    @pages.get("/openapi.json")
    def openapi() -> Response:
        return _lasting(_contract_text(), "application/json")

    pages.add_app_template_filter(_with_code, "with_code")
    pages.add_app_template_global(inlined.text, "inlined")
    pages.add_app_template_global(inlined.data_uri, "data_uri")

    @pages.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        problem = problems.of_error(error)
        return _trouble(problem, failures=[problem])

    return pages


def unrouted(problem: Problem) -> Response:
    """The answer to a request that no route answered: a page with a way back for browsers, else the problem."""
    accepted = request.accept_mimetypes
    if accepted["text/html"] > max(accepted["application/json"], accepted["application/problem+json"]):
        page = render_template("problem.html", problem=problem)
        return _by_type(Response(page, problem.status, mimetype="text/html"))
    return _by_type(responses.problem(problem))


def _with_code(text: str) -> Markup:
    """The text as HTML, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


@cache
def _contract_text() -> str:
    return CONTRACT.read_text()


@cache
def _contract() -> dict[str, Any]:
    contract: dict[str, Any] = json.loads(_contract_text())
    return contract


def _prefers_json() -> bool:
    """Whether the request would rather have JSON than a page; who does not say, as curl, gets the page."""
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def _by_type(response: Response) -> Response:
    """The response, marked as one of those that depend on what the request accepts."""
    response.vary.add("Accept")
    return response


def _gathering(gathered: Gathered) -> dict[str, object]:
    """What the page shows of a gathering: its time, and the link that shows the same comics again.

    That link has their numbers, not a seed: a new comic may change what a seed gives, but not what numbers give. So the
    page behind it may be kept for a day, and there is such a link for every selection, not for random ones only.
    """
    numbers = [found.comic.num for found in gathered.comics] + [failure.num for failure in gathered.failures]
    same = url_for("pages.gallery", n=",".join(map(str, numbers))).replace("%2C", ",") if numbers else None
    return {"gathered": gathered, "timeline": timeline(gathered), "same": same}


def _gallery(status: int, **shown: object) -> Response:
    page = render_template("gallery.html", license=LICENSE, asked=request.args, **shown)
    return _by_type(Response(page, status, mimetype="text/html"))


def _trouble(problem: Problem, **shown: object) -> Response:
    return responses.patient(_gallery(problem.status, **shown), problem)


def _lasting(text: str, mimetype: str) -> Response:
    """What changes with a deployment only."""
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = http_caching.FOR_FIVE_MINUTES
    response.set_etag(http_caching.etag_of(text))
    return response
