"""Parts that several test files are built with."""

import json
import time
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from app.caches.archive import Archive
from app.caches.bounded import Table
from app.caches.layers import Caches
from app.comics.found import Found
from app.comics.selection import Listed, Selection
from app.connections.connection_pool import ConnectionPool
from app.gathering.gathered import Gathered
from app.gathering.gatherer import Gatherer
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.polite_xkcd import PoliteXkcd
from app.upstream.transport import KeepAliveTransport
from app.upstream.xkcd import Xkcd
from tests.commands import ROOT
from tests.records import Clock
from tools.stand_in import StandIn

GATEWAY = "abc123.execute-api.eu-central-1.amazonaws.com"
"""The host of an API at API Gateway."""


class Rig:
    """A gatherer over the stand-in, on an event loop of its own, with a clock to set. Close it after use."""

    def __init__(
        self,
        xkcd: StandIn,
        *,
        client: type[Xkcd] = Xkcd,
        hedge: bool = False,
        floor: int = 0,
        attempt_timeout: float = 3.0,
        comics_in_memory: int = 100,
        table: Table | None = None,
        archive: Archive | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.loop = EventLoop()
        self.close = self.loop.close
        self.caches = Caches(comics_in_memory, table, self.clock, floor, monotonic=self.clock, archive=archive)
        if archive is not None:
            self.loop.on_close(archive.aclose)
        transport = KeepAliveTransport(ConnectionPool(xkcd.url, None))
        self.loop.on_close(transport.aclose)
        made = client(Settings(xkcd_url=xkcd.url, attempt_timeout=attempt_timeout), transport)
        polite = PoliteXkcd(made, self.clock, hedge)
        self.gatherer = Gatherer(polite, self.caches, floor, self.clock, Random(614))

    def gather(self, *what: Selection | int, seconds: float = 8.0) -> Gathered:
        """Gather a selection, or the comics with these numbers."""
        numbers = tuple(each for each in what if isinstance(each, int))
        (selection,) = [Listed(numbers)] if numbers else [each for each in what if not isinstance(each, int)]
        return self.loop.run(self.gatherer.gather(selection, time.monotonic() + seconds))

    def fetch_latest(self) -> int:
        """Ask xkcd for the latest number."""
        return self.loop.run(self.gatherer.fetch_latest(time.monotonic() + 8.0))

    def connect(self, count: int, seconds: float = 8.0) -> None:
        """Open connections until that many are idle."""
        self.loop.run(self.gatherer.connect(count, time.monotonic() + seconds))


class Context:
    """Lambda's context object, as far as it is used."""

    def __init__(self, seconds: float = 29.0, request_id: str | None = None) -> None:
        self._milliseconds = int(seconds * 1000)
        self.aws_request_id = request_id

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def age_all_comics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every comic old, however lately it was fetched."""
    monkeypatch.setattr(Found, "fresh_until", property(lambda found: found.fetched_at - 1.0))


def event(name: str) -> dict[str, Any]:
    """The event in that file of events/."""
    document: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text())
    return document


def through(host: str, path: str, query: str = "") -> dict[str, Any]:
    """A request that came by that host."""
    context = {"http": {"method": "GET"}, "stage": "$default", "requestId": "JKJaXmPLvHcESHA="}
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"Host": host},
        "requestContext": context,
    }


def nums(comics: Iterable[Found] | Iterable[dict[str, Any]]) -> list[int]:
    """The numbers of comics, as they were found or as JSON."""
    return [comic.comic.num if isinstance(comic, Found) else comic["num"] for comic in comics]
