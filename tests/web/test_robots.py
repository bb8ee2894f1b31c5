"""What crawlers are asked to leave out, as Python's own reader of robots.txt takes it."""

from collections.abc import Callable
from urllib.robotparser import RobotFileParser

import pytest
from flask.testing import FlaskClient

import handler
from app.application import XkcdGather
from tests.rig import GATEWAY, Context, through


def may_fetch(text: str, path: str) -> bool:
    rules = RobotFileParser()
    rules.parse(text.splitlines())
    return rules.can_fetch("AnyBot", f"https://{GATEWAY}{path}")


DEAR = [
    "/?random=5",
    "/?n=614",
    "/archive.ndjson",
    "/comic",
    "/comics",
    "/comics/614",
    "/comics?n=1-100",
    "/comics/614/image",
    "/info.0.json",
    "/oembed?url=https://xkcd.com/614/",
    "/today",
]
CHEAP = ["/", "/archive", "/docs", "/openapi.json", "/atom.xml", "/rss.xml", "/feed.json"]


@pytest.mark.parametrize("path", DEAR)
def test_paths_that_cost_requests_to_xkcd_are_left_out(client: FlaskClient, path: str) -> None:
    assert not may_fetch(client.get("/robots.txt").text, path)


@pytest.mark.parametrize("path", CHEAP)
def test_pages_and_feeds_are_not(client: FlaskClient, path: str) -> None:
    assert may_fetch(client.get("/robots.txt").text, path)


def test_xkcds_records_are_left_out_by_a_pattern_of_rfc_9309(client: FlaskClient) -> None:
    """Python's reader knows none."""
    assert "Disallow: /*/info.0.json" in client.get("/robots.txt").text.splitlines()


def test_below_a_base_path_the_rules_are_about_that(
    make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "app", make_app(base_path="fun/xkcd"))
    text = handler.handler(through(GATEWAY, "/fun/xkcd/robots.txt"), Context())["body"]
    assert [may_fetch(text, path) for path in ("/fun/xkcd/comics", "/comics", "/fun/xkcd/docs")] == [False, True, True]
    bare = handler.handler(through(GATEWAY, "/robots.txt"), Context())["body"]
    assert [may_fetch(bare, path) for path in ("/fun/xkcd/comics", "/comics")] == [True, False]


def test_a_crawler_may_keep_it_for_a_day(client: FlaskClient) -> None:
    answer = client.get("/robots.txt")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert "max-age=86400," in answer.headers["Cache-Control"]
    assert client.get("/robots.txt", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
