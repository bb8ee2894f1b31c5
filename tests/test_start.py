"""What happens while a process starts."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from tests.commands import program
from tests.test_loopback import MuteServer
from tools.stand_in import StandIn


def connected(xkcd: StandIn, app: XkcdGather, count: int) -> bool:
    """Whether so many connections are open, at both ends: the server has one before the client has it."""

    async def what_runs() -> None:
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})

    app.event_loop.run(what_runs())
    return xkcd.wait_until(lambda: xkcd.connections == count)


def test_connections_open_before_anybody_asks_and_serve_who_asks_first(
    xkcd: StandIn, make_app: Callable[..., XkcdGather]
) -> None:
    app = make_app(connect_at_start=5)
    assert connected(xkcd, app, 5)
    assert xkcd.asked == {}
    app.test_client().get("/comics?n=1-5")
    assert xkcd.connections == 5


def test_without_the_setting_nobody_is_connected_to(xkcd: StandIn, make_app: Callable[..., XkcdGather]) -> None:
    make_app().test_client().get("/health")
    assert xkcd.connections == 0


def test_with_an_archive_one_connection_opens(
    xkcd: StandIn, make_app: Callable[..., XkcdGather], whole_archive: Path
) -> None:
    assert connected(xkcd, make_app(connect_at_start=5, archive=str(whole_archive)), 1)


def test_nothing_that_was_imported_is_looked_at_for_garbage() -> None:
    code = "import gc; import handler; print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    assert program(code) == (0, "True True\n", [])


def test_where_nobody_can_be_connected_to_the_first_request_says_so(
    xkcd: StandIn, make_app: Callable[..., XkcdGather]
) -> None:
    xkcd.end()
    answer = make_app(connect_at_start=5).test_client().get("/comics?n=1")
    assert (answer.status_code, answer.json["title"]) == (503, "xkcd not reached")


def test_an_app_may_end_while_its_connections_open(make_app: Callable[..., XkcdGather]) -> None:
    with contextlib.closing(MuteServer()) as mute:
        app = make_app(xkcd_url=f"https://127.0.0.1:{mute.port}", connect_at_start=1)
        mute.accept()
        app.close()
        assert mute.read_to_the_end()


def test_a_process_may_end_while_its_connections_open() -> None:
    with contextlib.closing(MuteServer()) as mute:
        url = f"https://127.0.0.1:{mute.port}"
        assert program("import handler", XKCD_URL=url, CONNECT_AT_START="5") == (0, "", [])


def test_authorities_that_cannot_be_read_are_named_in_the_log(
    make_app: Callable[..., XkcdGather], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    absent = str(tmp_path / "ca.pem")
    app = make_app(xkcd_url="https://127.0.0.1:9", ca_file=absent, connect_at_start=1)
    app.test_client_class = FlaskClient  # this is not in the contract
    assert app.test_client().get("/comics?n=1").status_code == 500
    assert f"SSL_CERT_FILE is {absent!r}, but must name a PEM file of authorities: " in caplog.text
