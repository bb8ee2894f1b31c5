"""The page of one comic, and the ways to it."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from app.settings import IMAGES
from app.web import http_caching
from tests.rig import age_all_comics
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn, records

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def ways(page: str) -> dict[str, str]:
    """Where the first row of links leads, by name; nowhere for those that are switched off."""
    row = page.partition('<nav class="beside"')[2].partition("</nav>")[0]
    links = re.findall(r'<a class="button" href="(.*?)"(?: rel="\w+" aria-label="(\w+)")?>', row)
    return {name or "Random": href for href, name in links}


def metas(page: str) -> dict[str, str]:
    found = re.findall('<meta (?:name|property)="(.*?)" content="(.*?)">', page)
    return {name: unescape(content) for name, content in found}


def test_a_comics_page_has_its_image_text_and_transcript(client: FlaskClient) -> None:
    page = client.get("/614/")
    record = json.loads(records()[614])
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert '<h1 id="title-614"><bdi>Woodpecker</bdi></h1>' in page.text
    assert '<time datetime="2009-07-24">24 July 2009</time>' in page.text
    assert f'<p class="alt">{record["alt"]}</p>' in unescape(page.text)
    assert f"<summary>Transcript</summary><p>{record['transcript']}</p>" in unescape(page.text)
    assert '<a href="https://www.explainxkcd.com/wiki/index.php/614">Explained</a>' in page.text
    assert '<a href="https://xkcd.com/614/">On xkcd.com</a>' in page.text
    assert '<a id="same" href="/614/" rel="bookmark">Permanent link</a>' in page.text
    assert re.search('<a class="frame unsized" href="http://127.0.0.1:[0-9]+/comics/woodpecker.png" ', page.text)


@pytest.mark.parametrize(("text", "opening"), [("Short.", "<details {} open>"), ("Long. " * 60, "<details {}>")])
def test_only_a_long_transcript_is_folded(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch, text: str, opening: str
) -> None:
    monkeypatch.setitem(FAULTS, "text", changed(transcript=text))
    xkcd.faults[614] = "text"
    assert opening.format('class="transcript"') in client.get("/614/").text


def test_the_link_of_a_comic_is_on_its_page(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "link", changed(link="https://example.org/larger"))
    xkcd.faults[614] = "link"
    assert '<a href="https://example.org/larger">Its link</a>' in client.get("/614/").text


@pytest.mark.parametrize(
    ("num", "expected"),
    [
        (614, {"First": "/1/", "Previous": "/613/", "Random": "/comic", "Next": "/615/", "Last": "/latest"}),
        (1, {"Random": "/comic", "Next": "/2/", "Last": "/latest"}),
        (403, {"First": "/1/", "Previous": "/402/", "Random": "/comic", "Next": "/405/", "Last": "/latest"}),
        (405, {"First": "/1/", "Previous": "/403/", "Random": "/comic", "Next": "/406/", "Last": "/latest"}),
        (2665, {"First": "/1/", "Previous": "/2664/", "Random": "/comic"}),
    ],
)
def test_there_is_a_way_to_the_comics_beside_it(client: FlaskClient, num: int, expected: dict[str, str]) -> None:
    client.get("/latest")
    assert ways(client.get(f"/{num}/").text) == expected


def test_while_the_latest_is_unknown_there_is_a_next_one(make_app: Callable[..., XkcdGather]) -> None:
    page = make_app(floor=2600).test_client().get("/2665/")
    assert ways(page.text)["Next"] == "/2666/"
    assert page.headers["Cache-Control"] == http_caching.FOR_A_DAY


def test_a_page_below_the_floor_asks_for_nothing_but_its_comic(client: FlaskClient, xkcd: StandIn) -> None:
    client.get("/614/")
    client.get("/614/")
    assert xkcd.asked == {"/614/info.0.json": 1}


def test_the_latest_comics_page_may_be_kept_as_long_as_it_may_be_the_latest(client: FlaskClient, xkcd: StandIn) -> None:
    client.get("/latest")
    before, fixed = client.get("/2665/"), client.get("/2664/")
    assert [page.headers["Cache-Control"] for page in (before, fixed)] == [
        http_caching.FOR_FIVE_MINUTES,
        http_caching.FOR_A_DAY,
    ]
    client.get("/2666/info.0.json")
    for page, path, status in ((before, "/2665/", 304), (fixed, "/2664/", 304)):
        assert client.get(path, headers={"If-None-Match": page.headers["ETag"]}).status_code == status


def test_its_tag_changes_when_there_is_a_next_comic(make_app: Callable[..., XkcdGather], xkcd: StandIn) -> None:
    settings = {"build_id": "same"}
    last = make_app(**settings).test_client()
    last.get("/latest")
    etag = last.get("/2665/").headers["ETag"]
    xkcd.latest = 2666
    later = make_app(**settings).test_client()
    later.get("/latest")
    page = later.get("/2665/", headers={"If-None-Match": etag})
    assert (page.status_code, ways(page.text)["Next"]) == (200, "/2666/")


def test_an_old_copy_says_so_and_is_not_kept(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/614/")
    age_all_comics(monkeypatch)
    xkcd.faults[614] = "503"
    page = client.get("/614/")
    assert "this copy may be old" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_it_says_to_other_sites_what_it_shows(client: FlaskClient) -> None:
    page = client.get("/614/").text
    alt = json.loads(records()[614])["alt"]
    assert {name: text for name, text in metas(page).items() if name not in ("viewport", "color-scheme")} == {
        "description": alt,
        "og:type": "article",
        "og:site_name": "xkcd",
        "og:title": "Woodpecker",
        "og:description": alt,
        "og:url": "https://xkcd.com/614/",
        "og:image": "https://imgs.xkcd.com/comics/woodpecker.png",
        "og:image:alt": "Woodpecker",
        "twitter:card": "summary_large_image",
        "twitter:image": "https://imgs.xkcd.com/comics/woodpecker.png",
        "twitter:title": "Woodpecker",
        "twitter:description": alt,
    }
    assert "<title>Woodpecker, xkcd 614 - xkcd-gather</title>" in page
    assert '<link rel="canonical" href="https://xkcd.com/614/">' in page
    assert '<link rel="alternate" type="application/json" href="/comics/614" title="Woodpecker">' in page
    oembed = '<link rel="alternate" type="application/json+oembed" href="/oembed?url=https%3A%2F%2Fxkcd.com%2F614%2F"'
    assert oembed in page


def test_a_comic_without_an_image_promises_none(client: FlaskClient) -> None:
    page = client.get("/1663/").text
    assert metas(page)["twitter:card"] == "summary"
    assert "og:image" not in page
    assert '<a href="https://xkcd.com/1663/">See it on xkcd.com</a>' in page


def test_what_is_known_of_an_image_keeps_its_space_and_offers_the_sharper_one(
    make_app: Callable[..., XkcdGather], whole_archive: Path
) -> None:
    client = make_app(archive=str(whole_archive), images_url=IMAGES).test_client()
    page, about = client.get("/2000/").text, client.get("/comics/2000").json
    img, img_2x, width, height = (about[name] for name in ("img", "img_2x", "width", "height"))
    assert f'srcset="{img} 1x, {img_2x} 2x" width="{width}" height="{height}"' in page
    assert f'<a class="frame" href="{img_2x}"' in page
    assert (metas(page)["og:image:width"], metas(page)["og:image:height"]) == (str(width), str(height))


def test_nothing_from_xkcd_reaches_the_page_unescaped(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = '"><script>alert(1)</script>'
    image = f"https://imgs.xkcd.com/comics/{hostile}.png"
    texts = dict.fromkeys(("title", "alt", "transcript", "news"), hostile)
    monkeypatch.setitem(FAULTS, "hostile", changed(**texts, img=image, link=f"https://example.org/{hostile}"))
    xkcd.faults[614] = "hostile"
    page = client.get("/614/").text
    assert hostile in unescape(page)
    assert page.count("<script") == 1


@pytest.mark.parametrize(
    ("num", "heading", "previous", "following"),
    [
        (404, "There is no comic 404", "/403/", "/405/"),
        (2700, "There is no comic 2700 yet", "/2665/", None),
        (999999, "There is no comic 999999 yet", "/2665/", None),
    ],
)
def test_where_there_is_no_comic_a_reader_finds_what_is_near(
    client: FlaskClient, num: int, heading: str, previous: str, following: str | None
) -> None:
    client.get("/latest")
    page = client.get(f"/{num}/", headers=BROWSER)
    assert (page.status_code, page.headers["Cache-Control"]) == (404, "no-store")
    assert f"<h1>{heading}</h1>" in page.text
    assert (ways(page.text)["Previous"], ways(page.text).get("Next")) == (previous, following)


def test_a_program_gets_a_problem_there(client: FlaskClient) -> None:
    answer = client.get("/404/")
    problem = {"num": 404, "status": 404, "title": "No such comic", "detail": "xkcd has no comic 404."}
    assert (answer.status_code, answer.mimetype, answer.json) == (404, "application/problem+json", problem)


def test_a_comic_that_cannot_be_fetched_can_be_tried_again(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[614] = "429-retry-after"
    page = client.get("/614/", headers=BROWSER)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "17")
    assert "<h1>Comic 614 could not be fetched</h1>" in page.text
    assert '<a class="button" href="/614/">Try again</a>' in page.text
    assert '<a class="button" href="https://xkcd.com/614/">See it on xkcd.com</a>' in page.text


def test_the_latest_comic_has_an_address_that_leads_to_it(client: FlaskClient) -> None:
    answer = client.get("/latest")
    assert (answer.status_code, answer.location) == (302, "/2665/")
    assert answer.headers["Cache-Control"] == http_caching.FOR_FIVE_MINUTES


@pytest.mark.parametrize(("accept", "mimetype"), [({}, "application/problem+json"), (BROWSER, "text/html")])
def test_an_unknown_latest_is_a_503(client: FlaskClient, xkcd: StandIn, accept: dict[str, str], mimetype: str) -> None:
    xkcd.faults[0] = "429-retry-after"
    answer = client.get("/latest", headers=accept)
    assert (answer.status_code, answer.mimetype, answer.headers["Retry-After"]) == (503, mimetype, "17")


def test_a_random_comic_has_a_page_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/comic")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    assert re.fullmatch(r"/\d+/", str(answer.location))
    assert client.get(answer.location).status_code == 200


@pytest.mark.parametrize("path", ["/614/", "/?n=614", "/docs", "/nowhere"])
def test_only_with_an_archive_is_there_a_search(
    client: FlaskClient, make_app: Callable[..., XkcdGather], whole_archive: Path, path: str
) -> None:
    with_one = make_app(archive=str(whole_archive)).test_client()
    for expected, page in ((True, with_one.get(path, headers=BROWSER)), (False, client.get(path, headers=BROWSER))):
        assert ('role="search"' in page.text, 'rel="search"' in page.text) == (expected, expected)
