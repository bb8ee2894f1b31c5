"""Real sockets, more than one invocation: what a mocked transport cannot see."""

import asyncio
import contextlib
import gc
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import trustme

from app.application import XkcdGather
from app.runtime.events import MARGIN
from tests.commands import program
from tools.stand_in import StandIn
from tools.table import LocalTable


def numbers(app: XkcdGather, path: str) -> list[int]:
    document = app.test_client().get(path).json
    return [comic["num"] for comic in document["comics"]]


def test_two_invocations_in_a_row_use_the_same_connections(xkcd: StandIn, app: XkcdGather) -> None:
    assert numbers(app, "/comics?n=1-5") == [1, 2, 3, 4, 5]
    assert xkcd.connections == 5
    assert numbers(app, "/comics?n=6-10") == [6, 7, 8, 9, 10]
    assert xkcd.connections == 5


def test_connections_closed_in_between_are_replaced_unnoticed(xkcd: StandIn, app: XkcdGather) -> None:
    numbers(app, "/comics?n=1-5")
    xkcd.close_connections()
    assert numbers(app, "/comics?n=6-10") == [6, 7, 8, 9, 10]
    assert xkcd.connections == 10
    assert all(count == 1 for count in xkcd.asked.values())


def test_a_connection_closed_while_the_request_is_on_its_way_is_replaced_unnoticed(
    xkcd: StandIn, app: XkcdGather
) -> None:
    """The server closes when it sees the request: on a kept connection no answer means no retry is spent."""
    numbers(app, "/comics?n=1-5")
    xkcd.passing_faults = ["closed-before-head"] * 5
    assert numbers(app, "/comics?n=6-10") == [6, 7, 8, 9, 10]
    assert sum(xkcd.asked.values()) == 15


def test_a_kept_connection_that_breaks_off_an_answer_is_worth_a_retry(xkcd: StandIn, app: XkcdGather) -> None:
    numbers(app, "/comics?n=1")
    xkcd.passing_faults = ["cut-in-head"]
    assert numbers(app, "/comics?n=614") == [614]
    assert xkcd.asked["/614/info.0.json"] == 2


def test_no_more_than_a_hundred_connections_are_opened_however_many_ask(xkcd: StandIn, app: XkcdGather) -> None:
    xkcd.latency = 0.05
    threads = [
        threading.Thread(target=numbers, args=(app, f"/comics?n={1 + 100 * i}-{100 + 100 * i}")) for i in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(xkcd.asked.values()) == 300
    assert xkcd.connections == 100


def test_twenty_threads_at_once_each_get_their_own_answer(xkcd: StandIn, app: XkcdGather) -> None:
    xkcd.latency = 0.05
    together = threading.Barrier(20)
    answers: dict[int, list[int]] = {}

    def ask(num: int) -> None:
        together.wait()
        answers[num] = numbers(app, f"/comics?n={num},{num + 1}")

    threads = [threading.Thread(target=ask, args=(num,)) for num in range(1, 40, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {num: [num, num + 1] for num in range(1, 40, 2)}


@pytest.mark.soak
def test_five_hundred_gathers_cut_off_leave_nothing_behind(xkcd: StandIn, make_app: Callable[..., XkcdGather]) -> None:
    app = make_app()
    client = app.test_client()
    rng = Random(614)

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    def left() -> tuple[int, int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count(), app.event_loop.run(tasks())

    def gather() -> int:
        """Cut off anywhere: before connecting, while connecting, while sending, while waiting."""
        context = TimeLeft(MARGIN + rng.uniform(0.0, 0.015))
        return client.get("/comics?n=1-3", environ_overrides={"serverless.context": context}).status_code

    xkcd.faults[0] = "silence"
    gather()
    assert xkcd.wait_until(lambda: xkcd.open_connections == 0)
    before = left()
    assert {gather() for _ in range(500)} == {504}
    # The stand-in may be late to accept connections that are closed again. And what earlier tests left to the
    # garbage collector may go meanwhile, so there may be less.
    assert xkcd.wait_until(lambda: all(now <= then for now, then in zip(left(), before, strict=True)))


class TimeLeft:
    """The context of an invocation that has so many seconds left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> float:
        return self._seconds * 1000


def in_a_fork(app: XkcdGather, path: str) -> list[int]:
    """What a forked process has for that path."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(writing, json.dumps(numbers(app, path)).encode())
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        had: list[int] = json.loads(pipe.read())
    os.waitpid(child, 0)
    return had


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_has_connections_of_its_own(xkcd: StandIn, app: XkcdGather) -> None:
    numbers(app, "/comics?n=1-2")
    assert in_a_fork(app, "/comics?n=3-4") == [3, 4]
    assert xkcd.connections == 4
    assert numbers(app, "/comics?n=5-6") == [5, 6]
    assert xkcd.connections == 4


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_uses_the_table_too(xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather]) -> None:
    app = make_app(table=table.name, comics_in_memory=0)
    numbers(app, "/comics?n=1-4")
    assert in_a_fork(app, "/comics?n=1-2") == [1, 2]
    assert numbers(app, "/comics?n=3-4") == [3, 4]
    assert (sum(xkcd.asked.values()), table.asked) == (4, {"BatchGetItem": 3, "BatchWriteItem": 1})


def test_a_process_that_gathered_ends_without_a_warning(xkcd: StandIn) -> None:
    source = "import handler; print(handler.handler({'path': '/comics?n=1-5'}, None)['statusCode'])"
    assert program(source, **xkcd.environ) == (0, "200\n", [])


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_xkcd(authority: trustme.CA) -> Iterator[StandIn]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with StandIn(latency=0.0, ssl_context=context) as stand_in:
        yield stand_in


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def test_over_tls_connections_are_kept_and_replaced_too(
    tls_xkcd: StandIn, ca_file: str, make_app: Callable[..., XkcdGather]
) -> None:
    app = make_app(xkcd_url=tls_xkcd.url, ca_file=ca_file, comics_in_memory=0)
    assert numbers(app, "/comics?n=1-5") == [1, 2, 3, 4, 5]
    assert numbers(app, "/comics?n=6-10") == [6, 7, 8, 9, 10]
    assert tls_xkcd.connections == 5
    tls_xkcd.close_connections()
    assert numbers(app, "/comics?n=1-5") == [1, 2, 3, 4, 5]
    assert tls_xkcd.connections == 10


@pytest.mark.parametrize("fault", ["long-body", "two-answers", "surplus-later", "closed-afterwards", "reset-in-body"])
def test_over_tls_bytes_left_over_end_a_connection_too(
    tls_xkcd: StandIn, ca_file: str, make_app: Callable[..., XkcdGather], fault: str
) -> None:
    client = make_app(xkcd_url=tls_xkcd.url, ca_file=ca_file).test_client()
    tls_xkcd.faults[614] = fault
    client.get("/comics?n=614")
    for num in (1, 2):
        assert client.get(f"/comics/{num}").json["num"] == num
    assert tls_xkcd.asked["/1/info.0.json"] == tls_xkcd.asked["/2/info.0.json"] == 1


def test_a_server_that_is_not_xkcd_is_not_reached(tls_xkcd: StandIn, make_app: Callable[..., XkcdGather]) -> None:
    answer = make_app(xkcd_url=tls_xkcd.url).test_client().get("/comics?n=1")
    assert (answer.status_code, answer.json["title"]) == (503, "xkcd not reached")
    assert tls_xkcd.asked == {}


def test_a_handshake_that_never_ends_is_cut_off_and_closed(make_app: Callable[..., XkcdGather]) -> None:
    with contextlib.closing(MuteServer()) as mute:
        app = make_app(xkcd_url=f"https://127.0.0.1:{mute.port}", time_limit=0.3)
        answer = app.test_client().get("/comics?n=1")
        assert (answer.status_code, answer.json["title"]) == (504, "No answer from xkcd in time")
        mute.accept()
        assert mute.read_to_the_end()


class MuteServer:
    """Takes one connection and says nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def accept(self) -> None:
        """Take the connection, waited for for five seconds."""
        self._listener.settimeout(5)
        self._connection, _ = self._listener.accept()

    def read_to_the_end(self) -> bool:
        """Whether the other side has closed, waited for for five seconds."""
        with self._connection:
            self._connection.settimeout(5)
            while self._connection.recv(65536):
                pass
        return True

    def close(self) -> None:
        self._listener.close()
