"""The gallery."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.application import XkcdGather
from app.settings import IMAGES, VERSION, Settings
from app.web import http_caching
from app.web.contract import contract
from tests.rig import age_all_comics
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn

SCRIPT = "<script>// What the page can do beyond its links and forms: more comics without a reload, and the arrow keys."


def titles(page: str) -> list[str]:
    """The titles of the comics on a page."""
    return re.findall("<bdi>(.*)</bdi>", page)


def test_the_gallery_shows_the_comics_asked_for(make_app: Callable[..., XkcdGather]) -> None:
    client = make_app(images_url=IMAGES).test_client()
    page = client.get("/?n=614,327")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert page.text.index('<a href="https://xkcd.com/614/"><bdi>Woodpecker</bdi></a>') < page.text.index(
        "Exploits of a Mom"
    )
    image = (
        '<img src="https://imgs.xkcd.com/comics/exploits_of_a_mom.png" alt="Exploits of a Mom" '
        'title="Her daughter is named Help I\'m trapped in a driver\'s license factory." loading="lazy">'
    )
    assert image in unescape(page.text)
    explained = (
        '<a href="https://www.explainxkcd.com/wiki/index.php/614" aria-label="Comic 614 explained">explained</a>'
    )
    assert explained in page.text
    assert '<span>#614</span> <time datetime="2009-07-24">2009-07-24</time>' in page.text
    assert '<a rel="license" href="https://creativecommons.org/licenses/by-nc/2.5/">CC BY-NC 2.5</a>' in page.text


def test_the_page_has_one_script_and_no_style_of_its_own(client: FlaskClient) -> None:
    page = client.get("/?n=614,1663,404")
    assert page.text.startswith("<!doctype html>")
    assert re.findall("<script.*", page.text) == [SCRIPT]
    assert "style=" not in page.text
    assert not re.search(r"\son[a-z]+=", page.text)


def test_the_page_links_to_the_same_comics_again(client: FlaskClient) -> None:
    page = client.get("/?random=4")
    (same,) = re.findall('<a id="same" href="([^"]+)">', page.text)
    assert re.fullmatch(r"/\?n=\d+,\d+,\d+,\d+", same)
    again = client.get(same)
    assert titles(again.text) == titles(page.text)
    assert (page.headers["Cache-Control"], again.headers["Cache-Control"]) == ("no-store", http_caching.FOR_A_DAY)
    assert f'<a id="same" href="{same}">' in again.text


def test_the_link_to_the_same_comics_names_those_that_failed_too(client: FlaskClient) -> None:
    assert '<a id="same" href="/?n=614,404">' in client.get("/?n=404,614").text
    assert 'id="same"' not in client.get("/?n=x").text


def test_comics_that_do_not_exist_yet_are_none(client: FlaskClient) -> None:
    page = client.get("/?since=2665")
    assert "There are no such comics yet." in page.text
    assert 'id="same"' not in page.text


def test_the_comic_of_the_day_is_that_of_the_date(xkcd: StandIn) -> None:
    settings = Settings(xkcd_url=xkcd.url, floor=xkcd.latest)
    app = create_app(settings, clock=datetime(2026, 11, 23, 23, 59, tzinfo=UTC).timestamp)
    client = app.test_client()
    answer = client.get("/today")
    assert (answer.status_code, answer.location) == (302, "/?random=1&seed=2026-11-23")
    assert titles(client.get(answer.location).text) == titles(client.get(answer.location).text) != []
    app.close()


def test_the_forms_hold_what_was_asked(client: FlaskClient) -> None:
    page = client.get('/?n=1,"x&n=3').text
    assert '<input id="n" name="n" value="1,&#34;x,3" ' in page
    assert (
        '<input id="random" name="random" type="number" min="1" max="100" value="7" ' in client.get("/?random=7").text
    )
    assert (
        '<input id="latest" name="latest" type="number" min="1" max="100" value="3" ' in client.get("/?latest=3").text
    )


def test_the_time_is_drawn_as_a_bar_for_each_comic(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.latency = 0.02
    page = client.get("/?n=1,404,2").text
    assert re.findall('<g class="(.*)">', page) == ["xkcd", "xkcd", "failed"]
    assert re.findall("<title>(.*?, .*?),? [0-9.]* ?m?s?</title>", page) == ["1, from xkcd", "2, from xkcd"]
    assert "<title>404, failed</title>" in page
    assert 'aria-label="At once ' in page
    again = client.get("/?n=1,2").text
    assert re.findall('<g class="(.*)">', again) == ["memory", "memory"]
    assert again.count("<circle ") == 2


def test_many_bars_are_narrow_and_have_no_names(client: FlaskClient) -> None:
    page = client.get("/?n=1-26").text
    assert page.count("<title>") == 1 + 26
    assert '<text x="13%"' not in page


@pytest.mark.parametrize(
    "accepted", ["application/json", "application/json, text/html;q=0.9", "application/*, */*;q=0.1"]
)
def test_who_prefers_json_gets_an_index_of_the_api(client: FlaskClient, accepted: str, xkcd: StandIn) -> None:
    answer = client.get("/?n=x", headers={"Accept": accepted})
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "application/json",
        "no-store",
    )
    assert answer.json == {
        "name": "xkcd-gather",
        "version": VERSION,
        "summary": "One HTTPS call, many xkcd comics.",
        "paths": {path: item["get"]["summary"] for path, item in contract()["paths"].items()},
        "credit": "xkcd.com by Randall Munroe",
        "license": "https://creativecommons.org/licenses/by-nc/2.5/",
    }
    assert "Content-Security-Policy" not in answer.headers
    assert xkcd.asked == {}


@pytest.mark.parametrize("accepted", ["", "*/*", "text/html, application/json", "text/*, application/json;q=0.9"])
def test_who_does_not_gets_the_page(client: FlaskClient, accepted: str) -> None:
    assert client.get("/?n=1", headers={"Accept": accepted}).mimetype == "text/html"


@pytest.mark.parametrize(("query", "count"), [("", 5), ("?random=7&seed=a", 7), ("?latest=3", 3), ("?utm_source=x", 5)])
def test_the_gallery_takes_selections_and_ignores_other_parameters(client: FlaskClient, query: str, count: int) -> None:
    assert client.get("/" + query).text.count("<article") == count


def test_the_gallery_says_how_long_gathering_took(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.latency = 0.05
    page = client.get("/?n=1-3").text
    assert "3 requests at once, gathered in " in page
    assert "one after the other would have taken " in page
    assert "All of it was cached, so no request to xkcd was needed." in client.get("/?n=1-3").text


def test_a_comic_served_old_says_so(client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = "xkcd could not be asked, so this copy may be old."
    assert remembered not in client.get("/?n=1").text
    age_all_comics(monkeypatch)
    xkcd.faults[1] = "503"
    assert remembered in client.get("/?n=1").text


def test_a_comic_that_cannot_be_had_is_a_card_that_says_why(client: FlaskClient) -> None:
    page = client.get("/?n=1,404")
    assert page.status_code == 200
    assert '<h3 id="title-404">404: No such comic</h3>\n<p>xkcd has no comic 404.</p>' in page.text


def test_a_page_without_a_single_comic_has_the_failures_status(client: FlaskClient) -> None:
    page = client.get("/?n=404")
    assert (page.status_code, page.mimetype, page.text.count("<article")) == (404, "text/html", 1)


def test_a_page_says_when_to_come_back(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[614] = "429-retry-after"
    page = client.get("/?n=614")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "17")


def test_a_page_whose_latest_comic_was_asked_for_does_not_say_otherwise(client: FlaskClient) -> None:
    assert "1 request at once" in client.get("/?latest=1").text


def test_a_bad_selection_is_a_page_that_says_what_would_be_right(client: FlaskClient) -> None:
    page = client.get("/?n=%3Cscript%3E")
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert "not '<script>'." in unescape(page.text)
    assert re.findall("<script.*", page.text) == [SCRIPT]


def test_an_unknown_latest_is_a_page_too(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[0] = "404"
    page = client.get("/")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert '<h3 id="title-problem">Latest comic unknown</h3>' in page.text


def test_a_comic_without_an_image_links_to_its_page(client: FlaskClient) -> None:
    page = client.get("/?n=1663").text
    assert '<a href="https://xkcd.com/1663/">see it on xkcd.com</a>' in page
    assert "<img" not in page


def test_nothing_from_xkcd_reaches_the_page_unescaped(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = '"><script>alert(1)</script>'
    image = f"https://imgs.xkcd.com/comics/{hostile}.png"
    monkeypatch.setitem(
        FAULTS, "hostile", changed(title=hostile, alt=hostile, transcript=hostile, news=hostile, img=image)
    )
    xkcd.faults[614] = "hostile"
    page = client.get("/?n=614")
    assert page.status_code == 200
    assert hostile in unescape(page.text)
    assert re.findall("<script.*", page.text) == [SCRIPT]


def test_comic_redirects_to_a_random_one(client: FlaskClient) -> None:
    answer = client.get("/comic")
    assert (answer.status_code, answer.location) == (302, "/?random=1")


def test_nothing_but_the_images_takes_another_request(make_app: Callable[..., XkcdGather]) -> None:
    page = make_app(images_url=IMAGES).test_client().get("/?n=614").text
    assert re.findall(r'src="([^"]+)"', page) == ["https://imgs.xkcd.com/comics/woodpecker.png"]
    assert re.findall('<link [^>]*href="([^"]{15})', page) == ["data:image/svg+"]
