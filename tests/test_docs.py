"""The pages under docs/, as far as a machine can tell that they are right."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.settings import FLOOR, FLOOR_DATE, VERSION, Settings
from app.web.contract import contract
from tests.commands import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives the page's headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_another_page_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), f"{target}#{anchor}"


@pytest.mark.parametrize("column", [2, 3, 4], ids=["nothing-kept", "memory-and-table", "and-cloudfront"])
def test_what_a_million_requests_cost_is_the_sum_of_its_parts(column: int) -> None:
    section = (ROOT / "docs/costs.md").read_text().partition("\n## A million requests\n")[2].partition("\n## ")[0]
    rows = [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in section.splitlines() if line[:2] == "| "]
    *parts, total = [row[column] for row in rows[1:]]
    assert f"{sum(float(part) for part in parts if part != '–'):.2f}" == total


def test_the_version_is_the_same_everywhere() -> None:
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert (contract()["info"]["version"], releases[0]) == (VERSION, VERSION)


class Recorder(Mapping[str, str]):
    """An empty environment that records which variables are read."""

    def __init__(self) -> None:
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_every_variable_of_the_service_is_documented() -> None:
    environ = Recorder()
    Settings.from_environ(environ)
    section = (ROOT / "docs/configuration.md").read_text().partition("## The service\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_0-9]+)`", section, re.M)) == environ.read


def test_the_default_floor_and_its_date_are_documented() -> None:
    date = f"{datetime.fromtimestamp(FLOOR_DATE, UTC):%Y-%m-%d}"
    assert f"since the default's date, {date} |" in (ROOT / "docs/caching.md").read_text()
    assert f"| `XKCD_FLOOR` | {FLOOR} |" in (ROOT / "docs/configuration.md").read_text()


def test_the_readme_is_read_in_two_minutes() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 110
