"""`make audit` finds vulnerabilities, and never takes a lock for harmless of which it learnt nothing."""

import re
import sys

import pytest

from tests.commands import ROOT
from tools import audit

HARMLESS = [sys.executable, "-c", "print('found 0 vulnerabilities')"]
VULNERABLE = [sys.executable, "-c", "print('jinja2 2.10 CVE-2019-10906'); raise SystemExit(1)"]
UNREACHED = [sys.executable, "-c", "raise SystemExit('Failed to resolve')"]


def test_where_nothing_is_known_it_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main({"a.txt": HARMLESS}) == 0
    assert capsys.readouterr() == ("", "")


def test_a_known_vulnerability_is_shown_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main({"a.txt": VULNERABLE, "b.txt": HARMLESS}) == 1
    assert capsys.readouterr() == ("a.txt:\njinja2 2.10 CVE-2019-10906\n\n", "")


def test_where_no_advisory_can_be_reached_one_line_says_so_and_it_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main({"a.txt": UNREACHED, "b.txt": HARMLESS, "c.json": UNREACHED}) == 1
    expected = "Not audited, as their advisories cannot be reached from here: a.txt, c.json.\n"
    assert capsys.readouterr() == ("", expected)


def test_every_lock_of_the_project_is_audited() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (loop,) = re.findall(r"for name in requirements\{,([\w,-]+)\} bench/requirements;", makefile)
    python = {f"requirements{suffix}.txt" for suffix in ["", *loop.split(",")]} | {"bench/requirements.txt"}
    assert set(audit.AUDITS) == python | {"package-lock.json", "tools/lint/package-lock.json"}
