"""`make serve` and the stages of `make deploy`, given what they cannot use."""

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import PIPE

import pytest
import requests

from app.caches.archive import Archive
from tests.commands import ROOT
from tools.serve import make_archive
from tools.stand_in import StandIn


def serve(xkcd: StandIn, **environ: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.serve"]
    ours = {**os.environ, **xkcd.environ, **environ}
    return subprocess.run(command, cwd=ROOT, env=ours, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        ({"PORT": "eighty"}, "PORT is 'eighty', but must be a number from 0 to 65535\n"),
        ({"PORT": "99999"}, "PORT is '99999', but must be a number from 0 to 65535\n"),
        ({"TABLE": "yes"}, "TABLE is 'yes', but must be 0 or 1\n"),
        ({"XKCD_URL": "http://xkcd.com"}, "XKCD_URL is 'http://xkcd.com', which redirects: use 'https://xkcd.com'\n"),
        ({"HEDGE": "on"}, "HEDGE is 'on', but must be 0 or 1\n"),
        (
            {
                "TABLE": "1",
                "COMICS_TABLE": "comics",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
            },
            "The table cannot be used: set AWS_REGION to its region, such as 'eu-central-1'.\n",
        ),
    ],
    ids=["a port in words", "a port too high", "a table in words", "http", "a switch in words", "no region"],
)
def test_a_wrong_setting_is_one_line(xkcd: StandIn, environ: dict[str, str], complaint: str) -> None:
    done = serve(xkcd, **environ)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", complaint)


def test_an_archive_is_made_from_the_stand_in_and_leaves_the_servers_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XKCD_URL", raising=False)
    make_archive(tmp_path / "archive.sqlite")
    made = Archive(tmp_path / "archive.sqlite")
    assert (len(made.numbers), made.source) == (2664, "the stand-in")
    assert logging.getLogger("app.caches").isEnabledFor(logging.WARNING)


def test_an_archive_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "archive.sqlite").write_bytes(b"another")
    make_archive(tmp_path / "archive.sqlite")
    assert (tmp_path / "archive.sqlite").read_bytes() == b"another"


def test_a_port_in_use_is_told_without_a_traceback(xkcd: StandIn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve(xkcd, PORT=str(port))
    (complaint,) = done.stderr.splitlines()
    assert complaint.startswith(f"PORT is {port}, which cannot be used: Address already in use")
    assert (done.returncode, done.stdout) == (2, "")


@contextmanager
def serving(xkcd: StandIn, **environ: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A server, and its address."""
    command = [sys.executable, "-m", "tools.serve"]
    ours = {**os.environ, **xkcd.environ, **environ}
    with subprocess.Popen(command, cwd=ROOT, env=ours, stdout=PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server, server.stdout.readline().split()[0]
        finally:
            server.kill()


def test_a_browser_can_add_it_as_a_search_engine(xkcd: StandIn) -> None:
    with serving(xkcd, PUBLIC_URL="") as (_, url):  # as if it were absent
        assert f'template="{url}?q={{searchTerms}}"' in requests.get(f"{url}opensearch.xml", timeout=10).text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_request_that_runs_when_the_server_is_told_to_end_is_answered(xkcd: StandIn, number: signal.Signals) -> None:
    xkcd.latency = 0.5
    with serving(xkcd) as (server, url), ThreadPoolExecutor() as threads:
        answer = threads.submit(requests.get, f"{url}comics?n=614", timeout=10)
        assert xkcd.wait_until(lambda: xkcd.asked.total() == 1)
        server.send_signal(number)
        assert [comic["num"] for comic in answer.result().json()["comics"]] == [614]
        assert server.wait() == 0


def test_a_second_ctrl_c_does_not_wait_for_it(xkcd: StandIn) -> None:
    xkcd.faults[614] = "silence"
    with serving(xkcd) as (server, url), ThreadPoolExecutor() as threads:
        answer = threads.submit(requests.get, f"{url}comics?n=614", timeout=10)
        assert xkcd.wait_until(lambda: xkcd.asked.total() == 1)
        while server.poll() is None:
            server.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.1)
        with suppress(requests.RequestException):  # the answer may be cut off, or be a 503
            assert answer.result().status_code == 503


@pytest.mark.parametrize("command", ["deploy", "remove", "logs", "invoke"])
@pytest.mark.parametrize("stage", ["stagng", "local", "default", ""])
def test_a_stage_that_is_not_deployed_is_refused(command: str, stage: str) -> None:
    done = subprocess.run(
        ["/usr/bin/make", "--no-print-directory", command, f"STAGE={stage}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == (
        f"STAGE is '{stage}', but must be a stage that is deployed, one of: dev prod."
    )
