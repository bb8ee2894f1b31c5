"""`make fill` and the tools under it, as a developer uses them."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.commands import ROOT
from tools.stand_in import StandIn
from tools.table import LocalTable, refusal


def start(xkcd: StandIn, **environ: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tools.fill"],
        cwd=ROOT,
        env={**os.environ, "XKCD_URL": xkcd.url, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(xkcd: StandIn, **environ: str) -> tuple[int, str, str]:
    with start(xkcd, **environ) as process:
        said, logged = process.communicate()
    return process.returncode, said, logged


def test_filling_brings_everything_and_begun_again_has_nothing_to_do(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 40
    code, said, logged = run(xkcd)
    assert (code, logged) == (0, f"Filling {table.name}\n")
    assert re.fullmatch(rf"39 comics brought into {table.name} in \d+ s, 0 failed\.\n", said)
    assert table.items().keys() == set(range(41))
    xkcd.asked.clear()
    code, said, _ = run(xkcd)
    assert (code, xkcd.asked) == (0, {"/info.0.json": 1})
    assert said.startswith(f"0 comics brought into {table.name} in ")


def test_what_failed_is_tried_once_more(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 9
    xkcd.passing_faults = ["html", "closed-afterwards"]  # the last befalls the first request, which is for the latest
    code, said, logged = run(xkcd)
    reason = "xkcd failed (invalid) in 1 requests: xkcd's answer for comic 8 is not JSON. "
    assert code == 0
    assert logged.startswith(f"Filling {table.name}\n{reason}")
    assert logged.endswith("Once more\n")
    assert said.startswith(f"8 comics brought into {table.name} in ")


def test_filling_without_a_table_brings_one_of_its_own(xkcd: StandIn) -> None:
    xkcd.latest = 3
    code, said, _ = run(xkcd, COMICS_TABLE="")
    assert (code, said.startswith("2 comics brought into comics-1 in ")) == (0, True)


def test_what_could_not_be_had_is_told_and_is_no_success(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 9
    xkcd.faults[5] = "html"
    code, said, _ = run(xkcd)
    assert code == 1
    assert re.fullmatch(
        r"7 comics brought into .* in \d+ s, 1 failed\.\n1 are still missing\.\nBegin again to go on\.\n", said
    )


def test_a_refusal_ends_it_with_the_reason(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 20
    xkcd.faults |= dict.fromkeys(range(10, 15), "429")
    code, said, _ = run(xkcd)
    assert code == 1
    assert said.startswith(f"5 comics brought into {table.name} in ")
    assert said.endswith("14 are still missing: xkcd is rate-limiting us (429).\nBegin again to go on.\n")


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


def test_interrupted_it_keeps_what_it_has_and_goes_on_later(xkcd: StandIn, table: LocalTable) -> None:
    xkcd.latest = 40
    xkcd.faults[20] = "silence"
    with start(xkcd) as process:
        assert xkcd.wait_until(lambda: "/20/info.0.json" in xkcd.asked, seconds=20)
        process.send_signal(signal.SIGINT)
        _, logged = process.communicate()
    assert (process.returncode, f"Interrupted: {table.name} keeps what it has; begin again to go on." in logged) == (
        1,
        True,
    )
    had = table.items().keys() - {0}
    assert had
    xkcd.faults.clear()
    code, said, _ = run(xkcd)
    assert (code, said.split()[0]) == (0, str(40 - len(had)))
