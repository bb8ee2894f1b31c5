"""What the function is invoked with."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app.errors import BadEvent
from app.runtime.events import HttpRequest, Ping, deadline, host, read
from tests.commands import ROOT
from tests.rig import Context

EVENTS = ROOT / "events"


def payload_2(**fields: Any) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/comics",
        "rawQueryString": "n=1",
        "headers": {"host": "xkcd-gather.example"},
        "requestContext": {"http": {"method": "GET"}, "authorizer": {}},
        **fields,
    }


@pytest.mark.parametrize("source", ["aws.events", "aws.scheduler", "serverless-plugin-warmup"])
def test_a_scheduled_event_is_a_ping(source: str) -> None:
    assert read({"source": source, "detail": {}}) == Ping(source)


def test_what_came_through_the_gateway_is_no_ping_whatever_it_says() -> None:
    assert read(payload_2(source="aws.events")) == HttpRequest(payload_2())


@pytest.mark.parametrize("missing", ["rawQueryString", "headers"])
def test_a_request_without_what_it_need_not_have_is_completed(missing: str) -> None:
    whole = payload_2(rawQueryString="", headers={})
    partial = {name: value for name, value in whole.items() if name != missing}
    assert read(partial) == read({**partial, missing: None}) == HttpRequest(whole)


def test_only_what_is_needed_of_an_event_is_taken_and_only_if_it_is_text() -> None:
    http = {"method": "GET", "sourceIp": "203.0.113.7"}
    event = payload_2(
        headers={"host": "xkcd-gather.example", "x": 1, "y": "\ud800"},
        requestContext={"http": http, "authorizer": None, "requestId": "JKJ=", "stage": 5, "accountId": "1"},
        body="?",
        cookies=[None],
        isBase64Encoded=True,
    )
    context = {"http": {"method": "GET"}, "authorizer": {}, "requestId": "JKJ="}
    headers = {"host": "xkcd-gather.example", "y": "?"}
    assert read(event) == HttpRequest(payload_2(headers=headers, requestContext=context))


def payload_1(**fields: Any) -> dict[str, Any]:
    return {
        "httpMethod": "GET",
        "path": "/comics",
        "queryStringParameters": {},
        "headers": {},
        "multiValueHeaders": {},
        "isBase64Encoded": False,
        "requestContext": {},
        **fields,
    }


def test_payload_1_is_a_request() -> None:
    event = {"version": "1.0", "httpMethod": "GET", "path": "/comics", "headers": None, "requestContext": None}
    assert read(event) == HttpRequest(payload_1())


def test_a_header_may_have_a_tab() -> None:
    headers = {"x-a": "b\tc"}
    assert read(payload_2(headers=headers)) == HttpRequest(payload_2(headers=headers))


def test_payload_1_may_have_each_parameter_once_or_more_often() -> None:
    once = {"httpMethod": "GET", "path": "/comics", "queryStringParameters": {"n": "1", "x": None}}
    assert read(once) == HttpRequest(payload_1(queryStringParameters={"n": "1"}))
    often = {**once, "multiValueQueryStringParameters": {"n": ["1", "2", None], "x": None}}
    assert read(often) == HttpRequest(payload_1(queryStringParameters={"n": ["1", "2"]}))


def test_the_empty_event_is_a_request_for_comics() -> None:
    assert read({}) == read({"path": "/comics"}) == HttpRequest(payload_2(rawQueryString="", headers={}))


def test_the_short_form_is_a_request_for_its_path() -> None:
    request = read({"path": "/comics?n=1-5&n=7"})
    assert request == HttpRequest(payload_2(rawQueryString="n=1-5&n=7", headers={}))


@pytest.mark.parametrize("path", sorted(EVENTS.glob("*.json")), ids=lambda path: path.stem)
def test_the_example_events_are_what_their_names_say(path: Path) -> None:
    kind = Ping if path.stem in ("ping", "scheduler", "warmup") else HttpRequest
    assert isinstance(read(json.loads(path.read_text())), kind)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (None, "is not an object"),
        ([], "is not an object"),
        ("/comics", "is not an object"),
        ({"source": "aws.s3", "Records": []}, "has the keys 'Records', 'source'"),
        ({"path": "/comics", "n": 1}, "has the keys 'n', 'path'"),
        ({"a\n": 1}, r"has the keys 'a\n'"),
        ({"path": "comics"}, "has a path that does not begin with '/'"),
        ({"source": ["aws.events"]}, "has the keys 'source'"),
        ({"path": 614}, "has a path that does not begin with '/'"),
        ({"version": "2.0"}, "has version 2.0 but no requestContext.http.method"),
        (
            {"version": "2.0", "requestContext": {"http": {"method": None}}},
            "has version 2.0 but no requestContext.http.method",
        ),
        ({"version": "2.0", "requestContext": {"http": {"method": "GET"}}}, "has version 2.0 but no rawPath"),
        (payload_2(headers={"x-a": "b\nc"}), "has a control character in its header 'x-a'"),
        (payload_2(headers={"x-a": "b\r"}), "has a control character in its header 'x-a'"),
        (payload_2(headers={"x-a": "\0"}), "has a control character in its header 'x-a'"),
        (payload_2(headers={"x\n-a": "b"}), r"has a control character in its header 'x\n-a'"),
        (payload_1(headers={"x-a": "b\x7f"}), "has a control character in its header 'x-a'"),
        (payload_1(multiValueHeaders={"x-a": ["b", "c\n"]}), "has a control character in its header 'x-a'"),
        (payload_1(multiValueHeaders={"\x1f": []}), r"has a control character in its header '\x1f'"),
        ({"httpMethod": "GET"}, "has an httpMethod but no path, or one of them is not a string"),
        ({"httpMethod": None, "path": "/"}, "has an httpMethod but no path, or one of them is not a string"),
    ],
)
def test_anything_else_is_refused_with_what_would_be_accepted(event: object, why: str) -> None:
    message = f"This event {why}. Accepted are an API Gateway request (payload 1.0 or 2.0), a scheduled ping"
    with pytest.raises(BadEvent, match=re.escape(message)):
        read(event)


@pytest.mark.parametrize(
    ("context", "seconds"),
    [
        pytest.param(None, 8.0, id="no context"),
        pytest.param(Context(29), 8.0, id="time enough"),
        pytest.param(Context(6), 5.5, id="half a second before the end"),
    ],
)
def test_the_deadline_is_the_nearer_of_ours_and_the_invocations(context: Context | None, seconds: float) -> None:
    assert deadline(8.0, context, now=1000.0) == 1000.0 + seconds


def named(domain: object) -> dict[str, Any]:
    """What is left of an event whose gateway names this domain."""
    invocation = read(payload_2(requestContext={"http": {"method": "GET"}, "domainName": domain}))
    assert isinstance(invocation, HttpRequest)
    return invocation.event


def test_the_host_is_the_one_that_the_gateway_names_and_no_header() -> None:
    assert host(named("xkcd.example.org")) == "xkcd.example.org"


@pytest.mark.parametrize("domain", [None, 5, "", "a/b", "a b", "é.example", "a\n", "a" * 254])
def test_what_cannot_be_a_host_is_none(domain: object) -> None:
    assert host(named(domain)) is None


@pytest.mark.parametrize("event", [None, {}, {"requestContext": None}, {"headers": {"host": "evil.example"}}])
def test_outside_of_a_gateway_there_is_no_host(event: object) -> None:
    assert host(event) is None
