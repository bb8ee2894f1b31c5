"""The line that the log has for each invocation."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from tests.rig import Context, age_all_comics
from tools.stand_in import StandIn

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[dict[str, Any]]]:
    """The lines since the last call: each with its message and the fields that the JSON format would show."""
    caplog.set_level(logging.INFO, "app")

    def read() -> list[dict[str, Any]]:
        records = [record for record in caplog.records if record.name == "app"]
        caplog.clear()
        return [
            {"message": record.getMessage()} | {k: v for k, v in vars(record).items() if k not in STANDARD}
            for record in records
        ]

    return read


def untimed(line: dict[str, Any]) -> dict[str, Any]:
    """The line without its milliseconds, which are numbers."""
    assert all(isinstance(line[name], float) and line[name] >= 0 for name in line if name.endswith("_ms"))
    return {name: value for name, value in line.items() if not name.endswith("_ms")}


def test_a_gathering_is_one_line_that_says_what_became_of_each_comic(
    client: FlaskClient, xkcd: StandIn, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client.get("/comics?n=1,2")
    lines()
    xkcd.faults[4] = "html"
    xkcd.passing_faults = ["cut-in-head"]
    answer = client.get("/comics?n=1-5,404")
    (line,) = lines()
    assert {"total_ms", "cache_ms", "xkcd_ms"} <= line.keys()
    assert untimed(line) == {
        "message": "request",
        "path": "/comics",
        "method": "GET",
        "status": 200,
        "request_id": answer.headers["X-Request-Id"],
        "requested": 6,
        "from_memory": 2,
        "from_archive": 0,
        "from_table": 0,
        "from_xkcd": 2,
        "failed": 2,
        "stale": 0,
        "retried": 1,
        "hedged": 0,
        "reasons": {"invalid": 1, "broken_off": 1},
        "cold_start": False,
    }


def test_what_comes_from_the_archive_is_counted(
    make_app: Callable[..., XkcdGather], whole_archive: Path, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    make_app(archive=str(whole_archive)).test_client().get("/comics?n=1,2")
    (line,) = lines()
    assert [line[f"from_{source}"] for source in ("memory", "archive", "table", "xkcd")] == [0, 2, 0, 0]


@pytest.mark.parametrize(
    ("path", "status", "requested", "failed"),
    [
        ("/atom.xml", 200, 25, 1),
        ("/rss.xml?latest=5", 200, 5, 0),
        ("/feed.json", 200, 25, 1),
        ("/oembed?url=https://xkcd.com/614/", 200, 1, 0),
        ("/oembed?url=https://xkcd.com/2650/", 502, 1, 1),
    ],
)
def test_the_gathering_of_a_feed_or_for_a_page_that_embeds_is_counted_too(
    client: FlaskClient,
    xkcd: StandIn,
    lines: Callable[[], list[dict[str, Any]]],
    path: str,
    status: int,
    requested: int,
    failed: int,
) -> None:
    xkcd.faults[2650] = "html"
    client.get(path)
    (line,) = lines()
    shown = (line["path"], line["status"], line["requested"], line["failed"])
    assert shown == (path.partition("?")[0], status, requested, failed)


def test_a_hundred_comics_are_one_line_all_the_same(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    client.get("/comics?n=1-100")
    assert caplog.messages == ["request"]


def test_the_first_invocation_of_a_process_is_a_cold_start(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    for _ in range(2):
        client.get("/health")
    assert [line["cold_start"] for line in lines()] == [True, False]


def test_what_is_served_old_is_counted(
    client: FlaskClient, xkcd: StandIn, lines: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    age_all_comics(monkeypatch)
    client.get("/comics?n=1,2")
    xkcd.faults[1] = "html"
    client.get("/comics?n=1,2")
    line = lines()[-1]
    assert (line["stale"], line["from_memory"], line["from_xkcd"], line["failed"]) == (1, 1, 1, 0)


@pytest.mark.parametrize(
    ("path", "rule", "status"),
    [("/comics/x", "/comics/<num>", 400), ("/health", "/health", 200), ("/a%0Ab", None, 404), ("/docs", "/docs", 200)],
)
def test_a_request_without_a_gathering_is_a_line_too_without_a_word_of_the_callers(
    client: FlaskClient, lines: Callable[[], list[dict[str, Any]]], path: str, rule: str | None, status: int
) -> None:
    answer = client.get(path, headers={"User-Agent": "a\tb"})
    (line,) = lines()
    assert untimed(line) == {
        "message": "request",
        "path": rule,
        "method": "GET",
        "status": status,
        "request_id": answer.headers["X-Request-Id"],
        "cold_start": True,
    }


def test_a_method_that_is_none_is_not_repeated(client: FlaskClient, lines: Callable[[], list[dict[str, Any]]]) -> None:
    client.open("/health", method="BREW")
    assert lines()[0]["method"] == "other"


def test_a_ping_is_one_line_with_its_report(app: XkcdGather, lines: Callable[[], list[dict[str, Any]]]) -> None:
    report = app.ping(Context())
    assert lines() == [{"message": "ping", **report, "cold_start": True}]


def test_a_fault_of_our_own_is_logged_with_a_path_that_cannot_forge_a_line(
    app: XkcdGather, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(name: str) -> str:
        raise LookupError(name)

    app.add_url_rule("/broken/<name>", view_func=broken)
    app.test_client().get("/broken/a%0Ab")
    assert [record.getMessage() for record in caplog.records] == [r"Exception on '/broken/a\nb' [GET]"]
