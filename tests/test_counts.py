"""What it costs in counts, which are the same on every machine: a regression is seen without timing anything."""

import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trustme

from app.application import XkcdGather
from tests.conftest import RUNTIME_PYTHON
from tests.test_start import connected
from tools.serverless_yml import variable
from tools.stand_in import StandIn
from tools.table import LocalTable

AS_DEPLOYED = {"CONNECT_AT_START": variable("CONNECT_AT_START")}

STARTED = """
import json, sys
before = set(sys.modules)
import handler
started = set(sys.modules)
handler.handler({"path": "/comics?n=1-5"}, None)
packages = {name.split(".")[0] for name in started - before if "cython" not in name} - sys.stdlib_module_names
print(json.dumps([sorted(packages), sorted(set(sys.modules) - started)]))
"""

# What it is made of, and what that needs.
AT_THE_START = [
    "aiohappyeyeballs", "app", "blinker", "click", "flask", "handler", "httptools", "httpx", "idna",
    "itsdangerous", "jinja2", "markupsafe", "serverless_wsgi", "werkzeug",
]  # fmt: skip

WITH_A_TABLE = ["aiodynamo", "multidict", "propcache", "yarl"]

# Unseeded, one of the five is among a hundred that are remembered every fifth time, and the latest now and then.
SEEDED = "/comics?random=5&seed=a"


class Counted:
    """How many connections were opened and requests sent since it was last asked."""

    def __init__(self, xkcd: StandIn) -> None:
        self._xkcd = xkcd
        self._before = (0, 0)

    def since(self) -> tuple[int, int]:
        before, self._before = self._before, (self._xkcd.connections, self._xkcd.asked.total())
        return self._before[0] - before[0], self._before[1] - before[1]


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> list[ssl.SSLContext]:
    """The TLS contexts that are built meanwhile."""
    built: list[ssl.SSLContext] = []
    create = ssl.create_default_context

    def counted(*arguments: Any, **named: Any) -> ssl.SSLContext:
        built.append(create(*arguments, **named))
        return built[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    return built


@pytest.fixture
def tls_xkcd(tmp_path: Path) -> Iterator[StandIn]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with StandIn(latency=0.0, ssl_context=context) as stand_in:
        yield stand_in


def test_connections_requests_and_tls_contexts(
    tls_xkcd: StandIn, contexts: list[ssl.SSLContext], make_app: Callable[..., XkcdGather], tmp_path: Path
) -> None:
    app = make_app(xkcd_url=tls_xkcd.url, ca_file=str(tmp_path / "ca.pem"), connect_at_start=5, floor=tls_xkcd.latest)
    assert connected(tls_xkcd, app, 5)
    counted = Counted(tls_xkcd)
    costs = {}
    for path in ("/comics?n=1-5", "/comics?n=6-10", "/comics?n=1-10", "/comics?n=11-110", "/comics/latest", SEEDED):
        app.test_client().get(path)
        costs[path] = counted.since()
    assert costs == {
        "/comics?n=1-5": (5, 5),  # those that were opened at the start
        "/comics?n=6-10": (0, 5),
        "/comics?n=1-10": (0, 0),
        "/comics?n=11-110": (95, 100),
        "/comics/latest": (0, 1),
        SEEDED: (0, 5),
    }
    assert len(contexts) == 1


def test_five_random_comics_at_first_take_six_requests_at_once(
    xkcd: StandIn, make_app: Callable[..., XkcdGather]
) -> None:
    make_app(floor=xkcd.latest).test_client().get(SEEDED)
    assert Counted(xkcd).since() == (6, 6)


def test_the_first_answer_without_parameters_needs_the_connections_of_the_start(
    xkcd: StandIn, make_app: Callable[..., XkcdGather]
) -> None:
    app = make_app(floor=xkcd.latest, connect_at_start=int(AS_DEPLOYED["CONNECT_AT_START"]))
    assert connected(xkcd, app, 6)
    counted = Counted(xkcd)
    app.test_client().get(SEEDED)
    assert counted.since() == (6, 6)


def test_with_an_archive_nobody_is_asked_for_what_is_in_it(
    xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather], whole_archive: Path
) -> None:
    client = make_app(archive=str(whole_archive), table=table.name).test_client()
    for path in ("/comics?n=1-100", "/comics?random=5", "/", "/comic", "/614/", "/health"):
        client.get(path, follow_redirects=True)
    assert Counted(xkcd).since() == (0, 0)
    assert table.asked == {}


def test_calls_of_the_table(xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather]) -> None:
    def calls(path: str) -> dict[str, int]:
        """By a new process, which shares nothing but the table with others."""
        table.asked.clear()
        make_app(table=table.name, floor=xkcd.latest).test_client().get(path)
        return dict(table.asked)

    assert {path: calls(path) for path in ("/comics?n=1-5", "/comics?n=5,4,3,2,1", "/comics?n=1-100", "/health")} == {
        "/comics?n=1-5": {"BatchGetItem": 1, "BatchWriteItem": 1},
        "/comics?n=5,4,3,2,1": {"BatchGetItem": 1},
        "/comics?n=1-100": {"BatchGetItem": 1, "BatchWriteItem": 4},
        "/health": {"BatchGetItem": 1},
    }


def test_connections_to_the_table(xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather]) -> None:
    client = make_app(table=table.name, floor=xkcd.latest).test_client()
    opened = [len(table.connections)]
    for path in ("/comics?n=1-5", "/comics?n=6-10", "/comics?n=11-110", "/comics?n=111-210"):
        client.get(path)
        opened.append(len(table.connections))
    assert [after - before for before, after in pairwise(opened)] == [1, 0, 3, 0]  # a hundred comics are four batches


@pytest.mark.deployment
@pytest.mark.parametrize("with_table", [False, True], ids=["no table", "a table"])
def test_modules_imported_at_the_start_and_none_by_the_first_request(
    xkcd: StandIn, table: LocalTable, task_root: Path, with_table: bool
) -> None:
    """From the package: where a developer's libraries are installed too, httpx imports some of them."""
    command = [str(RUNTIME_PYTHON), "-B", "-c", STARTED]
    environ = {**xkcd.environ, **AS_DEPLOYED, **(table.environ if with_table else {})}
    done = subprocess.run(command, cwd=task_root, env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [sorted(AT_THE_START + (WITH_A_TABLE if with_table else [])), []]


def test_threads(xkcd: StandIn, make_app: Callable[..., XkcdGather]) -> None:
    """One for the event loop and one for DNS, however many comics are requested."""
    before = set(threading.enumerate())
    make_app(connect_at_start=5).test_client().get("/comics?n=1-100")
    assert sorted(thread.name for thread in set(threading.enumerate()) - before) == ["asyncio_0", "event loop"]
