"""One invocation through `serverless invoke local`, as `make run` and a developer do it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import QUIET, ROOT
from tools.stand_in import StandIn


def run(*command: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    plain = {"XKCD_URL": "", "RAW": ""}
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **QUIET, **plain, **environ}, capture_output=True, text=True, check=False
    )


def test_a_run_prints_the_answers_body_and_what_gathering_saved() -> None:
    done = run(sys.executable, "-m", "tools.run", "events/comics.json")
    body = json.loads(done.stdout)
    assert [comic["num"] for comic in body["comics"]] == [614, 353, 327, 149, 1053]
    assert [failure["status"] for failure in body["failures"]] == [404]
    assert body["complete"] is False
    assert re.fullmatch(
        r"5 round trips to xkcd in \d+ ms: [\d.]+ x one round trip \(\d+ ms\), "
        r"[\d.]+ x one after the other \(\d+ ms\)\n",
        done.stderr,
    )
    assert done.returncode == 0


@pytest.mark.deployment
def test_an_archive_that_is_named_is_used(whole_archive: Path) -> None:
    done = run(sys.executable, "-m", "tools.run", "events/comics.json", ARCHIVE=str(whole_archive))
    assert {comic["source"] for comic in json.loads(done.stdout)["comics"]} == {"archive"}
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.deployment
def test_raw_prints_the_functions_whole_answer() -> None:
    answer = json.loads(run(sys.executable, "-m", "tools.run", "events/short.json", RAW="1").stdout)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert len(json.loads(answer["body"])["comics"]) == 3


@pytest.mark.deployment
def test_a_ping_prints_its_report(xkcd: StandIn) -> None:
    done = run(sys.executable, "-m", "tools.run", "events/ping.json", **xkcd.environ)
    assert json.loads(done.stdout)["latest"] == 2665
    assert done.stderr == ""


@pytest.mark.deployment
def test_a_contact_of_the_shell_reaches_xkcd(xkcd: StandIn) -> None:
    run(sys.executable, "-m", "tools.run", "events/ping.json", XKCD_URL=xkcd.url, CONTACT="me@example.org")
    assert " (me@example.org) " in xkcd.last_headers["user-agent"]


@pytest.mark.deployment
def test_an_event_that_is_refused_is_an_error_that_says_why(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text('{"Records": []}')
    done = run(sys.executable, "-m", "tools.run", str(event))
    assert (done.returncode, done.stdout) == (1, "")
    assert "This event has the keys 'Records'. Accepted are an API Gateway request" in done.stderr


@pytest.mark.deployment
@pytest.mark.parametrize("url", ["http://xkcd.invalid"], ids=["no network"])
def test_a_bare_invocation_without_network_is_a_503_and_no_failure(url: str) -> None:
    done = run("node_modules/.bin/serverless", "invoke", "local", "-f", "api", XKCD_URL=url)
    logged, brace, rest = done.stdout.partition("{")
    assert re.fullmatch(r"WARNING:.*:xkcd failed \(dns\) in \d requests: xkcd could not be reached\. .*\n\n", logged)
    answer = json.loads(brace + rest)
    assert (done.returncode, answer["statusCode"]) == (0, 503)
    assert json.loads(answer["body"]) == {
        "status": 503,
        "title": "Latest comic unknown",
        "detail": "The latest comic's number is unknown: xkcd could not be reached.",
    }


@pytest.mark.deployment
def test_without_a_reachable_xkcd_it_claims_no_round_trips(xkcd: StandIn) -> None:
    xkcd.end()
    done = run(sys.executable, "-m", "tools.run", "events/comics.json", **xkcd.environ)
    assert "connection_refused" in done.stderr
    assert "round trip" not in done.stderr


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ("", "EVENT is '', but must name a file, as in EVENT=events/ping.json: "),
        ("events/nothing.json", "EVENT is 'events/nothing.json', but must name a file, as in EVENT=events/ping.json: "),
        ("events", "EVENT is 'events', but must name a file, as in EVENT=events/ping.json: Is a directory"),
        ("README.md", "EVENT is 'README.md', but must name a JSON file: "),
    ],
)
def test_an_event_that_is_not_a_json_file_is_refused_in_one_line(event: str, complaint: str) -> None:
    done = run(sys.executable, "-m", "tools.run", event)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(complaint)


def test_a_setting_that_makes_no_sense_is_refused_in_one_line() -> None:
    done = run(sys.executable, "-m", "tools.run", "events/ping.json", XKCD_URL="http://xkcd.com")
    message = "XKCD_URL is 'http://xkcd.com', which redirects: use 'https://xkcd.com'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
