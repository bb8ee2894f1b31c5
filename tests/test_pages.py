"""The gallery."""

from html import unescape

import pytest
from flask.testing import FlaskClient

from app import gathered
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn


def test_the_gallery_shows_the_comics_asked_for(client: FlaskClient) -> None:
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
    assert '<a href="https://www.explainxkcd.com/wiki/index.php/614">explained</a>' in page.text
    assert '<a rel="license" href="https://creativecommons.org/licenses/by-nc/2.5/">CC BY-NC 2.5</a>' in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(("query", "count"), [("", 5), ("?random=7&seed=a", 7), ("?latest=3", 3), ("?utm_source=x", 5)])
def test_the_gallery_takes_selections_and_ignores_other_parameters(client: FlaskClient, query: str, count: int) -> None:
    assert client.get("/" + query).text.count("<article") == count


def test_the_gallery_says_how_long_gathering_took(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.latency = 0.05
    page = client.get("/?n=1-3").text
    assert "3 asked for at once, gathered in " in page
    assert "one after the other would have taken " in page
    assert "All of it was remembered: xkcd did not have to be asked." in client.get("/?n=1-3").text


def test_a_comic_served_old_says_so(client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = "xkcd could not be asked: this is the comic as it was remembered."
    assert remembered not in client.get("/?n=1").text
    monkeypatch.setattr(gathered, "FRESH", -1.0)
    xkcd.faults[1] = "503"
    assert remembered in client.get("/?n=1").text


def test_a_comic_that_cannot_be_had_is_a_card_that_says_why(client: FlaskClient) -> None:
    page = client.get("/?n=1,404")
    assert page.status_code == 200
    assert "<h2>404: No such comic</h2>\n<p>xkcd has no comic 404.</p>" in page.text


def test_a_page_without_a_single_comic_has_the_failures_status(client: FlaskClient) -> None:
    page = client.get("/?n=404")
    assert (page.status_code, page.mimetype, page.text.count("<article")) == (404, "text/html", 1)


def test_a_page_says_when_to_come_back(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[614] = "429-retry-after"
    page = client.get("/?n=614")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "17")


def test_a_page_whose_newest_comic_was_asked_for_does_not_say_otherwise(client: FlaskClient) -> None:
    assert "1 asked for at once" in client.get("/?latest=1").text


def test_a_bad_selection_is_a_page_that_says_what_would_be_right(client: FlaskClient) -> None:
    page = client.get("/?n=%3Cscript%3E")
    assert (page.status_code, page.mimetype) == (400, "text/html")
    assert "but here it is '<script>'." in unescape(page.text)
    assert "<script" not in page.text


def test_an_unknown_newest_is_a_page_too(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[0] = "404"
    page = client.get("/")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert "<h2>Newest comic unknown</h2>" in page.text


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
    assert "<script" not in page.text


def test_comic_redirects_to_a_random_one(client: FlaskClient) -> None:
    answer = client.get("/comic")
    assert (answer.status_code, answer.location) == (302, "/?random=1")


def test_the_style_sheet_of_the_page_is_there(client: FlaskClient) -> None:
    assert 'href="/static/gallery.css"' in client.get("/?n=1").text
    with client.get("/static/gallery.css") as sheet:
        assert (sheet.status_code, sheet.mimetype) == (200, "text/css")
