"""Flask with `requests`, one comic after the other, as in most examples."""

from typing import Any

import flask
import requests
import serverless_wsgi

from bench.ways.addresses import addresses

app = flask.Flask(__name__)


@app.get("/comics")
def comics() -> dict[str, Any]:
    return {"comics": [requests.get(url, timeout=10).json() for url in addresses(flask.request.args["n"])]}


def handler(event: dict[str, Any], context: object) -> Any:
    """Lambda's entry."""
    return serverless_wsgi.handle_request(app, event, context)
