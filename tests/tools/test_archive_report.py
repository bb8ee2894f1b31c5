"""What is refused before an archive is deployed."""

import subprocess
from pathlib import Path

import pytest

from tests.archives import write_archive
from tests.commands import ROOT


def deploy(archive: Path | str) -> tuple[int, str, str]:
    """What `make deploy` says before it packages."""
    command = ["/usr/bin/make", "--no-print-directory", "-o", ".stamps/python", "real-archive", f"ARCHIVE={archive}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr.splitlines()[0] if done.stderr else ""


def test_an_archive_that_was_not_made_from_xkcd_is_not_deployed_and_how_to_make_the_right_one_is_told(
    tmp_path: Path,
) -> None:
    path = write_archive(tmp_path / "archive.sqlite", [1], source="the stand-in")
    assert deploy(path) == (
        2,
        "",
        "archive.sqlite was made from the stand-in, not from https://xkcd.com, so it is not deployed. "
        "`rm archive.sqlite; make archive XKCD_URL=https://xkcd.com` makes the right one, "
        "and ARCHIVE= deploys without one.",
    )


def test_a_damaged_archive_is_not_deployed(tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite"
    path.write_bytes(b"rubbish" * 999)
    assert deploy(path) == (2, "", f"{path} is not a usable archive: file is not a database")


@pytest.mark.parametrize("archived", [True, False])
def test_an_archive_of_xkcds_comics_or_none_is_deployed(tmp_path: Path, archived: bool) -> None:
    assert deploy(write_archive(tmp_path / "archive.sqlite", [1]) if archived else "") == (0, "", "")


def test_deploying_begins_with_that() -> None:
    shown = ["/usr/bin/make", "--no-print-directory", "--dry-run", "deploy", "STAGE=dev"]
    recipe = subprocess.run(shown, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert recipe.index("tools.archive_report") < recipe.index("tools.build_zip") < recipe.index("deploy --stage dev")
