"""dynalite, another player of DynamoDB than moto, by other people and in Node: what both understand is no quirk."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.commands import ROOT

SERVE = """
const server = require("dynalite")({createTableMs: 0})
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`))
"""


@contextmanager
def dynalite() -> Iterator[str]:
    """Run it, with nothing in it, and yield its URL."""
    command = ["node", "-e", SERVE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip() if server.stdout else ""
        finally:
            server.terminate()
