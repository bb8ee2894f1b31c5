"""Flask with one httpx client that lasts, on an event loop that lasts in a thread of its own.

This is the usual answer to "Event loop is closed". httpcore's pool keeps twenty connections open between invocations.
If it kept a hundred, a hundred comics would take several times as long.
"""

import asyncio
import threading
from typing import Any

import flask
import httpx
import serverless_wsgi

from bench.ways.addresses import addresses

app = flask.Flask(__name__)
loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_forever, daemon=True).start()
client = httpx.AsyncClient(timeout=10)  # by default a hundred connections, of which twenty are kept


async def gather(urls: list[str]) -> list[Any]:
    """All of them at once."""
    return [response.json() for response in await asyncio.gather(*map(client.get, urls))]


@app.get("/comics")
def comics() -> dict[str, Any]:
    gathering = gather(addresses(flask.request.args["n"]))
    return {"comics": asyncio.run_coroutine_threadsafe(gathering, loop).result()}


def handler(event: dict[str, Any], context: object) -> Any:
    """Lambda's entry."""
    return serverless_wsgi.handle_request(app, event, context)
