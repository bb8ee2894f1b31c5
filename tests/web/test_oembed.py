"""oEmbed: which addresses are embedded, and how."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.comics.image import Image, Size
from app.web.oembed import document
from tests.records import NOW, found
from tests.rig import age_all_comics
from tools.stand_in import StandIn, records


def woodpecker(**more: object) -> dict[str, Any]:
    record = json.loads(records()[614])
    return {
        "version": "1.0",
        "type": "photo",
        "title": record["title"],
        "author_name": "Randall Munroe",
        "author_url": "https://xkcd.com/",
        "provider_name": "xkcd",
        "provider_url": "https://xkcd.com/",
        "cache_age": 86400,
        "url": record["img"],
        "alt": record["alt"],
        "credit": "xkcd.com by Randall Munroe",
        "license": "https://creativecommons.org/licenses/by-nc/2.5/",
        **more,
    }


@pytest.mark.parametrize(
    "url",
    [
        "https://xkcd.com/614/",
        "https://xkcd.com/614",
        "http://xkcd.com/614/",
        "https://www.xkcd.com/614/",
        "http://m.xkcd.com/614",
        "HTTPS://XKCD.com/614/",
    ],
)
def test_each_address_of_a_comics_page_is_embedded(client: FlaskClient, url: str) -> None:
    answer = client.get("/oembed", query_string={"url": url})
    assert (answer.status_code, answer.mimetype, answer.get_json()) == (200, "application/json", woodpecker())
    assert "max-age=86400," in answer.headers["Cache-Control"]
    again = client.get("/oembed", query_string={"url": url}, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("more", ["maxwidth=100&maxheight=0100", "format=json", "dnt=1&for=discord"])
def test_what_consumers_send_besides_changes_nothing_while_the_size_is_unknown(client: FlaskClient, more: str) -> None:
    assert client.get(f"/oembed?url=https://xkcd.com/614/&{more}").get_json() == woodpecker()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "614",
        "https://xkcd.com/",
        "https://xkcd.com/0/",
        "https://xkcd.com/0614/",
        "https://xkcd.com/1234567/",
        "https://xkcd.com/٦/",
        "https://xkcd.com/614/info.0.json",
        "https://xkcd.com/614/?utm=1",
        "https://xkcd.com/614/\n",
        "https://xkcd.com:443/614/",
        "https://what-if.xkcd.com/614/",
        "https://xkcd.com.evil.example/614/",
        "https://evil.example/?https://xkcd.com/614/",
        "https://me@xkcd.com/614/",
        "https://xkcd-com/614/",
        "ftp://xkcd.com/614/",
        "//xkcd.com/614/",
    ],
)
def test_any_other_address_is_a_404_and_nobody_is_asked(client: FlaskClient, xkcd: StandIn, url: str) -> None:
    answer = client.get("/oembed", query_string={"url": url})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["detail"].endswith("is not the address of a comic, such as https://xkcd.com/614/.")
    assert xkcd.asked == {}


@pytest.mark.parametrize("num", [404, 9999])
def test_a_comic_that_does_not_exist_is_a_404(client: FlaskClient, num: int) -> None:
    answer = client.get(f"/oembed?url=https://xkcd.com/{num}/")
    assert (answer.status_code, answer.get_json()["num"]) == (404, num)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "'url' is missing: give it the address of a comic, such as https://xkcd.com/614/."),
        ("url=a&url=b", "'url' is given 2 times: give it once."),
        ("url=https://xkcd.com/614/&maxwidth=wide", "'maxwidth' must be a number from 1 to 999999, not 'wide'."),
        ("url=https://xkcd.com/614/&maxheight=0", "'maxheight' must be a number from 1 to 999999, not '0'."),
        ("url=https://xkcd.com/614/&format=json&format=json", "'format' is given 2 times: give it once."),
    ],
)
def test_a_malformed_parameter_is_a_400(client: FlaskClient, query: str, detail: str) -> None:
    answer = client.get(f"/oembed?{query}")
    assert (answer.status_code, answer.get_json()["detail"]) == (400, detail)


@pytest.mark.parametrize("form", ["xml", "yaml", ""])
def test_another_format_than_json_is_a_501_as_oembed_wants_it(client: FlaskClient, xkcd: StandIn, form: str) -> None:
    answer = client.get(f"/oembed?url=https://xkcd.com/614/&format={form}")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (501, "no-store")
    assert answer.get_json() == {
        "status": 501,
        "title": "Not implemented",
        "detail": f"There is no oEmbed answer in the format '{form}': 'json' is the one.",
    }
    assert xkcd.asked == {}


@pytest.mark.parametrize(("fault", "status"), [("html", 502), ("503", 503)])
def test_a_comic_that_xkcd_does_not_send_is_a_problem(
    client: FlaskClient, xkcd: StandIn, fault: str, status: int
) -> None:
    xkcd.faults[614] = fault
    assert client.get("/oembed?url=https://xkcd.com/614/").status_code == status


def test_a_comic_without_an_image_is_a_link(client: FlaskClient) -> None:
    answer = client.get("/oembed?url=https://xkcd.com/1663/").get_json()
    assert answer["type"] == "link"
    assert {"url", "width", "height"} & answer.keys() == set()


def test_an_old_copy_is_not_kept(client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    age_all_comics(monkeypatch)
    client.get("/comics/614")
    xkcd.faults[614] = "html"
    answer = client.get("/oembed?url=https://xkcd.com/614/")
    assert (answer.get_json(), answer.headers["Cache-Control"]) == (woodpecker(cache_age=0), "no-store")


def test_what_xkcd_sends_is_text(client: FlaskClient, send: Callable[..., None]) -> None:
    text = "]]><script>alert(1)</script>\x00\u202e"
    send(614, title=text, alt=text)
    answer = client.get("/oembed?url=https://xkcd.com/614/")
    assert answer.get_json() == woodpecker(title=text, alt=text)


@pytest.mark.parametrize(
    ("most", "shown"),
    [
        ((None, None), (740, 400)),
        ((740, 400), (740, 400)),
        ((1000, 1000), (740, 400)),
        ((370, None), (370, 200)),
        ((None, 100), (185, 100)),
        ((370, 100), (185, 100)),
        ((1, None), (1, 1)),
    ],
)
def test_a_known_size_is_made_to_fit(most: tuple[int | None, int | None], shown: tuple[int, int]) -> None:
    width, height = shown
    img = found(614).comic.img
    sized = replace(found(614), image=Image(img, Size(740, 400), has_2x=False, looked_at=NOW))
    assert document(sized, most) == woodpecker(width=width, height=height)
