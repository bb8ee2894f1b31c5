"""The HTML gallery."""

from flask import Blueprint, Response, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import problems, responses, selection
from app.errors import GatherError
from app.gatherer import Gatherer
from app.routes import deadline, query
from app.settings import Settings


def blueprint(gatherer: Gatherer, settings: Settings) -> Blueprint:
    """The pages, showing what is gathered with what they are given."""
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    async def gallery() -> Response:
        gathered = await gatherer.gather(selection.parse(query()), deadline(settings))
        failures = [problems.of_failure(failure) for failure in gathered.failures]
        status = 200
        if failures and not gathered.comics:
            status = problems.of_failures(gathered.failures, gathered.latest).status
        return responses.timed(_page(status, gathered=gathered, failures=failures), gathered)

    @pages.get("/comic")
    def comic() -> AnyResponse:
        return redirect(url_for("pages.gallery", random=1))

    @pages.errorhandler(GatherError)
    def failed(error: GatherError) -> Response:
        problem = problems.of_error(error)
        return _page(problem.status, failures=[problem])

    return pages


def _page(status: int, **shown: object) -> Response:
    return Response(render_template("gallery.html", license=responses.LICENSE, **shown), status, mimetype="text/html")
