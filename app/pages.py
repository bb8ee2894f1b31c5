"""The HTML pages: the gallery, and the documentation made from the contract."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

from app import documentation, http_caching, problems, query, responses
from app.envelope import LICENSE
from app.errors import GatherError
from app.gatherer import Gatherer
from app.problems import Problem
from app.routes import deadline, parameters
from app.settings import Settings

CONTRACT = Path(__file__).with_name("openapi.json")


def blueprint(gatherer: Gatherer, settings: Settings) -> Blueprint:
    """The pages, showing what is gathered with what they are given, and the contract itself."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    async def gallery() -> Response:
        chosen = query.parse(parameters())
        gathered = await gatherer.gather(chosen, deadline(settings))
        failures = [problems.of_failure(failure) for failure in gathered.failures]
        if failures and not gathered.comics:
            problem = problems.of_failures(gathered.failures, gathered.latest)
            return responses.timed(_trouble(problem, gathered=gathered, failures=failures), gathered)
        return responses.kept(_gallery(200, gathered=gathered, failures=failures), chosen, (), gathered)

    @pages.get("/comic")
    def comic() -> AnyResponse:
        return redirect(url_for("pages.gallery", random=1))

    @pages.get("/docs")
    def docs() -> Response:
        contract = _contract()
        shown = {"contract": contract, "sections": list(documentation.sections(contract)), "license": LICENSE}
        return _lasting(render_template("docs.html", root=request.script_root, **shown), "text/html")

    @pages.get("/openapi.json")
    def openapi() -> Response:
        return _lasting(CONTRACT.read_text(), "application/json")

    pages.add_app_template_filter(_with_code, "with_code")

    @pages.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        problem = problems.of_error(error)
        return _trouble(problem, failures=[problem])

    return pages


def _with_code(text: str) -> Markup:
    """The text as HTML, with what stands between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


@cache
def _contract() -> dict[str, Any]:
    contract: dict[str, Any] = json.loads(CONTRACT.read_text())
    return contract


def _gallery(status: int, **shown: object) -> Response:
    return Response(render_template("gallery.html", license=LICENSE, **shown), status, mimetype="text/html")


def _trouble(problem: Problem, **shown: object) -> Response:
    return responses.patient(_gallery(problem.status, **shown), problem)


def _lasting(text: str, mimetype: str) -> Response:
    """What changes with a deployment only."""
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = http_caching.FOR_FIVE_MINUTES
    response.set_etag(http_caching.etag_of(text), weak=True)
    return response
