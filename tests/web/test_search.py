"""Searches by HTTP: the document, paging, filters, refusals, and comics newer than the archive."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from tests.archives import alter, write_archive
from tests.rig import nums
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn

MakeApp = Callable[..., XkcdGather]

FIVE_MINUTES = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
LICENSE = '<https://creativecommons.org/licenses/by-nc/2.5/>; rel="license"'


@pytest.fixture
def client(make_app: MakeApp, whole_archive: Path) -> FlaskClient:
    return make_app(archive=str(whole_archive)).test_client()


def detail(client: FlaskClient, query: str) -> str:
    answer = client.get(f"/comics?{query}")
    assert (answer.status_code, answer.json["title"]) == (400, "Bad request")
    text: str = answer.json["detail"]
    return text


def test_a_search_is_the_document_of_comics_with_matches(client: FlaskClient) -> None:
    answer = client.get("/comics?q=xkcd+woodpeker&fields=num,title")
    assert answer.json == {
        "comics": [
            {
                "num": 614,
                "title": "Woodpecker",
                "match": {"field": "title", "snippet": "Woodpecker", "marks": [[0, 10]]},
            }
        ],
        "failures": [],
        "complete": True,
        "latest": 2665,
        "credit": "xkcd.com by Randall Munroe",
        "license": "https://creativecommons.org/licenses/by-nc/2.5/",
        "search": {
            "query": "xkcd woodpeker",
            "total": 1,
            "offset": 0,
            "relaxed": False,
            "replaced": {"woodpeker": "woodpecker"},
            "comics": 2664,
            "transcripts_until": 1674,
        },
    }
    assert answer.headers["Cache-Control"] == FIVE_MINUTES
    assert answer.headers["Link"] == LICENSE


def test_all_fields_are_those_of_a_gathering_and_the_match(client: FlaskClient) -> None:
    (found,) = client.get("/comics?q=title:woodpecker").json["comics"]
    (gathered,) = client.get("/comics?n=614").json["comics"]
    assert found == {**gathered, "source": "archive", "match": found["match"]}


def test_nothing_found_is_an_answer_too(client: FlaskClient) -> None:
    answer = client.get("/comics?q=xqzvk")
    assert (answer.status_code, answer.json["comics"], answer.json["search"]["total"]) == (200, [], 0)
    assert answer.json["complete"] is True


def test_some_words_are_enough_if_no_comic_has_all(client: FlaskClient) -> None:
    search = client.get("/comics?q=woodpecker+velociraptor+sqlite&fields=num").json["search"]
    assert search["relaxed"] is True
    assert search["total"] > 1


def test_the_pages_of_a_search_have_every_comic_once(client: FlaskClient) -> None:
    url: str | None = "/comics?q=velociraptor&limit=2&fields=num&from=2006"
    found: list[int] = []
    total = client.get(url or "").json["search"]["total"]
    while url is not None:
        answer = client.get(url)
        found += nums(answer.json["comics"])
        links = answer.headers["Link"].split(", ")
        url = next((link[1:].partition(">")[0] for link in links if 'rel="next"' in link), None)
    assert len(found) == len(set(found)) == total > 2


def test_the_next_page_is_that_of_the_same_search(client: FlaskClient) -> None:
    answer = client.get("/comics?q=sudo+%22make+me%22%26&limit=1&fields=num&offset=0")
    assert answer.headers["Link"] == (
        f'</comics?q=sudo+%22make+me%22%26&limit=1&fields=num&offset=1>; rel="next", {LICENSE}'
        if answer.json["search"]["total"] > 1
        else LICENSE
    )


def test_a_page_after_the_last_is_empty(client: FlaskClient) -> None:
    answer = client.get("/comics?q=woodpecker&offset=9999")
    assert (answer.json["comics"], answer.json["search"]["offset"]) == ([], 9999)
    assert answer.json["search"]["total"] > 0


@pytest.mark.parametrize(
    ("days", "years"),
    [("from=2012&until=2012", {"2012"}), ("until=2006-12-31", {"2005", "2006"}), ("from=2022-08-01", {"2022"})],
)
def test_a_search_can_be_for_comics_of_some_days(client: FlaskClient, days: str, years: set[str]) -> None:
    comics = client.get(f"/comics?q=the&{days}&limit=100&fields=date").json["comics"]
    assert comics
    assert {comic["date"][:4] for comic in comics} <= years


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("q=", "'q' is empty: give it words to search for, such as q=bobby tables."),
        ("q=%20%09", "'q' is empty: give it words to search for, such as q=bobby tables."),
        ("q=a&q=b", "'q' is given 2 times: give it once."),
        ("q=" + "a" * 501, "'q' has 501 characters: give it up to 500."),
        ("q=" + "a+" * 40, "'q' has 40 words: give it up to 32."),
        ("q=a&n=1", "'q' and 'n' cannot be combined: give one of them."),
        ("q=a&random=1", "'q' and 'random' cannot be combined: give one of them."),
        ("q=a&seed=1", "'q' and 'seed' cannot be combined: give one of them."),
        ("q=a&latest=1", "'q' and 'latest' cannot be combined: give one of them."),
        ("q=a&since=1", "'q' and 'since' cannot be combined: give one of them."),
        ("limit=5", "'limit' works with 'q': say what to search for, as in q=sandwich&limit=5."),
        ("latest=5&offset=5", "'offset' works with 'q': say what to search for, as in q=sandwich&offset=10."),
        ("from=2009", "'from' works with 'q': say what to search for, as in q=sandwich&from=2009."),
        ("until=2009", "'until' works with 'q': say what to search for, as in q=sandwich&until=2009."),
        ("q=a&limit=0", "'limit' must be a number from 1 to 100, not '0'."),
        ("q=a&limit=101", "'limit' must be a number from 1 to 100, not '101'."),
        ("q=a&offset=-1", "'offset' must be a number from 0 to 9999, not '-1'."),
        ("q=a&offset=10000", "'offset' must be a number from 0 to 9999, not '10000'."),
        ("q=a&from=20", "'from' must be a date such as 2009-07-24, or a year such as 2009, not '20'."),
        ("q=a&from=2009-02-30", "'from' must be a date such as 2009-07-24, or a year such as 2009, not '2009-02-30'."),
        ("q=a&until=0000", "'until' must be a date such as 2009-07-24, or a year such as 2009, not '0000'."),
        ("q=a&from=2010&until=2009", "'until' must not be before 'from', but 2009-12-31 is before 2010-01-01."),
        ("q=a&fields=match", "A comic has no field 'match'."),
    ],
)
def test_a_search_that_makes_no_sense_is_refused_with_what_would(client: FlaskClient, query: str, why: str) -> None:
    assert detail(client, query).startswith(why)


@pytest.mark.parametrize(
    "text", ['"', '"' * 300, "NEAR(", "title:", "*", "\0", "😀", "'; DROP TABLE texts;--", "\udcff"]
)
def test_no_text_is_a_database_error(client: FlaskClient, text: str) -> None:
    answer = client.get(f"/comics?q={quote(text, errors='surrogatepass')}&fields=num")
    assert answer.status_code == 200


def test_without_an_archive_a_search_is_a_503_that_says_how_to_get_one(make_app: MakeApp) -> None:
    answer = make_app().test_client().get("/comics?q=sandwich")
    assert (answer.status_code, answer.json["title"]) == (503, "No archive")
    assert "`make archive`" in answer.json["detail"]


def test_without_an_index_a_search_is_a_503_and_all_else_works(make_app: MakeApp, tmp_path: Path) -> None:
    path = alter(write_archive(tmp_path / "archive.sqlite", [1]), "DROP TABLE texts")
    client = make_app(archive=str(path)).test_client()
    answer = client.get("/comics?q=sandwich")
    assert (answer.status_code, answer.json["detail"]) == (
        503,
        "This service cannot search, because its archive has no usable index: no such table: texts.",
    )
    assert client.get("/comics?n=1").json["complete"] is True


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An archive that was made before 2664 and 2665 came out."""
    return write_archive(tmp_path / "archive.sqlite", [1, 614, 2663], latest=2663)


def test_comics_newer_than_the_archive_are_searched_too(make_app: MakeApp, old: Path, xkcd: StandIn) -> None:
    client = make_app(archive=str(old)).test_client()
    answers = [client.get("/comics?q=america+songs&fields=num,source").json for _ in range(2)]
    assert [answer["comics"][0]["num"] for answer in answers] == [2665, 2665]
    assert [answer["search"]["comics"] for answer in answers] == [5, 5]
    assert xkcd.asked == {"/info.0.json": 1, "/2664/info.0.json": 1}


def test_newer_comics_that_could_not_be_searched_are_named(make_app: MakeApp, old: Path, xkcd: StandIn) -> None:
    xkcd.faults[2664] = "503"
    answer = make_app(archive=str(old)).test_client().get("/comics?q=woodpecker&fields=num")
    assert (answer.status_code, nums(answer.json["comics"])) == (200, [614])
    assert [failure["num"] for failure in answer.json["failures"]] == [2664]
    assert answer.json["complete"] is False
    assert answer.headers["Cache-Control"] == "no-store"


def test_of_more_than_a_hundred_newer_comics_the_newest_are_searched(make_app: MakeApp, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.sqlite", [1], latest=2500)
    client = make_app(archive=str(path)).test_client()
    for _ in range(2):
        answer = client.get("/comics?q=america+songs&fields=num").json
        assert (answer["comics"][0]["num"], answer["search"]["comics"]) == (2665, 101)


def test_a_renewed_comic_is_shown_as_it_is_now(
    make_app: MakeApp, tmp_path: Path, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "renamed", changed(title="A woodpecker by another name"))
    xkcd.faults[614] = "renamed"
    path = alter(write_archive(tmp_path / "archive.sqlite", [614]), "UPDATE comics SET fetched_at = 0")
    client = make_app(archive=str(path)).test_client()
    (comic,) = client.get("/comics?q=title:woodpecker").json["comics"]
    assert comic["title"] == comic["match"]["snippet"] == "A woodpecker by another name"
    assert nums(client.get("/comics?q=another+name").json["comics"]) == [614]


@pytest.mark.parametrize("path", ["/comics?q=woodpecker", "/?q=woodpecker"])
def test_if_none_of_the_comics_found_comes_it_is_a_problem(
    make_app: MakeApp, tmp_path: Path, xkcd: StandIn, path: str
) -> None:
    archive = alter(write_archive(tmp_path / "archive.sqlite", [614]), "UPDATE comics SET record = '[]'")
    xkcd.faults[614] = "503"
    answer = make_app(archive=str(archive)).test_client().get(path)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")


def test_with_xkcd_gone_the_archive_is_searched(make_app: MakeApp, old: Path) -> None:
    answer = make_app(archive=str(old), xkcd_url="http://127.0.0.1:9").test_client().get("/comics?q=woodpecker")
    assert nums(answer.json["comics"]) == [614]
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_answer_to_a_search_has_an_etag_of_all_that_it_shows(client: FlaskClient) -> None:
    etags = [
        client.get(f"/comics?{query}").headers["ETag"]
        for query in (
            "q=woodpecker&limit=1",
            "q=woodpecker&limit=1",
            "q=Woodpecker&limit=1",
            "q=woodpecker&limit=1&from=2006",
        )
    ]
    assert etags[0] == etags[1]
    assert len(set(etags)) == 3
    assert client.get("/comics?q=woodpecker&limit=1", headers={"If-None-Match": etags[0]}).status_code == 304


def test_a_browser_learns_how_to_search_here(client: FlaskClient) -> None:
    answer = client.get("/opensearch.xml")
    namespace = "{http://a9.com/-/spec/opensearch/1.1/}"
    description = ET.fromstring(answer.data)
    url = description.find(f"{namespace}Url")
    assert answer.mimetype == "application/opensearchdescription+xml"
    assert description.findtext(f"{namespace}ShortName") == "xkcd"
    assert url is not None
    assert url.attrib == {"type": "text/html", "template": "/?q={searchTerms}"}
