"""The page of a search's results."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import render_template

from app.application import XkcdGather
from app.errors import BadAnswer
from app.gathering.gathered import Failure
from tests.records import found


@dataclass
class Search:
    """How a search went."""

    query: str = "bobby tables"
    total: int = 2
    offset: int = 0
    relaxed: bool = False
    replaced: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Match:
    """Where a comic matches."""

    field: str
    snippet: str
    marks: list[list[int]]


Render = Callable[..., str]


@pytest.fixture
def render(make_app: Callable[..., XkcdGather], whole_archive: Path) -> Render:
    """Renders the page of these comics."""
    app = make_app(archive=str(whole_archive))

    def render(
        *nums: int,
        search: Search | None = None,
        matches: Mapping[int, Match] | None = None,
        failures: tuple[Failure, ...] = (),
        next_page: str | None = None,
    ) -> str:
        gathered = SimpleNamespace(comics=[found(num) for num in nums], failures=failures)
        shown = {"search": search or Search(), "matches": matches or {}, "gathered": gathered, "next_page": next_page}
        with app.test_request_context("/"):
            return render_template("search.html", **shown)

    return render


def test_the_results_are_a_list_with_what_matched(render: Render) -> None:
    page = render(
        327,
        614,
        matches={327: Match("alt", "a driver's license", [[2, 8]]), 614: Match("title", "Woodpecker", [[0, 4]])},
    )
    assert re.findall('data-num="(.*?)"', page) == ["327", "614"]
    assert '<p class="snippet">a <mark>driver</mark>&#39;s license</p>' in page
    assert "<bdi><mark>Wood</mark>pecker</bdi>" in page
    assert f'<p class="snippet">{found(614).comic.alt}</p>' in unescape(page)
    assert '<a href="/327/">' in page
    assert "<h1>2 comics for “bobby tables”</h1>" in page
    assert '<input id="q" name="q" type="search" value="bobby tables" ' in page
    assert "More results" not in page


def test_marks_are_the_only_markup_in_a_match(render: Render) -> None:
    match = Match("transcript", "<b> & <i> <u>", [[0, 3], [6, 9]])
    page = render(614, matches={614: match})
    assert '<p class="snippet"><mark>&lt;b&gt;</mark> &amp; <mark>&lt;i&gt;</mark> &lt;u&gt;</p>' in page
    assert "in the transcript" in page


def test_it_goes_on_with_the_next_page(render: Render) -> None:
    page = render(614, search=Search(total=37, offset=10), next_page="/?q=bobby+tables&offset=20")
    assert "37 comics for" in page
    assert '<ol class="results" start="11">' in page
    assert '<a id="next-page" class="button" href="/?q=bobby+tables&amp;offset=20" rel="next">More results</a>' in page


def test_other_words_than_those_asked_for_are_named(render: Render) -> None:
    page = render(614, search=Search("standrads", total=1, relaxed=True, replaced={"standrads": "standards"}))
    assert "No comic has “standrads”: searched for “standards”." in page
    assert "No comic has all these words. These have some of them." in page
    assert "<h1>1 comic for “standrads”</h1>" in page


def test_nothing_found_offers_a_random_comic(render: Render) -> None:
    page = render(search=Search("<xyzzy>", total=0))
    assert "<h1>Nothing for “&lt;xyzzy&gt;”</h1>" in page
    assert '<a class="button" href="/comic">A random comic instead</a>' in page


def test_a_page_beyond_the_last_says_so(render: Render) -> None:
    assert "There are no more of them." in render(search=Search(offset=100))


def test_a_comic_that_could_not_be_fetched_is_in_the_list(render: Render) -> None:
    page = render(614, failures=(Failure(327, BadAnswer("It is rubbish.")),))
    assert "It is rubbish." in page
    assert '<a href="/327/" aria-label="Try comic 327 again">' in page
