"""The Lambda handler, from event to answer."""

import base64
import gzip
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

import handler
from app import pings
from app.application import XkcdGather
from app.errors import BadEvent
from app.gathering.gatherer import Gatherer
from tests.rig import GATEWAY, Context, event, through
from tools.faults import FAULTS, changed
from tools.serverless_yml import serverless
from tools.stand_in import StandIn


@pytest.fixture(autouse=True)
def handlers_app(app: XkcdGather, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "app", app)


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


@pytest.mark.parametrize(("scheme", "policy"), [("https", "max-age=31536000"), ("http", None)])
@pytest.mark.parametrize("name", ["comics", "rest"])
def test_only_a_request_that_came_by_https_is_told_to_do_so_from_now_on(
    name: str, scheme: str, policy: str | None
) -> None:
    answer = handler.handler({**event(name), "headers": {"X-Forwarded-Proto": scheme}}, Context())
    assert answer["headers"].get("Strict-Transport-Security") == policy


def test_what_is_packed_leaves_in_base64() -> None:
    answer = handler.handler({**event("comics"), "headers": {"accept-encoding": "gzip"}}, Context())
    assert (answer["isBase64Encoded"], answer["headers"]["Content-Encoding"]) == (True, "gzip")
    body = gzip.decompress(base64.b64decode(answer["body"]))
    assert len(json.loads(body)["comics"]) == 5


def test_what_is_known_already_leaves_without_a_body() -> None:
    first = handler.handler({"path": "/comics/614"}, Context())
    known = {**event("comics"), "rawPath": "/comics/614", "rawQueryString": ""}
    answer = handler.handler({**known, "headers": {"if-none-match": first["headers"]["ETag"]}}, Context())
    assert (answer["statusCode"], "body" in answer, "Content-Type" in answer["headers"]) == (304, False, False)


def test_a_preflight_of_payload_1_leaves_without_a_type_too() -> None:
    asked = {**event("rest"), "httpMethod": "OPTIONS", "path": "/comics", "multiValueHeaders": {"Origin": ["x"]}}
    answer = handler.handler(asked, Context())
    assert (answer["statusCode"], "Content-Type" in answer["multiValueHeaders"]) == (204, False)


@pytest.fixture
def base_path(make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch) -> None:
    """The service behind an API mapping of its custom domain to /fun/xkcd."""
    monkeypatch.setenv("API_GATEWAY_BASE_PATH", "fun/xkcd")
    monkeypatch.setattr(handler, "app", make_app(base_path="fun/xkcd"))


@pytest.mark.parametrize(
    ("host", "path", "nums"),
    [
        ("example.org", "/fun/xkcd/comics/1", [1]),
        ("example.org", "/fun/xkcd/2665/info.0.json", [2665]),
        ("example.org", "/fun/xkcd/comics/%36%31%34", [614]),
        (GATEWAY, "/614/info.0.json", [614]),
        (GATEWAY, "/comics/614", [614]),
    ],
)
def test_behind_a_base_path_what_follows_it_is_the_path(base_path: None, host: str, path: str, nums: list[int]) -> None:
    document = json.loads(handler.handler(through(host, path), Context())["body"])
    assert [comic["num"] for comic in document.get("comics", [document])] == nums


def test_behind_a_base_path_events_of_no_gateway_are_as_ever(base_path: None) -> None:
    assert len(json.loads(handler.handler({}, None)["body"])["comics"]) == 5
    assert json.loads(handler.handler({"path": "/comics/614"}, None)["body"])["num"] == 614


def test_behind_a_base_path_links_begin_with_it_and_elsewhere_not(base_path: None) -> None:
    for path, prefix in (("/fun/xkcd", "/fun/xkcd"), ("/fun/xkcd/", "/fun/xkcd"), ("/", "")):
        page = handler.handler(through("example.org", path, "n=1"), Context())["body"]
        assert f'<a href="{prefix}/docs">' in page
    for path, location in (("/fun/xkcd/comic", r"/fun/xkcd/\d+/"), ("/comic", r"/\d+/")):
        assert re.fullmatch(location, handler.handler(through(GATEWAY, path), Context())["headers"]["Location"])
    docs = handler.handler(through("example.org", "/fun/xkcd/docs"), Context())["body"]
    assert 'href="/fun/xkcd/comics/2347"' in docs


@pytest.mark.parametrize("path", ["/fun/xkcdd", "/fun", "/日", "/fun/xkcd/日", "/fun/xkcd/%FF"])
def test_behind_a_base_path_a_wrong_path_is_a_404_all_the_same(base_path: None, path: str) -> None:
    answer = handler.handler(through("example.org", path), Context())
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (404, 404)


def test_without_the_stage_in_them_links_are_right_behind_the_default_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = serverless()["provider"]["environment"]
    monkeypatch.setenv("STRIP_STAGE_PATH", variables["STRIP_STAGE_PATH"])
    answer = handler.handler(through(GATEWAY, "/614"), Context())
    assert (answer["headers"]["Location"], answer["headers"]["X-Request-Id"]) == ("/614/", "JKJaXmPLvHcESHA=")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/comics/%36%31%34", 200),
        ("/comics/614%2Fimage", 302),
        ("/comics/%D9%A3", 400),
        ("/comics/%FF", 400),
        ("/comics/614/", 308),
        ("/comics/614%2F", 308),
        ("/comics//614", 404),
        ("//comics/614", 200),
        ("/comics/..%2F..%2Fetc", 404),
        ("/comics/%0d%0aX:y", 400),
        ("/614/info.0.json/", 308),
        ("//evil.example/", 404),
    ],
)
def test_encoded_doubled_and_trailing_slashes_work_or_are_refused_clearly(path: str, status: int) -> None:
    answer = handler.handler(through("xkcd.example.org", path), Context())
    assert answer["statusCode"] == status
    if status >= 400:
        assert json.loads(answer["body"])["status"] == status


@pytest.mark.parametrize("path", ["//[x", "//example.org/comics", "//example.org/comics/"])
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
def test_a_ping_learns_the_latest_and_opens_connections(xkcd: StandIn, name: str) -> None:
    report = handler.handler(event(name), Context())
    assert isinstance(report.pop("milliseconds"), int)
    images = {"images": 0, "images_failed": 0, "images_left": None}
    assert report == {"latest": 2665, "gathered": 0, "failed": 0, "missing": None, **images, "problem": None}
    assert xkcd.wait_until(lambda: xkcd.connections == pings.CONNECTIONS)
    assert xkcd.asked == {"/info.0.json": 1}
    handler.handler({"path": "/comics?latest=5"}, Context())
    assert (sum(xkcd.asked.values()), xkcd.connections) == (5, pings.CONNECTIONS)


def test_the_next_ping_gets_the_latest_only_if_it_has_changed(xkcd: StandIn) -> None:
    reports = [handler.handler(event("ping"), Context()) for _ in range(2)]
    assert [report["latest"] for report in reports] == [2665, 2665]
    assert xkcd.last_headers["if-modified-since"] == "Mon, 29 Aug 2022 00:44:25 GMT"


def test_a_ping_in_bad_weather_reports_it(xkcd: StandIn) -> None:
    xkcd.faults[0] = "html"
    report = handler.handler(event("ping"), Context())
    assert (report["latest"], report["problem"]) == (None, "xkcd's answer for the latest comic is not JSON.")


def test_a_ping_never_raises(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(self: Gatherer, deadline: float) -> int:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(Gatherer, "fetch_latest", fail)
    report = handler.handler(event("ping"), None)
    assert (report["latest"], report["problem"]) == (None, "A bug of this service: LookupError")
    assert [record.getMessage() for record in caplog.records] == ["A ping failed"]


@pytest.mark.parametrize(
    "odd",
    [
        {"path": "/nowhere/\ud800"},
        {"path": "/comics?n=\ud800"},
        {**event("rest"), "requestContext": {"identity": None}},
        {**event("rest"), "requestContext": "none"},
        {**event("rest"), "isBase64Encoded": True, "body": "?"},
        {**event("rest"), "headers": ["a"], "multiValueHeaders": {"a": "b", "c": [1, "d"]}, "body": {}},
        {**event("comics"), "isBase64Encoded": True, "body": "?"},
        {**event("comics"), "cookies": [None], "rawQueryString": 5, "headers": {"a": 1}},
        {**event("comics"), "source": "aws.events"},
        {**event("comics"), "requestContext": {"http": {"method": "GET"}, "authorizer": "me", "requestId": 7}},
    ],
    ids=range(10),
)
def test_odd_events_are_answered_like_others(odd: dict[str, Any]) -> None:
    answer = handler.handler(odd, Context())
    assert answer["statusCode"] == {"/nowhere/\ud800": 404, "/comics?n=\ud800": 400}.get(odd.get("path", ""), 200)
    assert json.loads(answer["body"])


def test_an_answer_beyond_what_lambda_takes_is_a_problem_in_its_place(
    xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "large", changed(title="'" * 1_000_000))
    xkcd.faults |= dict.fromkeys(range(1, 8), "large")
    answer = handler.handler({"path": "/comics?n=1-7"}, Context())
    assert answer["statusCode"] == 502
    assert json.loads(answer["body"]) == {
        "status": 502,
        "title": "Answer too large",
        "detail": "These comics are too large for one answer: ask for fewer at a time.",
    }


def test_what_is_neither_is_refused_with_what_is_accepted() -> None:
    with pytest.raises(BadEvent, match=r"^This event has the keys 'Records'\. Accepted are an API Gateway request"):
        handler.handler({"Records": []}, Context())


@pytest.mark.parametrize(
    ("level", "ours", "others"),
    [
        pytest.param(logging.DEBUG, logging.DEBUG, logging.INFO, id="debug-is-for-our-loggers-alone"),
        pytest.param(logging.INFO, logging.INFO, logging.INFO, id="info-is-for-all"),
        pytest.param(logging.ERROR, logging.ERROR, logging.ERROR, id="error-is-for-all"),
    ],
)
def test_the_level_that_lambda_sets_is_for_our_loggers(
    level: int, ours: int, others: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.NOTSET, "app"), caplog.at_level(level):
        handler.keep_details_ours()
        levels = [logging.getLogger(name).getEffectiveLevel() for name in ("app.pings", "aiodynamo")]
    assert levels == [ours, others]
