"""The package under AWS's own runtime client, as Lambda runs it, in a Python that has nothing else."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RUNTIME_PYTHON
from tests.deployment.metric_filters import counts
from tests.rig import GATEWAY, event, through
from tools.lambda_runtime import InitError, InvocationError, LambdaFunction, TimedOut
from tools.stand_in import StandIn
from tools.table import LocalTable

pytestmark = pytest.mark.deployment

MakeFunction = Callable[..., LambdaFunction]


@pytest.fixture
def make_function(task_root: Path, xkcd: StandIn) -> Iterator[MakeFunction]:
    """Makes functions that ask the stand-in; keyword arguments are added to their environment."""
    with ExitStack() as stack:

        def make(**environ: str) -> LambdaFunction:
            function = LambdaFunction(task_root, RUNTIME_PYTHON, {**xkcd.environ, **environ})
            return stack.enter_context(function)

        yield make


@pytest.fixture
def function(make_function: MakeFunction) -> LambdaFunction:
    return make_function()


def test_a_request_is_answered_with_all_comics(function: LambdaFunction) -> None:
    answer = function.invoke(event("comics"))
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "application/json")
    document = json.loads(answer["body"])
    assert [comic["num"] for comic in document["comics"]] == [614, 353, 327, 149, 1053]
    assert [failure["num"] for failure in document["failures"]] == [404]


def test_the_pages_are_in_the_package_with_their_files(function: LambdaFunction) -> None:
    for path, kind in {"/?n=614": "text/html", "/docs": "text/html", "/openapi.json": "application/json"}.items():
        answer = function.invoke({"path": path})
        assert (answer["statusCode"], answer["headers"]["Content-Type"].split(";")[0]) == (200, kind)


def test_after_a_deployment_nothing_of_the_one_before_holds(make_function: MakeFunction, task_root: Path) -> None:
    def docs(function: LambdaFunction, etag: str = "") -> Any:
        request = through(GATEWAY, "/docs")
        return function.invoke({**request, "headers": {**request["headers"], "If-None-Match": etag}})

    etag = docs(make_function())["headers"]["ETag"]
    assert docs(make_function(), etag)["statusCode"] == 304
    (task_root / "app" / "build_id.txt").write_text("that of another package")
    assert docs(make_function(), etag)["statusCode"] == 200


def test_a_ping_is_answered_with_its_report(xkcd: StandIn, function: LambdaFunction) -> None:
    report = function.invoke(event("ping"))
    assert isinstance(report.pop("milliseconds"), int)
    images = {"images": 0, "images_failed": 0, "images_left": None}
    assert report == {"latest": 2665, "gathered": 0, "failed": 0, "missing": None, **images, "problem": None}
    assert xkcd.wait_until(lambda: xkcd.connections == 6)


def test_a_bad_event_is_an_error_that_says_what_is_accepted_and_the_next_is_answered(function: LambdaFunction) -> None:
    with pytest.raises(
        InvocationError, match=r"has the keys 'Records'\. Accepted are an API Gateway request"
    ) as raised:
        function.invoke({"Records": []})
    assert raised.value.kind == "BadEvent"
    assert function.invoke({"path": "/comics/614"})["statusCode"] == 200
    assert len(function.init_milliseconds) == 1


def test_all_that_is_logged_is_json_and_tells_its_invocation(function: LambdaFunction) -> None:
    with pytest.raises(InvocationError):
        function.invoke({"Records": []})
    (line,) = map(json.loads, function.log.splitlines())
    assert (line["level"], line["errorType"]) == ("ERROR", "BadEvent")
    assert line["requestId"]


def test_at_debug_the_log_holds_no_credentials(make_function: MakeFunction, table: LocalTable) -> None:
    credentials = {
        "AWS_ACCESS_KEY_ID": "ASIAXKCDGATHER",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-role",
        "AWS_SESSION_TOKEN": "token-of-the-session",
    }
    function = make_function(**{**table.environ, **credentials, "AWS_LAMBDA_LOG_LEVEL": "DEBUG"})
    assert function.invoke({"path": "/comics?n=1-5"})["statusCode"] == 200
    assert table.asked["BatchGetItem"] == 1
    assert [secret for secret in credentials.values() if secret in function.log] == []
    lines = [json.loads(line) for line in function.log.splitlines()]
    assert [line["message"] for line in lines if line["logger"] == "app"] == ["request"]


def test_pings_that_fail_are_counted_and_nothing_else(xkcd: StandIn, function: LambdaFunction) -> None:
    function.invoke(event("ping"))
    xkcd.faults[0] = "503"
    function.invoke(event("ping"))
    assert function.invoke({"path": "/comics/614"})["statusCode"] == 503
    lines = [line for line in function.log.splitlines() if json.loads(line)["logger"] == "app"]
    assert [(json.loads(line)["message"], counts("FailedPings", line)) for line in lines] == [
        ("ping", False),
        ("ping", True),
        ("request", False),
    ]


def test_with_a_silent_xkcd_an_invocation_of_little_time_answers_before_it_is_killed(
    xkcd: StandIn, function: LambdaFunction
) -> None:
    xkcd.faults[0] = "silence"
    answer = function.invoke({"path": "/comics?n=1,614"}, seconds=1.5)
    assert answer["statusCode"] == 504
    assert [failure["status"] for failure in json.loads(answer["body"])["failures"]] == [504, 504]
    assert len(function.init_milliseconds) == 1


def test_an_invocation_whose_time_is_over_is_killed_and_the_next_start_works(function: LambdaFunction) -> None:
    killed = function.pid
    os.kill(killed, signal.SIGSTOP)  # from now on it does nothing, whatever it is asked
    with pytest.raises(TimedOut, match=r"^Task timed out after 0\.20 seconds$"):
        function.invoke({"path": "/comics/614"}, seconds=0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(killed, 0)
    assert function.invoke({"path": "/comics/614"})["statusCode"] == 200
    assert len(function.init_milliseconds) == 2


def test_a_process_that_ends_is_an_error_and_the_next_start_works(function: LambdaFunction) -> None:
    os.kill(function.pid, signal.SIGKILL)
    with pytest.raises(InvocationError, match=r"^Runtime exited with code -9$"):
        function.invoke({"path": "/comics/614"})
    assert function.invoke({"path": "/comics/614"})["statusCode"] == 200


def test_a_setting_that_makes_no_sense_ends_the_start_and_says_which(make_function: MakeFunction) -> None:
    with pytest.raises(InitError, match=r"^XKCD_URL is 'nowhere', but must be like") as raised:
        make_function(XKCD_URL="nowhere").invoke({})
    assert raised.value.kind == "ValueError"


def test_a_table_needs_nothing_that_is_not_in_the_package(make_function: MakeFunction, table: LocalTable) -> None:
    report = make_function(**table.environ, FILL_AT_MOST="0").invoke(event("ping"))
    assert (report["missing"], report["problem"]) == (2663, None)
    assert table.asked["Scan"] == 1
