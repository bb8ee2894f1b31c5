"""The contract, and the page that documents it."""

import re

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from app.web import contract, http_caching


def blueprint() -> Blueprint:
    """The paths /docs and /openapi.json."""
    paths = Blueprint("docs", __name__)

    @paths.get("/docs")
    def page() -> Response:
        document = contract.contract()
        shown = {"contract": document, "sections": list(contract.sections(document))}
        return _lasting(render_template("docs.html", root=request.script_root, **shown), "text/html")

    @paths.get("/openapi.json")
    def openapi() -> Response:
        return _lasting(contract.text(), "application/json")

    paths.add_app_template_filter(_with_code, "with_code")
    return paths


def _with_code(text: str) -> Markup:
    """The text as HTML, with text between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before


def _lasting(text: str, mimetype: str) -> Response:
    """A response that changes only with a deployment."""
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = http_caching.FOR_FIVE_MINUTES
    response.set_etag(http_caching.etag_of(text))
    return response
