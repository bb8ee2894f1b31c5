"""A stand-in for xkcd.com, a table, and applications that use them, ended with the test."""

import logging
import os
import time
from asyncio import BaseEventLoop, constants
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import hypothesis
import pytest
from flask.testing import FlaskClient

from app import create_app, settings
from app.application import XkcdGather
from app.caches import bounded as caches
from app.caches import dynamodb_client
from app.settings import Settings
from tests.archives import write_archive
from tests.contract import ContractClient
from tests.dynalite import dynalite
from tools import build_zip, python313
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn
from tools.table import LocalTable, Player, moto

RUNTIME_PYTHON = Path(__file__).parent.parent / ".venv-runtime" / "bin" / "python"
"""A Python that has what Lambda's has, and nothing of ours."""

# The archive of the developer is not for tests, nor for the processes that they start.
settings.ARCHIVE = Path("/nowhere")
os.environ["ARCHIVE"] = ""

# In development mode asyncio notes every callback that takes long: that is this machine's noise.
logging.getLogger("asyncio").setLevel(logging.ERROR)
# Its checks stay, but futures, callbacks and coroutines do not remember where they were made: that took half of the
# tests' time in loops, and only adds to messages.
BaseEventLoop.get_debug = lambda self: False  # type: ignore[method-assign]
vars(constants)["DEBUG_STACK_DEPTH"] = 0

# Nor is a time limit for each example of hypothesis's a claim.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores: some tests wait."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture
def xkcd() -> Iterator[StandIn]:
    with StandIn(latency=0.0) as stand_in:
        yield stand_in


@pytest.fixture
def send(xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has xkcd send the records of these comics with some fields changed."""

    def send(*numbers: int, **fields: object) -> None:
        monkeypatch.setitem(FAULTS, "odd", changed(**fields))
        xkcd.faults |= dict.fromkeys(numbers, "odd")

    return send


@pytest.fixture(scope="session")
def other_player() -> Iterator[Player]:
    with dynalite() as playing:
        yield playing


@pytest.fixture(params=["moto", "dynalite"])
def every_player(request: pytest.FixtureRequest) -> Player:
    return moto() if request.param == "moto" else cast(Player, request.getfixturevalue("other_player"))


@pytest.fixture
def player() -> Player:
    """What plays DynamoDB. A module that takes every player overrides this."""
    return moto()


@pytest.fixture
def table(player: Player, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTable]:
    """A table, with the environment set so that this process finds it, and with time to answer on a busy machine."""
    monkeypatch.setattr(caches, "TABLE_TIMEOUT", 10.0)
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 10.0)
    with LocalTable(player=player) as local:
        for name, value in local.environ.items():
            monkeypatch.setenv(name, value)
        yield local


@pytest.fixture(scope="session")
def whole_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of all comics of the stand-in, made now."""
    return write_archive(tmp_path_factory.mktemp("archive") / "archive.sqlite", made_at=time.time())


@pytest.fixture
def make_app(xkcd: StandIn) -> Iterator[Callable[..., XkcdGather]]:
    """Makes applications that ask the stand-in; keyword arguments are those of Settings."""
    with ExitStack() as stack:

        def make(**settings: Any) -> XkcdGather:
            app = create_app(
                Settings(**{"xkcd_url": xkcd.url, "images_url": xkcd.url, "floor": xkcd.latest, **settings})
            )
            app.test_client_class = ContractClient
            stack.callback(app.close)
            return app

        yield make


@pytest.fixture
def app(make_app: Callable[..., XkcdGather]) -> XkcdGather:
    return make_app()


@pytest.fixture
def client(app: XkcdGather) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip for Lambda, as `make package` builds it."""
    built = tmp_path_factory.mktemp("package") / "function.zip"
    build_zip.build(built, python313.find())
    return built


@pytest.fixture(scope="session")
def local_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same zip with wheels for this machine, where those for Lambda's cannot run."""
    built = tmp_path_factory.mktemp("local package") / "function.zip"
    build_zip.build(built, python313.find(), build_zip.LOCAL_WHEELS)
    return built


@pytest.fixture
def task_root(local_package: Path, tmp_path: Path) -> Path:
    """A directory that holds what is in that zip, and nothing else."""
    root = tmp_path / "task"
    with ZipFile(local_package) as files:
        files.extractall(root)
    return root
