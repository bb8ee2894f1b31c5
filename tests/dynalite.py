"""dynalite, another player of DynamoDB than moto, by other people and in Node: what both understand is no quirk."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from werkzeug import Response

from tests.commands import ROOT
from tools.table import Player

SERVE = """
const server = require("dynalite")({createTableMs: 0})
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`))
"""


@contextmanager
def dynalite() -> Iterator[Player]:
    """Run it, with nothing in it."""
    command = ["node", "-e", SERVE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip() if server.stdout else ""

        def answer(headers: dict[str, str], body: str) -> Response:
            passed_on = {name: value for name, value in headers.items() if name not in ("Host", "Content-Length")}
            answered = requests.post(url, headers=passed_on, data=body, timeout=10)
            return Response(answered.content, answered.status_code, mimetype=answered.headers["Content-Type"])

        try:
            yield answer
        finally:
            server.terminate()
