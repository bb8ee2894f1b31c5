"""The processes around one front of the service, and what the weather can do to them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tools.serverless_yml import variable
from tools.soak.remote import Remote
from tools.soak.resolver import NAME
from tools.soak.xkcd import FIRST_LATEST
from tools.stand_in import records

SETTINGS = {
    "CONNECT_AT_START": variable("CONNECT_AT_START"),
    "COMICS_IN_MEMORY": "1000",
    "FILL_AT_MOST": "10",
    "ARCHIVE": "",
}
"""The service's: memory is too small for all comics, a ping is short, and no archive keeps xkcd out of it."""


class World:
    """xkcd, a table and the service. `latest` is the latest comic's number.

    `learnt` is what it was when the clocks were last moved on: the service has learnt no older one since.
    """

    def __init__(self, xkcd: Remote, table: Remote, worker: Remote) -> None:
        self.xkcd = xkcd
        self.table = table
        self.worker = worker
        self.latest = self.learnt = FIRST_LATEST

    def publish(self) -> None:
        """Let xkcd publish a comic."""
        self.latest = min(self.latest + 1, max(records()))  # before the service can know it
        self.xkcd.call("publish", self.latest)

    def advance(self, seconds: float) -> None:
        """Let that much time pass for the service: more than five minutes, so that it learns the latest number anew."""
        self.learnt = self.latest
        self.worker.call("advance", seconds)

    def clear(self) -> None:
        """Let the sky be clear again."""
        for process in (self.xkcd, self.table, self.worker):
            process.resume()
        self.xkcd.call("clear")
        self.table.call("clear")
        self.worker.call("resolve", "works")


@contextmanager
def world() -> Iterator[World]:
    """Start the processes, and kill them at the end."""
    with ExitStack() as stack:
        xkcd = stack.enter_context(Remote("tools.soak.xkcd"))
        table = stack.enter_context(Remote("tools.soak.table"))
        url = f"http://{NAME}:{xkcd.call('port')}"
        environ = {
            "XKCD_URL": url,
            "IMAGES_URL": url,
            "XKCD_FLOOR": str(FIRST_LATEST),
            **table.call("environ"),
            **SETTINGS,
        }
        yield World(xkcd, table, stack.enter_context(Remote("tools.soak.worker", environ)))
