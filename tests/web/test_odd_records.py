"""Every odd record of xkcd's that is known: what the API makes of it, and that its own record stays as it is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tools.stand_in import StandIn, records

CDN = "https://imgs.xkcd.com/comics/"

# What the record says, and what the comic then says. The numbers are those of the comics known for it, where
# the stand-in has them; else one that the oddity does not depend on.
ODD: dict[str, tuple[int, dict[str, Any], dict[str, Any]]] = {
    "259: an entity in the title": (259, {"title": "Clich&eacute;d Exchanges"}, {"title": "Clichéd Exchanges"}),
    "472: a tag in the title": (
        472,
        {"title": '<span style="color: #0000ED">House</span> of Pancakes'},
        {"title": "House of Pancakes"},
    ),
    "3015: an ampersand in the title": (1, {"title": "D&D Combinatorics"}, {"title": "D&D Combinatorics"}),
    "3142: angle brackets in the title": (1, {"title": "<City>-Style Pizza"}, {"title": "<City>-Style Pizza"}),
    "1137: a title from right to left": (1137, {"title": "\u202eLTR"}, {"title": "\u202eLTR"}),
    "1913: a replacement character": (1913, {"title": "A \ufffd"}, {"title": "A \ufffd"}),
    "1193: no alt text": (1193, {"alt": ""}, {"alt": ""}),
    "1144: tags are the joke": (1144, {"alt": "<A>: Like </a>this.&nbsp;"}, {"alt": "<A>: Like </a>this.&nbsp;"}),
    "1683: mojibake is the joke": (1683, {"alt": "â€œIf you can"}, {"alt": "â€œIf you can"}),
    "1608: no image": (1608, {"img": CDN}, {"img": None, "interactive": True}),
    "1663: no image either": (1663, {"img": CDN}, {"img": None, "interactive": True}),
    "1: parentheses in the image's name": (
        1,
        {"img": f"{CDN}barrel_cropped_(1).jpg"},
        {"img": f"{CDN}barrel_cropped_(1).jpg", "interactive": False},
    ),
    "859: one parenthesis": (859, {"img": f"{CDN}(.png"}, {"img": f"{CDN}(.png"}),
    "1446: question marks in the image's name": (1446, {"img": f"{CDN}%3F%3F%3F.png"}, {"img": f"{CDN}%3F%3F%3F.png"}),
    "961: a gif": (961, {"img": f"{CDN}eternal_flame.gif"}, {"img": f"{CDN}eternal_flame.gif"}),
    "1037: extra parts": (1037, {"extra_parts": {"pre": "<script>", "inset": ""}}, {"interactive": True}),
    "1506: a protocol-relative link": (1506, {"link": "//xkcd.com/1506/"}, {"link": "https://xkcd.com/1506/"}),
    "no link": (1, {"link": ""}, {"link": None}),
    "a link that is none": (1, {"link": "/1828/"}, {"link": None}),
    "1830: a relative link in the news": (
        1830,
        {"news": 'Previously: <a href="/1828/">ISS</a>'},
        {"news": 'Previously: <a href="/1828/">ISS</a>'},
    ),
    "2288: malformed news": (2288, {"news": '<a href=https://x.com/">Max'}, {"news": '<a href=https://x.com/">Max'}),
    "no news": (1, {"news": ""}, {"news": None}),
    "no transcript": (1, {"transcript": ""}, {"transcript": None}),
    "1611: the transcript of 1609": (1611, {"transcript": "FOOD and FOOD"}, {"transcript": None}),
    "1677: the transcript of 1674": (1677, {"transcript": "[[A figure]]"}, {"transcript": None}),
    "a transcript that is UTF-8 read as Latin-1": (124, {"transcript": "caf\xc3\xa9"}, {"transcript": "café"}),
    "1: a date of those that share it": (1, {"year": "2006", "month": "1", "day": "1"}, {"date": "2006-01-01"}),
    "a padded date": (1, {"year": "2006", "month": "01", "day": "01"}, {"date": "2006-01-01"}),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_record_becomes_a_sound_comic_and_stays_xkcds_own(
    client: FlaskClient, send: Callable[..., None], name: str
) -> None:
    num, record, expected = ODD[name]
    send(num, **record)
    comic = client.get(f"/comics/{num}").get_json()
    assert {field: comic[field] for field in expected} == expected
    assert client.get(f"/{num}/info.0.json").json == {**json.loads(records()[num]), **record}
    image = client.get(f"/comics/{num}/image")
    assert (image.status_code, image.location) == ((302, comic["img"]) if comic["img"] else (404, None))
    assert client.get(f"/?n={num}").status_code == 200


@pytest.mark.parametrize(
    "img",
    [
        "http://imgs.xkcd.com/comics/plain.png",
        "https://example.org/comics/a.png",
        "https://xkcd.com.example.org/a.png",
        "https://example.org\\@imgs.xkcd.com/a.png",
        "https://xkcd.com:99999/x.png",
        "https://xkcd.com:abc/x.png",
        "https://xkcd.com:8443/x.png",
        "https://..xkcd.com/x.png",
        "https://" + "a" * 64 + ".xkcd.com/x.png",
        "https://me@imgs.xkcd.com/x.png",
        "https://imgs.xkcd.com/%zz.png",
        "https://imgs.xkcd.com/" + "a" * 2000,
        "https://[imgs.xkcd.com/a.png",
        "//imgs.xkcd.com/a.png",
        "javascript:alert(1)",
        "",
    ],
)
def test_an_image_that_is_not_xkcds_leads_nobody_anywhere(
    client: FlaskClient, send: Callable[..., None], img: str
) -> None:
    send(614, img=img)
    assert client.get("/comics/614").get_json()["img"] is None
    assert client.get("/comics/614/image").status_code == 404
    assert "<img" not in client.get("/?n=614").text


@pytest.mark.parametrize(
    ("img", "uri"),
    [
        ("https://imgs.xkcd.com/a\r\nSet-Cookie: a=b.png", "https://imgs.xkcd.com/a%0D%0ASet-Cookie:%20a=b.png"),
        ("https://imgs.xkcd.com/é x[1].png", "https://imgs.xkcd.com/%C3%A9%20x%5B1%5D.png"),
        ('https://imgs.xkcd.com/a"><script>', "https://imgs.xkcd.com/a%22%3E%3Cscript%3E"),
    ],
)
def test_what_no_address_can_hold_is_escaped(
    client: FlaskClient, send: Callable[..., None], img: str, uri: str
) -> None:
    send(614, img=img, link=img)
    comic = client.get("/comics/614").get_json()
    assert (comic["img"], comic["link"], client.get("/comics/614/image").location) == (uri, uri, uri)


@pytest.mark.parametrize(
    "link", ["http://e.org:abc/", "http://e.org/100%", "http:///x", "ftp://e.org/", "http://é.org/"]
)
def test_a_link_that_is_no_address_is_null(client: FlaskClient, send: Callable[..., None], link: str) -> None:
    send(614, link=link)
    assert client.get("/comics/614").get_json()["link"] is None


def test_the_same_title_or_image_twice_is_two_comics(client: FlaskClient, send: Callable[..., None]) -> None:
    send(1, 2, title="Same", img=f"{CDN}same.png")
    document = client.get("/comics?n=1,2&fields=num,title").get_json()
    assert document["comics"] == [{"num": 1, "title": "Same"}, {"num": 2, "title": "Same"}]


def test_404_has_no_comic_anywhere(client: FlaskClient, xkcd: StandIn) -> None:
    for path in ("/comics/404", "/comics/404/image", "/404/info.0.json", "/comics?n=404", "/?n=404"):
        assert client.get(path).status_code == 404
    assert 404 not in [comic["num"] for comic in client.get("/comics?since=400").get_json()["comics"]]
    assert "/404/info.0.json" not in xkcd.asked
