"""All known comics: their titles, as JSON or as a page, and all of them as lines of JSON."""

import gzip
import json
import re
import time
import zlib
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from app.comics.comic import Comic
from app.comics.found import Found
from app.web import archive as routes
from tests.archives import alter, write_archive
from tests.records import NOW, found
from tools.stand_in import StandIn, records

MakeApp = Callable[..., XkcdGather]

FIVE_MINUTES = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
NDJSON = "application/x-ndjson"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of a few comics, made before 2664 and 2665 came out."""
    return write_archive(tmp_path / "archive.sqlite", [1, 614, 259, 2663], latest=2663)


@pytest.fixture
def client(make_app: MakeApp, archive: Path) -> FlaskClient:
    return make_app(archive=str(archive)).test_client()


@pytest.fixture
def whole(make_app: MakeApp, whole_archive: Path) -> FlaskClient:
    """A client of an application with an archive of all comics of the stand-in."""
    return make_app(archive=str(whole_archive)).test_client()


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def listed(page: str) -> list[str]:
    """The items of the page, years and comics, as text without tags."""
    items = re.findall(r"<h2 [^>]*>(\d+)</h2>|<li>(\d+ <a .*?</a>)", page)
    return [unescape(re.sub("<[^>]*>", "", year or comic)) for year, comic in items]


def test_the_titles_are_those_of_the_archive(client: FlaskClient, xkcd: StandIn) -> None:
    answer = client.get("/archive")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {
        "comics": [
            {"num": 1, "title": "Barrel - Part 1", "date": "2006-01-01"},
            {"num": 259, "title": "Clichéd Exchanges", "date": "2007-05-09"},
            {"num": 614, "title": "Woodpecker", "date": "2009-07-24"},
            {"num": 2663, "title": "Tetherball Configurations", "date": "2022-08-24"},
        ],
        "count": 4,
        "latest": 2663,
        "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW)),
        "credit": "xkcd.com by Randall Munroe",
        "license": "https://creativecommons.org/licenses/by-nc/2.5/",
    }
    assert xkcd.asked == {}


def test_a_line_is_the_comic_as_a_gathering_has_it(client: FlaskClient, xkcd: StandIn) -> None:
    answer = client.get("/archive.ndjson")
    comics = client.get("/comics?n=1,259,614,2663").json["comics"]
    assert (answer.status_code, answer.mimetype) == (200, NDJSON)
    assert lines(answer.text) == [
        {name: value for name, value in comic.items() if name not in ("source", "stale")} for comic in comics
    ]
    assert xkcd.asked == {}


def test_the_whole_archive_is_in_each_form(whole: FlaskClient) -> None:
    titles = whole.get("/archive").json
    assert (titles["count"], titles["latest"]) == (len(records()), max(records()))
    assert [comic["num"] for comic in titles["comics"]] == sorted(records())
    assert [comic["num"] for comic in lines(whole.get("/archive.ndjson").text)] == sorted(records())
    page = listed(whole.get("/archive", headers=BROWSER).text)
    assert [int(item.split()[0]) for item in page if " " in item] == sorted(records(), reverse=True)


def test_a_line_is_one_for_clients_that_know_other_ends_of_lines_too(make_app: MakeApp, tmp_path: Path) -> None:
    odd = Comic.from_record({**found(614).comic.record, "alt": "one\u2028two\u0085three"})
    path = write_archive(tmp_path / "archive.sqlite", [Found(odd, NOW)])
    text = make_app(archive=str(path)).test_client().get("/archive.ndjson").text
    assert text.isascii()
    assert [comic["alt"] for comic in lines(text)] == ["one\u2028two\u0085three"]


def test_newer_comics_in_memory_are_known_too(client: FlaskClient) -> None:
    assert client.get("/archive").json["latest"] == 2663
    client.get("/comics?n=2664,latest,2")  # 2 is older than the archive, which has the last word on those
    titles = client.get("/archive").json
    assert (titles["count"], titles["latest"]) == (6, 2665)
    assert [comic["num"] for comic in titles["comics"]] == [1, 259, 614, 2663, 2664, 2665]
    assert [comic["num"] for comic in lines(client.get("/archive.ndjson").text)] == [1, 259, 614, 2663, 2664, 2665]
    assert "2665 America Songs" in listed(client.get("/archive", headers=BROWSER).text)


@pytest.mark.parametrize(
    ("since", "nums"),
    [("0", [1, 259, 614, 2663, 2665]), ("1", [259, 614, 2663, 2665]), ("2663", [2665]), ("2664", [2665]), ("2665", [])],
)
def test_since_selects_those_after_a_number(client: FlaskClient, since: str, nums: list[int]) -> None:
    client.get("/comics/latest")
    titles = client.get(f"/archive?since={since}").json
    assert (titles["count"], [comic["num"] for comic in titles["comics"]]) == (len(nums), nums)
    assert [comic["num"] for comic in lines(client.get(f"/archive.ndjson?since={since}").text)] == nums
    page = listed(client.get(f"/archive?since={since}", headers=BROWSER).text)
    assert [int(item.split()[0]) for item in page if " " in item] == nums[::-1]


def test_the_page_has_all_titles_by_year_with_links(client: FlaskClient) -> None:
    page = client.get("/archive", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert listed(page.text) == [
        "2022",
        "2663 Tetherball Configurations",
        "2009",
        "614 Woodpecker",
        "2007",
        "259 Clichéd Exchanges",
        "2006",
        "1 Barrel - Part 1",
    ]
    assert '<a href="/614/" title="2009-07-24"><bdi>Woodpecker</bdi></a>' in page.text
    assert '<a href="#year-2009">2009</a>' in page.text
    assert 'All 4 known comics of <a href="https://xkcd.com/">xkcd</a>, the newest first.' in page.text
    assert '<a rel="license" href="https://creativecommons.org/licenses/by-nc/2.5/">CC BY-NC 2.5</a>' in page.text


def test_the_page_is_light_and_needs_no_script_and_no_other_request(whole: FlaskClient) -> None:
    page = whole.get("/archive", headers={**BROWSER, **GZIP})
    text = gzip.decompress(page.data).decode()
    assert len(page.data) < 80_000
    assert "<script" not in text
    assert "style=" not in text
    assert 'src="' not in text


def test_a_page_of_no_comics_says_so(client: FlaskClient) -> None:
    assert "There are no such comics yet." in client.get("/archive?since=2665", headers=BROWSER).text


def test_titles_stay_text_on_the_page(make_app: MakeApp, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.sqlite", [614])
    alter(path, "UPDATE comics SET record = json_set(record, '$.title', ?)", '"><script>alert(1)</script>')
    page = make_app(archive=str(path)).test_client().get("/archive", headers=BROWSER).text
    assert listed(page)[-1] == '614 "><script>alert(1)</script>'
    assert "<script" not in page


@pytest.mark.parametrize("accepted", ["", "*/*", "application/json", "application/json, text/html", "text/csv"])
def test_who_does_not_prefer_a_page_gets_json(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/archive", headers={"Accept": accepted})
    assert (answer.mimetype, answer.headers["Vary"]) == ("application/json", "Accept, Accept-Encoding")


def test_a_browser_gets_the_lines_as_they_are(client: FlaskClient) -> None:
    assert client.get("/archive.ndjson", headers=BROWSER).mimetype == NDJSON


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["json", "page"])
@pytest.mark.parametrize("path", ["/archive", "/archive.ndjson", "/archive?since=600"])
def test_clients_may_keep_it_for_five_minutes_and_renew_it_with_its_tag(
    client: FlaskClient, path: str, headers: dict[str, str]
) -> None:
    first = client.get(path, headers=headers)
    assert first.headers["Cache-Control"] == FIVE_MINUTES
    again = client.get(path, headers={**headers, **GZIP, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.content_encoding is None
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]
    client.get("/comics/latest")
    assert client.get(path, headers={**headers, "If-None-Match": first.headers["ETag"]}).status_code == 200


def test_each_form_and_each_part_has_a_tag_of_its_own(client: FlaskClient) -> None:
    calls: list[tuple[str, dict[str, str]]] = [("/archive", {}), ("/archive", BROWSER), ("/archive.ndjson", {})]
    calls += [("/archive?since=1", {}), ("/archive?since=2", {})]
    assert len({client.get(path, headers=headers).headers["ETag"] for path, headers in calls}) == len(calls)


def test_another_process_of_the_same_build_gives_the_same_tag(make_app: MakeApp, archive: Path) -> None:
    def tag() -> str:
        client = make_app(archive=str(archive), build_id="a").test_client()
        client.get("/comics/latest")
        return client.get("/archive").headers["ETag"]

    assert tag() == tag()


def test_an_archive_made_anew_has_another_tag(make_app: MakeApp, archive: Path) -> None:
    def tag() -> str:
        return make_app(archive=str(archive), build_id="a").test_client().get("/archive").headers["ETag"]

    before = tag()
    write_archive(archive, [1, 614, 259, 2663], latest=2663, made_at=NOW + 1)
    assert tag() != before


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["json", "page"])
@pytest.mark.parametrize("path", ["/archive", "/archive.ndjson"])
def test_head_is_get_without_a_body(whole: FlaskClient, path: str, headers: dict[str, str]) -> None:
    get, head = (method(path, headers={**headers, **GZIP}) for method in (whole.get, whole.head))
    changing = {"X-Request-Id", "Server-Timing"}
    assert (head.status_code, head.data) == (200, b"")
    assert {name: text for name, text in head.headers.items() if name not in changing} == {
        name: text for name, text in get.headers.items() if name not in changing
    }


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["json", "page"])
@pytest.mark.parametrize("path", ["/archive", "/archive.ndjson"])
def test_the_whole_is_packed_once_and_again_only_for_a_new_comic(
    make_app: MakeApp, tmp_path: Path, path: str, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = write_archive(tmp_path / "archive.sqlite", range(1, 60), latest=2663)
    client = make_app(archive=str(archive)).test_client()
    packers: list[object] = []
    make = zlib.compressobj

    def counted(*arguments: Any, **named: Any) -> Any:
        packers.append(named)
        return make(*arguments, **named)

    monkeypatch.setattr(zlib, "compressobj", counted)
    bodies = [client.get(path, headers={**headers, "Accept-Encoding": coding}).data for coding in ("gzip", "", "gzip")]
    assert len(packers) == 1
    assert bodies[0] == bodies[2]
    assert gzip.decompress(bodies[0]) == bodies[1]
    client.get("/comics/latest")
    assert client.get(path, headers=headers).data != bodies[1]
    assert len(packers) == 2


def test_a_small_answer_is_not_packed(client: FlaskClient) -> None:
    assert client.get("/archive?since=2663", headers=GZIP).content_encoding is None


def test_what_is_too_large_unpacked_is_for_those_who_take_it_packed(
    whole: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = whole.get("/archive.ndjson", headers=GZIP)
    monkeypatch.setattr(routes, "LARGEST_ANSWER", len(gzip.decompress(packed.data)) - 1)
    assert whole.get("/archive.ndjson", headers=GZIP).data == packed.data
    answer = whole.get("/archive.ndjson")
    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert answer.json == {
        "status": 406,
        "title": "Not acceptable",
        "detail": "All comics are too large for one answer without compression. Accept gzip, as `curl --compressed` "
        "does, or ask for those after a number with 'since'.",
    }
    assert whole.get("/archive.ndjson?since=2000").status_code == 200


NO_ARCHIVE = {
    "status": 503,
    "title": "No archive",
    "detail": "This service has no archive of all comics. Its operator makes one with `make archive`, which the next "
    "package carries, or names the file of one in the variable ARCHIVE.",
}


@pytest.mark.parametrize("path", ["/archive", "/archive.ndjson", "/archive?since=1"])
def test_without_an_archive_it_says_how_to_get_one(app: XkcdGather, path: str) -> None:
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.json == NO_ARCHIVE
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_an_archive_a_browser_gets_a_page(app: XkcdGather) -> None:
    page = app.test_client().get("/archive", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert "<h1>503: No archive</h1>\n<p>This service has no archive of all comics." in page.text


def test_an_archive_without_comics_is_none(make_app: MakeApp, archive: Path) -> None:
    alter(archive, "DELETE FROM comics")
    assert make_app(archive=str(archive)).test_client().get("/archive").status_code == 503


@pytest.mark.parametrize("path", ["/archive", "/archive.ndjson"])
def test_an_archive_that_turns_out_damaged_is_none(make_app: MakeApp, archive: Path, path: str) -> None:
    app = make_app(archive=str(archive))
    archive.write_bytes(archive.read_bytes()[:100] + b"\xff" * (archive.stat().st_size - 100))
    client = app.test_client()
    assert client.get(path).status_code == 503
    assert client.get(path).json == NO_ARCHIVE


@pytest.mark.parametrize("path", ["/archive", "/archive.ndjson"])
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("since=x", "'since' must be a number from 0 to 999999, not 'x'."),
        ("since=1&since=2", "'since' is given 2 times: give it once."),
        ("n=1", "Unknown parameter 'n'. Known parameters: since."),
    ],
)
def test_a_bad_request_says_what_would_be_right(client: FlaskClient, path: str, query: str, detail: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer.json["detail"]) == (400, detail)
    assert detail in unescape(client.get(f"{path}?{query}", headers=BROWSER).text)


@pytest.mark.parametrize("path", ["/?n=614", "/docs"])
def test_pages_link_to_it_if_there_is_an_archive(client: FlaskClient, app: XkcdGather, path: str) -> None:
    assert '<a href="/archive">' in client.get(path).text
    assert '<a href="/archive">' not in app.test_client().get(path).text


def test_below_a_base_path_its_links_lead_there(make_app: MakeApp, archive: Path) -> None:
    client = make_app(archive=str(archive)).test_client()
    for root in ("", "/xkcd"):
        page = client.get("/archive", headers=BROWSER, environ_overrides={"SCRIPT_NAME": root}).text
        assert f'<a href="{root}/614/" ' in page


def test_a_comic_of_an_unknown_kind_does_not_hinder_the_others(make_app: MakeApp, archive: Path) -> None:
    alter(archive, "UPDATE comics SET record = '[]' WHERE num = 259")
    titles = make_app(archive=str(archive)).test_client().get("/archive").json
    assert [comic["num"] for comic in titles["comics"]] == [1, 614, 2663]
    assert titles["count"] == 3


def test_a_title_in_another_years_place_is_under_its_own_year(make_app: MakeApp, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "archive.sqlite", [found(num) for num in (1, 614, 2663)])
    alter(path, "UPDATE comics SET record = json_set(record, '$.year', '2022') WHERE num = 1")
    page = make_app(archive=str(path)).test_client().get("/archive", headers=BROWSER).text
    assert listed(page) == ["2022", "2663 Tetherball Configurations", "1 Barrel - Part 1", "2009", "614 Woodpecker"]
