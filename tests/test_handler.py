"""The Lambda handler, from event to answer."""

import json
from pathlib import Path
from typing import Any

import pytest

import handler
from app import XkcdGather
from app.errors import BadEvent
from app.gatherer import Gatherer
from tools.stand_in import StandIn

EVENTS = Path(__file__).parent.parent / "events"


class Context:
    """Lambda's context object, as far as it is used."""

    def __init__(self, seconds: float = 29.0) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@pytest.fixture(autouse=True)
def handlers_app(app: XkcdGather, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "app", app)


def event(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return document


def test_a_request_gets_one_answer_with_all_comics() -> None:
    answer = handler.handler(event("comics"), Context())
    body = json.loads(answer["body"])
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert answer["headers"]["Content-Type"] == "application/json"
    assert [comic["num"] for comic in body["comics"]] == [614, 353, 327, 149, 1053]
    assert [failure["num"] for failure in body["failures"]] == [404]


def test_a_request_of_payload_1_gets_its_answer() -> None:
    assert json.loads(handler.handler(event("rest"), Context())["body"])["num"] == 2665


def test_the_empty_event_is_five_random_comics() -> None:
    assert len(json.loads(handler.handler({}, None)["body"])["comics"]) == 5


def test_the_short_form_is_a_request_for_its_path() -> None:
    answer = handler.handler({"path": "/comics?n=1-3&n=614"}, Context())
    assert [comic["num"] for comic in json.loads(answer["body"])["comics"]] == [1, 2, 3, 614]


@pytest.mark.parametrize("path", ["//[x", "//example.org/comics", "/comics/"])
def test_a_short_form_with_an_odd_path_is_a_wrong_path_here_and_nowhere_else(path: str) -> None:
    assert handler.handler({"path": path}, Context())["statusCode"] == 404


def test_a_problem_leaves_as_text() -> None:
    answer = handler.handler({"path": "/comics?n=abc"}, Context())
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (400, False)
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"])["title"] == "Bad request"


def test_a_problem_to_payload_1_leaves_as_text_too() -> None:
    answer = handler.handler({**event("rest"), "path": "/nowhere"}, Context())
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (404, False)


def test_the_invocations_end_is_a_deadline(xkcd: StandIn) -> None:
    xkcd.faults[614] = "silence"
    answer = handler.handler({"path": "/comics?n=1,614"}, Context(seconds=0.9))
    body = json.loads(answer["body"])
    assert ([comic["num"] for comic in body["comics"]], body["failures"][0]["status"]) == ([1], 504)


def test_an_invocation_about_to_end_answers_at_once(xkcd: StandIn) -> None:
    assert handler.handler({"path": "/comics?n=1,614"}, Context(seconds=0.2))["statusCode"] == 504
    assert xkcd.asked == {}


@pytest.mark.parametrize("name", ["ping", "scheduler", "warmup"])
def test_a_ping_learns_the_newest_and_opens_connections(xkcd: StandIn, name: str) -> None:
    report = handler.handler(event(name), Context())
    assert isinstance(report.pop("milliseconds"), int)
    assert report == {"latest": 2665, "gathered": 0, "failed": 0, "missing": None, "problem": None}
    assert xkcd.wait_until(lambda: xkcd.connections == 5)
    assert xkcd.asked == {"/info.0.json": 1}
    handler.handler({"path": "/comics?latest=5"}, Context())
    assert (sum(xkcd.asked.values()), xkcd.connections) == (5, 5)


def test_a_ping_in_bad_weather_reports_it(xkcd: StandIn) -> None:
    xkcd.faults[0] = "html"
    report = handler.handler(event("ping"), Context())
    assert (report["latest"], report["problem"]) == (None, "xkcd's answer for the newest comic is not JSON.")


def test_a_ping_never_raises(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(self: Gatherer, deadline: float) -> int:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(Gatherer, "renew_newest", fail)
    report = handler.handler(event("ping"), None)
    assert (report["latest"], report["problem"]) == (None, "The fault is ours: LookupError")
    assert [record.getMessage() for record in caplog.records] == ["A ping failed"]


def test_what_is_neither_is_refused_with_what_is_accepted() -> None:
    with pytest.raises(BadEvent, match=r"^This event has the keys 'Records'\. Accepted are an API Gateway request"):
        handler.handler({"Records": []}, Context())
