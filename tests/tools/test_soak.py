"""`make soak`: a short one, and whether its checker notices what is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.comics.selection import Latest, Listed
from tests.commands import ROOT
from tools.soak.calls import Call
from tools.soak.checker import Checker
from tools.soak.fronts import Answer
from tools.soak.truth import Sky, Wrong
from tools.stand_in import StandIn

QUICK = (
    "passing faults",
    "some comics fail",
    "all comics fail",
    "refusals",
    "odd answers",
    "little time",
    "new comic",
    "connections closed",
    "connections reset",
    "no name",
    "next address",
    "table fails",
    "frozen idle",
)
"""Weather that takes no seconds."""

CALM = Sky(statuses=(), low=2665, shown=1, high=2665, seconds=8.0, table=False)


def soak(**environ: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.soak"]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False)


@pytest.mark.soak
def test_in_quick_weather_every_answer_is_right_and_nothing_is_left_behind(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = soak(INVOCATIONS="300", CLIENTS="8", WEATHER=",".join(QUICK), JSON=str(report))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "0 wrong"), done.stdout + done.stderr
    assert done.stderr == "Through the handler\nThrough the server\n"
    for front in json.loads(report.read_text()):
        assert (front["total"]["calls"], front["wrong"]) == (300, 0)
        assert front["weather"].keys() == {*QUICK, "calm", "recovery"}


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"INVOCATIONS": "many"}, "INVOCATIONS is 'many', but must be a number from 1 to 10000000\n"),
        ({"CLIENTS": "0"}, "CLIENTS is '0', but must be a number from 1 to 200\n"),
        ({"JSON": "/nowhere/x.json"}, "JSON is '/nowhere/x.json', but must name a file to write: "),
        ({"WEATHER": "no name,sunny"}, "WEATHER has 'sunny', but must have names from: passing faults, "),
    ],
    ids=["invocations in words", "no client", "no such folder", "unknown weather"],
)
def test_a_wrong_variable_is_one_line(environ: dict[str, str], complaint: str) -> None:
    done = soak(**environ)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(complaint)


LISTED = Call("comics", "/comics?n=1,404,2", Listed((1, 404, 2)))
LATEST = Call("comics", "/comics?latest=2", Latest(2))


def answer_to(client: FlaskClient, call: Call) -> Answer:
    """The service's answer to the call."""
    got = client.open(call.path, method=call.method)
    return Answer(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.data)


def changed(answer: Answer, change: Callable[[dict[str, Any]], object]) -> Answer:
    """The answer with a document that is changed in place."""
    document = json.loads(answer.body)
    change(document)
    return replace(answer, body=json.dumps(document).encode())


def with_header(answer: Answer, name: str, value: str) -> Answer:
    return replace(answer, headers={**answer.headers, name: value})


def swap(document: dict[str, Any]) -> None:
    document["comics"].reverse()


def take_away(document: dict[str, Any]) -> None:
    document["comics"].pop()


def fail(document: dict[str, Any]) -> None:
    document["comics"].pop()
    document["failures"].append({"num": 2, "status": 404, "title": "No such comic", "detail": "xkcd has no comic 2."})


def time_out(document: dict[str, Any]) -> None:
    document["comics"].pop()
    document["failures"].append({"num": 2, "status": 504, "title": "No answer", "detail": "xkcd sent no comic 2."})


CHANGES: Mapping[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another title": (lambda document: document["comics"][0].update(title="Barrel"), "comic 1 is "),
    "another comic": (lambda document: document["comics"][0].update(num=3), "comic 3 is "),
    "a field missing": (lambda document: document["comics"][0].pop("alt"), "comic 1 has the fields "),
    "an old comic": (lambda document: document["comics"][0].update(stale=True), "comic 1 is stale"),
    "a comic missing": (take_away, "the selection is "),
    "another order": (swap, "the order is not the selection's"),
    "a comic twice": (lambda document: document["comics"].append(document["comics"][0]), "a comic is there twice"),
    "a comic denied": (fail, "there is a comic 2"),
    "a failure without a fault": (time_out, "2 failed with 504 in a weather that has no such"),
    "complete with a failure": (lambda document: document.update(complete=True), "complete does not fit"),
    "a latest that nobody asked for": (lambda document: document.update(latest=2665), "latest is 2665, though"),
    "no credit": (lambda document: document.update(credit=""), "the comics are not credited"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_checker_notices_a_wrong_document(client: FlaskClient, change: str) -> None:
    answer, (spoil, complaint) = answer_to(client, LISTED), CHANGES[change]
    Checker().check(LISTED, None, answer, 0.1, CALM)
    with pytest.raises(Wrong, match=complaint):
        Checker().check(LISTED, None, changed(answer, spoil), 0.1, CALM)


FEED = Call("feed", "/feed.json?latest=3", Latest(3))
FEED_CHANGES: Mapping[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "another title": (lambda document: document["items"][0].update(title="Barrel"), "comic 2665 has another title"),
    "a comic missing": (lambda document: document["items"].pop(), "the selection is "),
    "another order": (lambda document: document["items"].reverse(), "the order is not the selection's"),
}


@pytest.mark.parametrize("change", FEED_CHANGES)
def test_the_checker_notices_a_wrong_feed(client: FlaskClient, change: str) -> None:
    answer, (spoil, complaint) = answer_to(client, FEED), FEED_CHANGES[change]
    Checker().check(FEED, None, answer, 0.1, CALM)
    with pytest.raises(Wrong, match=complaint):
        Checker().check(FEED, None, changed(answer, spoil), 0.1, CALM)


def test_the_checker_notices_a_feed_that_is_not_whole_in_calm_weather(client: FlaskClient) -> None:
    answer = with_header(answer_to(client, FEED), "cache-control", "no-store")
    Checker().check(FEED, None, answer, 0.1, replace(CALM, statuses=(502,)))
    with pytest.raises(Wrong, match="the feed is not cacheable, and nothing is wrong"):
        Checker().check(FEED, None, answer, 0.1, CALM)


def test_the_checker_notices_another_comic_embedded(client: FlaskClient) -> None:
    call = Call("embedded", "/oembed?url=https:%2F%2Fxkcd.com%2F614%2F", Listed((614,)))
    Checker().check(call, None, answer_to(client, call), 0.1, CALM)
    other = changed(answer_to(client, call), lambda document: document.update(title="Barrel"))
    with pytest.raises(Wrong, match="comic 614 is "):
        Checker().check(call, None, other, 0.1, CALM)


def test_the_checker_notices_a_late_answer(client: FlaskClient) -> None:
    with pytest.raises(Wrong, match=r"it took 8\.1 s, not 8\.0"):
        Checker().check(LISTED, None, answer_to(client, LISTED), 8.1, CALM)


def test_the_checker_notices_a_500(client: FlaskClient) -> None:
    with pytest.raises(Wrong, match="this is a bug of the service"):
        Checker().check(LISTED, None, replace(answer_to(client, LISTED), status=500), 0.1, CALM)


def test_the_checker_notices_a_failure_that_may_be_cached(xkcd: StandIn, client: FlaskClient) -> None:
    xkcd.faults[2] = "html"
    answer, sky = answer_to(client, LISTED), replace(CALM, statuses=(502,))
    Checker().check(LISTED, None, answer, 0.1, sky)
    with pytest.raises(Wrong, match="public is too long for this"):
        Checker().check(LISTED, None, with_header(answer, "cache-control", "public"), 0.1, sky)


def test_the_checker_notices_another_etag_for_the_same_comics(client: FlaskClient) -> None:
    checker, answer = Checker(), answer_to(client, LISTED)
    for _ in range(2):
        checker.check(LISTED, None, answer, 0.1, CALM)
    with pytest.raises(Wrong, match="the ETag of the same content was W/"):
        checker.check(LISTED, None, with_header(answer, "etag", 'W/"other"'), 0.1, CALM)


def test_the_checker_notices_an_answer_that_the_client_has_already(client: FlaskClient) -> None:
    answer = answer_to(client, LISTED)
    with pytest.raises(Wrong, match="200 does not fit the ETags"):
        Checker().check(LISTED, answer.headers["etag"], answer, 0.1, CALM)


def test_the_checker_notices_a_latest_number_that_xkcd_never_had(client: FlaskClient) -> None:
    with pytest.raises(Wrong, match="the latest comic is not 2665"):
        Checker().check(LATEST, None, answer_to(client, LATEST), 0.1, replace(CALM, low=2600, high=2664))


def test_the_checker_notices_a_latest_number_that_falls(xkcd: StandIn, client: FlaskClient) -> None:
    checker = Checker()
    checker.check(LATEST, None, answer_to(client, LATEST), 0.1, CALM)
    assert checker.shown == 2665
    older = changed(answer_to(client, LATEST), lambda document: document.update(latest=2664))
    with pytest.raises(Wrong, match="the latest comic is not 2664"):
        checker.check(LATEST, None, older, 0.1, replace(CALM, low=2600, shown=checker.shown))


def test_in_bad_weather_the_checker_excuses_what_the_weather_explains(client: FlaskClient) -> None:
    answer = with_header(changed(answer_to(client, LISTED), time_out), "cache-control", "no-store")
    Checker().check(LISTED, None, answer, 0.1, replace(CALM, statuses=(504,)))
