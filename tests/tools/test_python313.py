"""Where Lambda's Python is looked for on this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ROOT
from tools import python313


def executable(path: Path, exit_status: int) -> str:
    """A program in the place of a Python, which says with its exit status whether it is a 3.13."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nexit {exit_status}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory on a machine that has no Python 3.13."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("PYTHON313", raising=False)
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return tmp_path


def test_it_is_the_one_that_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = executable(home / "mine", 0)
    executable(home / "bin/python3.13", 0)
    monkeypatch.setenv("PYTHON313", named)
    assert python313.find() == named


@pytest.mark.parametrize("named", ["missing", "wrong"])
def test_a_name_of_anything_else_is_an_error(named: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(home / "bin/wrong", 1)
    monkeypatch.setenv("PYTHON313", named)
    with pytest.raises(ValueError, match=rf"^PYTHON313 is '{named}', which is not a Python 3\.13$"):
        python313.find()


def test_it_is_the_one_on_the_path(home: Path) -> None:
    on_path = executable(home / "bin/python3.13", 0)
    executable(home / ".pyenv/versions/3.13.1/bin/python3.13", 0)
    assert python313.find() == on_path


def test_it_is_the_latest_that_pyenv_has_where_the_one_on_the_path_does_not_run(home: Path) -> None:
    executable(home / "bin/python3.13", 127)  # as pyenv's own does while no 3.13 is activated
    for version in ("3.13.2", "3.13.10", "3.12.99", "3.13.x"):
        executable(home / f".pyenv/versions/{version}/bin/python3.13", 0)
    assert python313.find() == str(home / ".pyenv/versions/3.13.10/bin/python3.13")


def test_pyenv_may_be_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(home / "elsewhere"))
    found = executable(home / "elsewhere/versions/3.13.0/bin/python3.13", 0)
    assert python313.find() == found


def test_a_version_without_a_program_is_passed_over(home: Path) -> None:
    (home / ".pyenv/versions/3.13.5").mkdir(parents=True)
    assert python313.find() is None


def deploy(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """What `make deploy` does about Lambda's Python on a machine that has none."""
    environ = {**os.environ, "PYTHON313": "", "PYENV_ROOT": "/nowhere", "HOME": "/nowhere"}
    environ["PATH"] = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    command = ["make", "--no-print-directory", "--old-file=.stamps/python", "lambda-python", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_deploying_without_it_asks_for_it() -> None:
    refused = deploy()
    assert refused.returncode != 0
    advice, override = refused.stderr.splitlines()[:2]
    assert (advice, override) == (
        python313.ADVICE,
        "With UNCOMPILED=1 it is deployed without compiled files, and starts half as fast.",
    )


def test_deploying_without_it_on_purpose_is_possible() -> None:
    assert deploy("UNCOMPILED=1").returncode == 0
