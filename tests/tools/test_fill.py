"""`make fill` and the tools under it, as a developer uses them."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from functools import partial
from pathlib import Path

import pytest

from tests.commands import ROOT
from tools.stand_in import StandIn
from tools.table import LocalTable, refusal

TREES = "/comics/tree_cropped_(1).jpg"
"""The image of comic 2."""


def start(xkcd: StandIn, **environ: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tools.fill"],
        cwd=ROOT,
        env={**os.environ, **xkcd.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def has_asked(xkcd: StandIn, times: int) -> bool:
    """Whether the latest comic was asked for that often."""
    return xkcd.asked["/info.0.json"] == times


def run(xkcd: StandIn, **environ: str) -> tuple[int, str, str]:
    with start(xkcd, **environ) as process:
        said, logged = process.communicate()
    return process.returncode, said, logged


def test_filling_brings_everything_and_begun_again_has_nothing_to_do(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 40
    code, said, logged = run(xkcd)
    assert (code, logged) == (0, f"Filling {table.name} from {xkcd.url}\nLooking up images\n")
    assert re.fullmatch(
        rf"39 comics written to {table.name} in \d+ s, 0 failed\.\n40 images looked up, 0 failed\.\n", said
    )
    assert table.items().keys() == set(range(41))
    assert [num for num, item in table.items().items() if "image" not in item] == [0]
    xkcd.asked.clear()
    code, said, _ = run(xkcd)
    assert (code, xkcd.asked) == (0, {"/info.0.json": 1})
    assert said.startswith(f"0 comics written to {table.name} in ")


def test_filling_is_from_xkcd_and_not_from_an_archive(xkcd: StandIn, table: LocalTable, whole_archive: Path) -> None:
    xkcd.latest = 3
    code, said, _ = run(xkcd, ARCHIVE=str(whole_archive))
    assert (code, said.startswith(f"2 comics written to {table.name} in ")) == (0, True)
    assert table.items().keys() == {0, 1, 2, 3}


def test_what_failed_is_tried_once_more(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 9
    xkcd.passing_faults = ["html", "closed-afterwards"]  # the last hits the first request, which is for the latest
    code, said, logged = run(xkcd)
    reason = "xkcd failed (invalid) in 1 requests: xkcd's answer for comic 8 is not JSON. "
    assert code == 0
    assert logged.startswith(f"Filling {table.name} from {xkcd.url}\n{reason}")
    assert logged.endswith("Once more\nLooking up images\n")
    assert said.startswith(f"8 comics written to {table.name} in ")


def test_filling_without_a_table_brings_one_of_its_own(xkcd: StandIn) -> None:
    xkcd.latest = 3
    code, said, _ = run(xkcd, COMICS_TABLE="")
    assert (code, said.startswith("2 comics written to comics-1 in ")) == (0, True)


def test_what_could_not_be_had_is_told_and_is_no_success(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 9
    xkcd.faults[5] = "html"
    code, said, _ = run(xkcd)
    assert code == 1
    assert re.fullmatch(
        r"7 comics written to .* in \d+ s, 1 failed\.\n1 are still missing\.\nRun it again to continue\.\n", said
    )


def test_a_refusal_ends_it_with_the_reason(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 20
    xkcd.faults |= dict.fromkeys(range(10, 15), "429")
    code, said, _ = run(xkcd)
    assert code == 1
    assert said.startswith(f"5 comics written to {table.name} in ")
    assert said.endswith("14 are still missing: xkcd is rate-limiting us (429).\nRun it again to continue.\n")


@pytest.mark.parametrize("xkcd_in_trouble", [True, False], ids=["xkcd", "table"])
def test_what_cannot_even_begin_says_why(xkcd: StandIn, table: LocalTable, xkcd_in_trouble: bool) -> None:
    if xkcd_in_trouble:
        xkcd.faults[0] = "html"
    else:
        table.faults["Scan"] = refusal("AccessDeniedException")
    code, said, logged = run(xkcd)
    assert (code, said) == (1, "")
    why = "xkcd's answer for the latest comic is not JSON." if xkcd_in_trouble else "AccessDeniedException"
    assert f"{table.name} could not be filled: " in logged
    assert why in logged


def test_interrupted_it_keeps_what_it_has_and_continues_later(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 40
    xkcd.faults[20] = "silence"
    with start(xkcd) as process:
        assert xkcd.wait_until(lambda: "/20/info.0.json" in xkcd.asked, seconds=20)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate()
    kept = table.items().keys() - {0}
    assert kept
    message = f"Interrupted: {table.name} keeps what it has. {39 + 1 - len(kept)} comics are missing."
    assert process.returncode == 1
    assert logged.endswith(f"\n{message} Run it again to continue.\n")
    xkcd.faults.clear()
    code, said, _ = run(xkcd)
    assert (code, said.split()[0]) == (0, str(40 - len(kept)))


def test_interrupted_before_the_latest_is_known_it_cannot_count(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.faults[0] = "silence"
    with start(xkcd) as process:
        assert xkcd.wait_until(lambda: "/info.0.json" in xkcd.asked, seconds=20)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate()
    assert logged.endswith(f"Interrupted: {table.name} keeps what it has. Run it again to continue.\n")


def test_interrupted_when_it_is_complete_it_says_so(xkcd: StandIn, table: LocalTable) -> None:
    """In the second pass, for a comic that another process has written meanwhile."""
    xkcd.latest = 3
    run(xkcd)
    xkcd.faults[3] = "silence"  # the latest, which a second run asks for first
    with start(xkcd) as process:
        assert xkcd.wait_until(lambda: xkcd.asked["/info.0.json"] == 2, seconds=20)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate()
    assert logged.endswith(f"Interrupted, but {table.name} is complete.\n")


def test_images_that_fail_are_tried_once_more_and_left_for_the_next_run(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 3
    xkcd.image_faults[TREES] = "503"
    code, said, logged = run(xkcd)
    assert (code, logged.endswith("\nOnce more\n")) == (1, False)
    assert re.search(r"\n2 images looked up, \d failed\.\n1 are left: .*\(503\)\.\nRun it again to continue\.\n$", said)
    xkcd.image_faults.clear()
    code, said, _ = run(xkcd)
    assert (code, said.endswith("\n1 images looked up, 0 failed.\n")) == (0, True)


def test_interrupted_among_images_it_says_how_many_are_left(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 3
    xkcd.image_faults[TREES] = "silence"
    with start(xkcd, FILL_AT_ONCE="1") as process:
        assert xkcd.wait_until(lambda: TREES in xkcd.asked, seconds=20)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate()
    left = "has all comics: 2 images are to be looked up. Run it again to continue."
    assert logged.endswith(f"\nInterrupted, but {table.name} {left}\n")


def test_ctrl_c_in_a_terminal_ends_it_each_time(xkcd: StandIn, table: LocalTable) -> None:
    """A terminal sends the signal to the whole process; any of its threads may receive it."""
    xkcd.faults[0] = "silence"
    for turn in range(1, 6):
        controller, terminal = os.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "tools.fill"],
            cwd=ROOT,
            env={**os.environ, **xkcd.environ},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        ) as process:
            os.close(terminal)
            assert xkcd.wait_until(partial(has_asked, xkcd, turn), seconds=20)
            os.write(controller, b"\x03")
            assert process.wait(20) == 1
        os.close(controller)


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8001"], ids=["forgotten", "named"])
def test_a_table_in_aws_is_not_filled_from_a_stand_in(xkcd: StandIn, url: str) -> None:
    environ = {"COMICS_TABLE": "xkcd-gather-dev", "XKCD_URL": url, "AWS_ENDPOINT_URL_DYNAMODB": ""}
    assert run(xkcd, **environ) == (
        2,
        "",
        "xkcd-gather-dev is a table in AWS and is not filled from a stand-in: "
        "set XKCD_URL=https://xkcd.com to fill it from xkcd.\n",
    )


def test_without_a_region_it_says_so_in_one_line(
    xkcd: StandIn, table: LocalTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    assert run(xkcd, AWS_CONFIG_FILE=os.devnull) == (
        2,
        "",
        "The table cannot be used: set AWS_REGION to its region, such as 'eu-central-1'.\n",
    )


def test_a_table_of_its_own_is_filled_whatever_region_the_developer_has(xkcd: StandIn) -> None:
    xkcd.latest = 3
    code, _, said = run(xkcd, AWS_REGION="us-east-1")
    assert (code, "does without" in said) == (0, False)
