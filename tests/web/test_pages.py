"""The gallery."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

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

SCRIPT = (
    "<script>// What pages can do beyond links and forms: keys, swipes, more comics without a reload, a link to copy."
)


def titles(page: str) -> list[str]:
    """The titles of the comics on a page."""
    return re.findall("<bdi>(.*)</bdi>", page)


def linked(page: str) -> str:
    """The address of more comics."""
    (more,) = re.findall('<a id="more" class="button" href="([^"]+)">', page)
    return str(unescape(more))


def test_the_gallery_shows_the_comics_asked_for(make_app: Callable[..., XkcdGather]) -> None:
    client = make_app(images_url=IMAGES).test_client()
    page = client.get("/?n=614,327")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert titles(page.text) == ["Woodpecker", "Exploits of a Mom"]
    assert '<h2 id="title-614"><a href="/614/"><bdi>Woodpecker</bdi></a></h2>' in page.text
    image = (
        '<a class="frame unsized" href="/327/"><span class="paper">'
        '<img src="https://imgs.xkcd.com/comics/exploits_of_a_mom.png" alt="Exploits of a Mom" loading="lazy" '
        'decoding="async"></span></a>\n'
        "<p class=\"alt\">Her daughter is named Help I'm trapped in a driver's license factory.</p>"
    )
    assert image in unescape(page.text)
    explained = (
        '<a href="https://www.explainxkcd.com/wiki/index.php/614" aria-label="Comic 614 explained">explained</a>'
    )
    assert explained in page.text
    assert '<span>#614</span> <time datetime="2009-07-24">24 July 2009</time>' in page.text
    assert '<a rel="license" href="https://creativecommons.org/licenses/by-nc/2.5/">CC BY-NC 2.5</a>' in page.text


def test_many_comics_are_a_grid_of_links_unless_they_are_wanted_in_full(client: FlaskClient) -> None:
    page = client.get("/?n=1-7").text
    assert page.count('class="small"') == 7
    assert '<a href="/3/"><span class="thumb"><img ' in page
    assert 'class="alt"' not in page
    assert client.get("/?n=1-7&view=list").text.count('class="alt"') == 7
    assert client.get("/?n=1-2&view=grid").text.count('class="small"') == 2
    assert client.get("/?n=1&view=x").status_code == 400


@pytest.mark.parametrize(
    ("query", "more", "words"),
    [
        ("n=1-5", "/?n=6-10", "Five more"),
        ("n=614", "/?n=615-619", "Five more"),
        ("latest=3", "/?n=2662,2661,2660", "Three older"),
        ("n=2662,2661,2660", "/?n=2659,2658,2657", "Three older"),
        ("n=2660-2663", "/?n=2664-2665", "Two more"),
        ("n=400-402", "/?n=403,405", "Two more"),
        ("n=398-403", "/?n=405-409", "Five more"),
        ("n=406,405", "/?n=403,402", "Two older"),
        ("n=1,2665", "/?random=2", "Two more at random"),
        ("n=2,1", "/?random=2", "Two more at random"),
        ("n=2665", "/?random=5", "Five more at random"),
        ("n=614,327,1", "/?random=3", "Three more at random"),
        ("random=2&seed=a", "/?random=2", "Two more at random"),
        ("since=2000", "/?since=2100", "The comics after these"),
        ("since=2663", "/?random=2", "Two more at random"),
    ],
)
def test_more_goes_on_where_the_selection_ends(client: FlaskClient, query: str, more: str, words: str) -> None:
    client.get("/latest")
    page = client.get(f"/?{query}").text
    assert (linked(page), f">{words}</a>" in page) == (more, True)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("n=614", "Woodpecker, xkcd 614 - xkcd-gather"),
        ("n=1-3", "Comics 1 to 3 of xkcd - xkcd-gather"),
        ("n=614,1", "2 comics of xkcd - xkcd-gather"),
        ("latest=2", "The latest 2 comics of xkcd - xkcd-gather"),
        ("n=404", "No such comic - xkcd-gather"),
        ("since=2665", "No comics - xkcd-gather"),
        ("n=x", "Bad request - xkcd-gather"),
    ],
)
def test_each_page_has_its_own_title(client: FlaskClient, query: str, title: str) -> None:
    assert f"<title>{title}</title>" in client.get(f"/?{query}").text


def test_each_page_has_its_own_description(client: FlaskClient) -> None:
    description = '<meta name="description" content="xkcd: Woodpecker, Barrel - Part 1">'
    assert description in client.get("/?n=614,1").text


@pytest.mark.parametrize(("query", "count"), [("", 5), ("?random=7", 7), ("?random=1&view=grid", 1)])
def test_random_comics_are_drawn_first_so_that_the_address_names_them(
    client: FlaskClient, query: str, count: int, xkcd: StandIn
) -> None:
    answer = client.get(f"/{query}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")
    drawn = re.fullmatch(r"/\?n=([0-9,]+)(&view=grid)?", str(answer.location))
    assert drawn
    assert len(set(drawn[1].split(","))) == count
    assert bool(drawn[2]) == ("view" in query)
    assert xkcd.asked == {}


def test_without_a_known_number_the_latest_is_asked_for_first(
    make_app: Callable[..., XkcdGather], xkcd: StandIn
) -> None:
    client = make_app(floor=0).test_client()
    assert client.get("/comic").status_code == 302
    assert xkcd.asked == {"/info.0.json": 1}


def test_the_page_has_one_script_and_no_style_of_its_own(client: FlaskClient) -> None:
    page = client.get("/?n=614,1663,404")
    assert page.text.startswith("<!doctype html>")
    assert re.findall("<script.*", page.text) == [SCRIPT]
    assert "style=" not in page.text
    assert not re.search(r"\son[a-z]+=", page.text)


def test_the_page_links_to_the_same_comics_again(client: FlaskClient) -> None:
    page = client.get("/?latest=4")
    (same,) = re.findall('<a id="same" href="([^"]+)">', page.text)
    assert same == "/?n=2665,2664,2663,2662"
    again = client.get(same)
    assert titles(again.text) == titles(page.text)
    assert f'<a id="same" href="{same}">' in again.text


@pytest.mark.parametrize(
    ("path", "kept"), [("/?n=614", http_caching.FOR_A_DAY), ("/?n=2665", http_caching.FOR_FIVE_MINUTES)]
)
def test_a_page_near_the_latest_comic_changes_with_it(
    make_app: Callable[..., XkcdGather], path: str, kept: str
) -> None:
    client = make_app(floor=2600).test_client()
    client.get("/comics/latest")
    assert client.get(path).headers["Cache-Control"] == kept


def test_a_number_without_a_comic_is_not_remembered_but_one_that_failed_is(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[2] = "html"
    page = client.get("/?n=404,614,2").text
    assert '<a id="same" href="/?n=614,2">' in page
    assert re.findall('data-num="(.*?)"', page) == ["614", "2"]
    assert 'id="same"' not in client.get("/?n=x").text


def test_failures_are_where_they_were_asked_for(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[2] = "html"
    page = client.get("/?n=3,404,1,2,4").text
    assert re.findall('id="comic-(.*?)"', page) == ["3", "404", "1", "2", "4"]


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
    assert '<input id="again" name="n" value="1,&#34;x,3" ' in page
    assert (
        '<input id="random" name="random" type="number" min="1" max="100" value="7" '
        in client.get("/?random=7&seed=a").text
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


@pytest.mark.parametrize(("query", "count"), [("?random=7&seed=a", 7), ("?latest=3", 3), ("?n=1&utm_source=x", 1)])
def test_the_gallery_takes_selections_and_ignores_other_parameters(client: FlaskClient, query: str, count: int) -> None:
    assert client.get("/" + query).text.count("<article") == count


def test_the_gallery_says_how_long_gathering_took(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.latency = 0.05
    page = client.get("/?n=1-3").text
    assert "3 requests at once, gathered in " in page
    assert "One after the other, they would have taken " in page
    again = client.get("/?n=1-3").text
    assert "all of it cached</summary>" in again
    assert "No request to xkcd was needed." in again


def test_a_comic_served_old_says_so(client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = "xkcd could not be asked, so this copy may be old."
    assert remembered not in client.get("/?n=1").text
    age_all_comics(monkeypatch)
    xkcd.faults[1] = "503"
    assert remembered in client.get("/?n=1").text


def test_a_comic_that_cannot_be_had_is_a_card_that_says_why(client: FlaskClient) -> None:
    page = client.get("/?n=1,404")
    assert page.status_code == 200
    assert '<h2 id="title-404">404: No such comic</h2>\n<p>xkcd has no comic 404.</p>' in page.text
    assert "Try again" not in page.text


def test_a_comic_that_may_come_later_can_be_tried_again_or_seen_on_xkcd(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[614] = "html"
    page = client.get("/?n=1,614").text
    assert '<a href="/614/" aria-label="Try comic 614 again">Try again</a>' in page
    assert '<a href="https://xkcd.com/614/" aria-label="Comic 614 on xkcd.com">See it on xkcd.com</a>' in page


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
    page = client.get("/?latest=5")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert "<h1>503: Latest comic unknown</h1>" in page.text


def test_a_comic_without_an_image_links_to_its_page(client: FlaskClient) -> None:
    page = client.get("/?n=1663").text
    assert '<a href="https://xkcd.com/1663/">See it on xkcd.com</a>' in page
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


def test_a_comic_that_is_more_than_its_image_says_so(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(FAULTS, "more", changed(extra_parts={"pre": ""}))
    xkcd.faults[614] = "more"
    moves = 'It moves or reacts on <a href="https://xkcd.com/614/">xkcd.com</a>.'
    assert moves in client.get("/?n=614").text
    assert moves in client.get("/614/").text


def test_nothing_but_the_images_takes_another_request(make_app: Callable[..., XkcdGather]) -> None:
    page = make_app(images_url=IMAGES).test_client().get("/?n=614").text
    assert re.findall(r'src="([^"]+)"', page) == ["https://imgs.xkcd.com/comics/woodpecker.png"]
    assert re.findall('<link [^>]*href="([^"]{15})', page) == ["data:image/svg+"]


def test_a_search_shows_what_was_found_how_much_and_where_it_matched(
    make_app: Callable[..., XkcdGather], whole_archive: Path
) -> None:
    client = make_app(archive=str(whole_archive)).test_client()
    answer, document = client.get("/?q=sandwitch&limit=1"), client.get("/comics?q=sandwitch&limit=1").json
    page = answer.text
    assert f"<h1>{document['search']['total']} comics for “sandwitch”</h1>" in page
    assert "No comic has “sandwitch”: searched for “sandwich”." in page
    assert '<a href="/149/">' in page
    assert "<bdi><mark>Sandwich</mark></bdi>" in page
    assert '<a id="next-page" class="button" href="/?q=sandwitch&amp;limit=1&amp;offset=1" rel="next">' in page
    assert answer.headers["Cache-Control"] == http_caching.FOR_FIVE_MINUTES
    assert client.get("/?q=sandwitch&limit=1", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_search_without_an_archive_is_a_page_that_says_so(client: FlaskClient) -> None:
    answer = client.get("/?q=sandwich", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert "This service has no archive of all comics." in answer.text
