"""Flask with `requests` in a lasting pool of threads: concurrency without async.

The threads share the session and its pool of connections.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import flask
import requests
import serverless_wsgi
from requests.adapters import HTTPAdapter

from bench.ways.addresses import addresses

app = flask.Flask(__name__)
threads = ThreadPoolExecutor(max_workers=100)
session = requests.Session()
for scheme in ("http://", "https://"):
    session.mount(scheme, HTTPAdapter(pool_maxsize=100))


def comic(url: str) -> Any:
    """One comic's record."""
    return session.get(url, timeout=10).json()


@app.get("/comics")
def comics() -> dict[str, Any]:
    return {"comics": list(threads.map(comic, addresses(flask.request.args["n"])))}


def handler(event: dict[str, Any], context: object) -> Any:
    """Lambda's entry."""
    return serverless_wsgi.handle_request(app, event, context)
