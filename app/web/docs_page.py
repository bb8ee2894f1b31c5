"""The contract, and the page that documents it."""

import re

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup, escape

from app.web import contract, http_caching
from app.web.about import lasting


def blueprint() -> Blueprint:
    """The paths /docs and /openapi.json."""
    paths = Blueprint("docs", __name__)

    @paths.get("/docs")
    def page() -> Response:
        document = contract.contract()
        shown = {"contract": document, "sections": list(contract.sections(document))}
        text = render_template("docs.html", root=request.script_root, **shown)
        return lasting(text, "text/html", http_caching.FOR_FIVE_MINUTES)

    @paths.get("/openapi.json")
    def openapi() -> Response:
        return lasting(contract.text(), "application/json", http_caching.FOR_FIVE_MINUTES)

    paths.add_app_template_filter(_with_code, "with_code")
    return paths


def _with_code(text: str) -> Markup:
    """The text as HTML, with text between backticks as code."""
    return Markup(re.sub("`([^`]*)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
