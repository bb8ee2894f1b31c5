"""The stand-in answers as xkcd.com does."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from app.comics.image import Size
from bench.upstream import certify
from tests.commands import ROOT, said_by_us
from tools.stand_in import StandIn, images, records

PYTHON = [sys.executable, "-X", "dev", "-W", "error", "-m"]


def test_a_record_has_xkcds_fields_and_types(xkcd: StandIn) -> None:
    record = requests.get(f"{xkcd.url}/614/info.0.json", timeout=5).json()
    transcript = record.pop("transcript")
    assert transcript.startswith("[[A man with a beret and a woman are standing on a boardwalk")
    assert record == {
        "num": 614,
        "year": "2009",
        "month": "7",
        "day": "24",
        "link": "",
        "news": "",
        "safe_title": "Woodpecker",
        "alt": "If you don't have an extension cord I can get that too.  Because we're friends!  Right?",
        "img": "https://imgs.xkcd.com/comics/woodpecker.png",
        "title": "Woodpecker",
    }


def test_the_latest_is_at_the_root(xkcd: StandIn) -> None:
    assert requests.get(f"{xkcd.url}/info.0.json", timeout=5).json()["num"] == 2665
    xkcd.latest = 2000
    assert requests.get(f"{xkcd.url}/info.0.json", timeout=5).json()["num"] == 2000
    assert requests.get(f"{xkcd.url}/2001/info.0.json", timeout=5).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("identity", None)]
)
def test_a_record_is_compressed_for_clients_that_accept_it(xkcd: StandIn, accepted: str, encoding: str | None) -> None:
    answer = requests.get(f"{xkcd.url}/614/info.0.json", headers={"Accept-Encoding": accepted}, timeout=5)
    assert (answer.headers.get("Content-Encoding"), answer.headers["Vary"]) == (encoding, "Accept-Encoding")
    assert answer.content == records()[614]


def test_a_record_that_the_client_has_already_is_a_304(xkcd: StandIn) -> None:
    first = requests.get(f"{xkcd.url}/info.0.json", timeout=5)
    assert first.headers["Last-Modified"] == "Mon, 29 Aug 2022 00:44:25 GMT"
    known = {"If-Modified-Since": first.headers["Last-Modified"]}
    again = requests.get(f"{xkcd.url}/info.0.json", headers=known, timeout=5)
    assert (again.status_code, again.content) == (304, b"")
    xkcd.latest = 2000
    assert requests.get(f"{xkcd.url}/info.0.json", headers=known, timeout=5).json()["num"] == 2000


def test_without_validators_a_record_is_sent_each_time(xkcd: StandIn) -> None:
    xkcd.has_validators = False
    known = {"If-Modified-Since": "Mon, 29 Aug 2022 00:44:25 GMT"}
    answer = requests.get(f"{xkcd.url}/info.0.json", headers=known, timeout=5)
    assert (answer.status_code, answer.headers.get("Last-Modified")) == (200, None)


@pytest.mark.parametrize("path", ["/404/info.0.json", "/0/info.0.json", "/9999/info.0.json", "/abc/info.0.json", "/"])
def test_what_xkcd_does_not_have_is_a_404(xkcd: StandIn, path: str) -> None:
    assert requests.get(xkcd.url + path, timeout=5).status_code == 404


def test_images_are_drawn(xkcd: StandIn) -> None:
    for path, form in (
        ("/comics/woodpecker.png", "PNG"),
        ("/comics/xkcd_phone_2000_2x.png", "PNG"),
        ("/comics/barrel_cropped_(1).jpg", "JPEG"),
        ("/comics/eternal_flame.gif", "GIF"),
        ("/comics/%3F%3F%3F.png", "PNG"),
    ):
        image = requests.get(f"{xkcd.url}{path}", timeout=5)
        picture, size = Image.open(io.BytesIO(image.content)), images.size(path)
        assert size is not None
        assert (picture.format, picture.size) == (form, (size.width, size.height))
        assert image.headers["Content-Type"] == f"image/{form.lower()}"


def test_an_image_in_twice_the_resolution_is_twice_as_large(xkcd: StandIn) -> None:
    single, double = images.size("/comics/xkcd_phone_2000.png"), images.size("/comics/xkcd_phone_2000_2x.png")
    assert single is not None
    assert double == Size(2 * single.width, 2 * single.height)


@pytest.mark.parametrize("path", ["/comics/woodpecker_2x.png", "/comics/nothing.png", "/comics/"])
def test_an_image_that_is_not_there_is_a_404(xkcd: StandIn, path: str) -> None:
    assert requests.get(xkcd.url + path, timeout=5).status_code == 404


def test_the_beginning_of_an_image_can_be_asked_for(xkcd: StandIn) -> None:
    url = f"{xkcd.url}/comics/woodpecker.png"
    whole = requests.get(url, timeout=5).content
    part = requests.get(url, headers={"Range": "bytes=0-99"}, timeout=5)
    assert (part.status_code, part.content) == (206, whole[:100])
    assert part.headers["Content-Range"] == f"bytes 0-99/{len(whole)}"


def test_it_tells_what_it_was_asked(xkcd: StandIn) -> None:
    requests.get(f"{xkcd.url}/1/info.0.json", timeout=5)
    counts = requests.get(f"{xkcd.url}/stand-in", timeout=5).json()
    assert counts == {"asked": {"/1/info.0.json": 1}, "connections": 2}


def test_a_share_of_its_answers_is_slow_and_they_are_the_same_ones_of_each_run() -> None:
    runs = []
    for _ in range(2):
        xkcd = StandIn(latency=0.5, slow=(0.02, 10.0))
        runs.append([xkcd.received("/614/info.0.json") for _ in range(10_000)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {0.5, 5.0}
    assert 150 < runs[0].count(5.0) < 250


def test_a_slow_answer_comes_late() -> None:
    with StandIn(latency=0.05, slow=(1.0, 4.0)) as xkcd:
        assert requests.get(f"{xkcd.url}/614/info.0.json", timeout=5).elapsed.total_seconds() > 0.2


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a module of ours as a program, and ends it with the test."""
    started = []

    def run(module: str, *arguments: str, **environ: str) -> "subprocess.Popen[str]":
        program = subprocess.Popen(
            [*PYTHON, module, *arguments],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(program)
        return program

    yield run
    for program in started:
        program.kill()
        program.communicate()


def first_line(program: "subprocess.Popen[str]") -> str:
    assert program.stdout
    return program.stdout.readline()


def test_it_serves_over_tls_with_a_certificate(start: Callable[..., "subprocess.Popen[str]"], tmp_path: Path) -> None:
    authority, certificate = tmp_path / "authority.pem", tmp_path / "certificate.pem"
    certify(authority, certificate)
    url = first_line(start("tools.stand_in", "--latency", "0", "--certificate", str(certificate))).strip()
    assert url.startswith("https://")
    assert requests.get(f"{url}/1/info.0.json", timeout=5, verify=str(authority)).json()["num"] == 1


def test_it_is_a_program_too_with_faults_by_option(start: Callable[..., "subprocess.Popen[str]"]) -> None:
    program = start("tools.stand_in", "--latency", "0", "--slow", "0.02:10", "--fault", "503:614", "--fault", "html:1")
    url = first_line(program).strip()
    statuses = [requests.get(f"{url}/{num}/info.0.json", timeout=5).status_code for num in (614, 1, 2)]
    assert statuses == [503, 200, 200]
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=10) == ("", "")
    assert program.returncode == 0


@pytest.mark.parametrize(
    ("option", "text", "refusal"),
    [
        ("--fault", "nosuch", "'nosuch' is not NAME or NAME:NUMBER with one of 404, 410"),
        ("--slow", "often", "'often' is not SHARE:TIMES, such as 0.02:10"),
    ],
)
def test_what_it_does_not_know_is_refused(
    start: Callable[..., "subprocess.Popen[str]"], option: str, text: str, refusal: str
) -> None:
    program = start("tools.stand_in", option, text)
    _, errors = program.communicate(timeout=10)
    assert (program.returncode, refusal in errors) == (2, True)


def test_the_local_server_answers_and_ctrl_c_ends_it_quietly(
    start: Callable[..., "subprocess.Popen[str]"], xkcd: StandIn
) -> None:
    program = start("tools.serve", **xkcd.environ, PORT="0")
    url = first_line(program).split()[0]
    assert requests.get(f"{url}comics?n=1-5", timeout=5).json()["complete"] is True
    xkcd.latency = 1.0
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{url}comics?n=6", timeout=0.3)  # still being gathered when Ctrl-C comes
    program.send_signal(signal.SIGINT)
    output, errors = program.communicate(timeout=10)
    assert (program.returncode, output) == (0, "")
    assert [line for line in said_by_us(errors) if "GET /comics?n=" not in line] == []
