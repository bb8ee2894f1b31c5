"""Flask's async views with a new httpx client for each request, as in most articles.

The client cannot live longer, because Flask runs each async view in an event loop of its own.
"""

import asyncio
from typing import Any

import flask
import httpx
import serverless_wsgi

from bench.ways.addresses import addresses

app = flask.Flask(__name__)


@app.get("/comics")
async def comics() -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=10) as client:
        responses = await asyncio.gather(*(client.get(url) for url in addresses(flask.request.args["n"])))
    return {"comics": [response.json() for response in responses]}


def handler(event: dict[str, Any], context: object) -> Any:
    """Lambda's entry."""
    return serverless_wsgi.handle_request(app, event, context)
