"""Comics from xkcd's records."""

import json
from typing import Any

import pytest

from app.comics.comic import HIGHEST, Comic
from app.errors import BadAnswer
from tools.stand_in import records

WOODPECKER = {
    "month": "7",
    "num": 614,
    "link": "",
    "year": "2009",
    "news": "",
    "safe_title": "Woodpecker",
    "transcript": "A woodpecker!",
    "alt": "If you don't have an extension cord I can get that too.",
    "img": "https://imgs.xkcd.com/comics/woodpecker.png",
    "title": "Woodpecker",
    "day": "24",
}


def comic(**fields: Any) -> dict[str, Any]:
    return Comic.from_record({**WOODPECKER, **fields}).to_json()


def test_a_record_becomes_our_json() -> None:
    assert comic() == {
        "num": 614,
        "title": "Woodpecker",
        "date": "2009-07-24",
        "alt": "If you don't have an extension cord I can get that too.",
        "img": "https://imgs.xkcd.com/comics/woodpecker.png",
        "transcript": "A woodpecker!",
        "link": None,
        "news": None,
        "interactive": False,
        "corrections": [],
        "url": "https://xkcd.com/614/",
        "explained": "https://www.explainxkcd.com/wiki/index.php/614",
    }


def test_every_real_record_is_a_comic() -> None:
    comics = [Comic.from_record(json.loads(record)) for record in records().values()]
    assert [comic.num for comic in comics] == [num for num in range(1, 2666) if num != 404]


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        pytest.param("Clich&eacute;d Exchanges", "Clichéd Exchanges", id="259"),
        pytest.param('<span style="color: #0000ED">House</span> of Pancakes', "House of Pancakes", id="472"),
        pytest.param("D&D Combinatorics", "D&D Combinatorics", id="3015"),
        pytest.param("<City>-Style Pizza", "<City>-Style Pizza", id="3142"),
        pytest.param("\u202eLTR", "\u202eLTR", id="1137"),
        pytest.param("A &#233; and &#xe9; and &nosuch;", "A é and é and &nosuch;", id="numeric entities"),
        pytest.param("Half \ud83d a pair", "Half ? a pair", id="what no encoding can carry"),
    ],
)
def test_titles_are_plain_text(title: str, plain: str) -> None:
    assert comic(title=title)["title"] == plain


@pytest.mark.parametrize(
    "img",
    [
        pytest.param("https://imgs.xkcd.com/comics/", id="a bare folder, as in 1608"),
        pytest.param("http://imgs.xkcd.com/comics/a.png", id="not https"),
        pytest.param("https://xkcd.com.example/a.png", id="another host"),
        pytest.param("https://notxkcd.com/a.png", id="a name that ends alike"),
        pytest.param("https:///a.png", id="no host"),
        pytest.param("https://[a.png", id="no address"),
        pytest.param("javascript:alert(1)", id="a script"),
    ],
)
def test_an_image_that_is_none_of_xkcds_is_null_and_the_comic_interactive(img: str) -> None:
    assert (comic(img=img)["img"], comic(img=img)["interactive"]) == (None, True)


def test_extra_parts_make_a_comic_interactive() -> None:
    assert comic(extra_parts={"pre": "", "headerextra": ""})["interactive"] is True


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("", None),
        ("https://xkcd.com/large/", "https://xkcd.com/large/"),
        ("//xkcd.com/1506/", "https://xkcd.com/1506/"),
        ("/relative/", None),
        ("javascript:alert(1)", None),
        ("http://[oh:no/", None),
    ],
)
def test_links_are_absolute_or_null(link: str, absolute: str | None) -> None:
    assert comic(link=link)["link"] == absolute


@pytest.mark.parametrize(("num", "kept"), [(1608, True), (1609, False), (1677, False), (1678, True)])
def test_transcripts_of_other_comics_are_dropped(num: int, kept: bool) -> None:
    assert (comic(num=num)["transcript"] is not None) is kept


def test_fields_that_xkcd_may_leave_out_are_null() -> None:
    record = {name: value for name, value in WOODPECKER.items() if name not in ("link", "news", "transcript")}
    written = Comic.from_record(record).to_json()
    assert [written[name] for name in ("link", "news", "transcript")] == [None, None, None]


@pytest.mark.parametrize("record", [None, 614, "614", [WOODPECKER]])
def test_what_is_not_an_object_is_refused(record: object) -> None:
    with pytest.raises(BadAnswer, match=r"^xkcd's answer is not a JSON object\.$"):
        Comic.from_record(record)


def test_a_comic_knows_the_bytes_of_its_record() -> None:
    assert Comic.from_json(records()[1683]).size == len(records()[1683])
    longer = json.dumps({**WOODPECKER, "transcript": "\N{SNOWMAN}"}, ensure_ascii=False).encode()
    assert Comic.from_json(longer).size == len(longer)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_has_not_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match=rf"^{number} is not a JSON number$"):
        Comic.from_json(f'{{"num": {number}}}')


@pytest.mark.parametrize("num", [None, "614", True, 614.0, 0, -1, HIGHEST + 1])
def test_what_is_no_number_of_a_comic_is_refused(num: object) -> None:
    with pytest.raises(BadAnswer, match=r"^xkcd's record has no comic number in 'num'\.$"):
        comic(num=num)


@pytest.mark.parametrize("field", ["title", "alt", "img", "link", "news", "transcript"])
@pytest.mark.parametrize("value", [None, 7, ["text"]])
def test_a_field_that_is_no_text_is_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(BadAnswer, match=f"^xkcd's record has no text in '{field}'.$"):
        comic(**{field: value})


@pytest.mark.parametrize(("field", "value"), [("month", "13"), ("day", ""), ("year", "9" * 5000), ("year", "9" * 30)])
def test_a_date_that_is_none_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadAnswer, match=r"^xkcd's record has no date in 'year', 'month' and 'day'\.$"):
        comic(**{field: value})
