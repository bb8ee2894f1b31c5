"""The JSON API as a caller meets it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import request
from flask.testing import FlaskClient

from app.application import XkcdGather
from app.settings import VERSION
from tests.rig import nums
from tools.stand_in import StandIn

KNOWN = "fields, from, latest, limit, n, offset, q, random, seed, since, until"


@pytest.mark.parametrize(
    "path",
    [
        "/comics?n=1100-1199",
        "/comics?n=1-100&fields=num,title,alt,width",
        "/comics?n=404,1137,99999&latest=1",
        "/comics?since=2665",
        "/comics?q=bobby+tables",
        "/comics?q=bobby+tables&fields=title",
        "/comics?q=nothingatallhasthis",
        "/comics/1913",
        "/comics/1913?fields=alt",
    ],
)
def test_an_answer_has_no_spaces_and_its_characters_as_they_are(
    make_app: Callable[..., XkcdGather], whole_archive: Path, path: str
) -> None:
    answer = make_app(archive=str(whole_archive)).test_client().get(path)
    assert answer.data == json.dumps(answer.json, ensure_ascii=False, separators=(",", ":")).encode()


def test_an_answer_is_one_document_with_everything_in_it(client: FlaskClient) -> None:
    answer = client.get("/comics?n=2665,404")
    document = answer.json
    fetched_at = document["comics"][0].pop("fetched_at")
    assert abs(datetime.now(UTC) - datetime.strptime(fetched_at, "%Y-%m-%dT%H:%M:%S%z")).total_seconds() < 60
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert document == {
        "comics": [
            {
                "num": 2665,
                "title": "America Songs",
                "date": "2022-08-29",
                "alt": "Juraaaassic Park, Juraaaassic Park, God shed his grace on theeeee",
                "img": "https://imgs.xkcd.com/comics/america_songs.png",
                "img_2x": None,
                "width": None,
                "height": None,
                "transcript": None,
                "link": None,
                "news": None,
                "interactive": False,
                "corrections": [],
                "url": "https://xkcd.com/2665/",
                "explained": "https://www.explainxkcd.com/wiki/index.php/2665",
                "source": "xkcd",
                "stale": False,
            }
        ],
        "failures": [{"num": 404, "status": 404, "title": "No such comic", "detail": "xkcd has no comic 404."}],
        "complete": False,
        "latest": None,
        "credit": "xkcd.com by Randall Munroe",
        "license": "https://creativecommons.org/licenses/by-nc/2.5/",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?n=614,1-3,latest", [614, 1, 2, 3, 2665]),
        ("?n=3,1&n=2%2C3&n=+7", [3, 1, 2, 7]),
        ("?latest=3", [2665, 2664, 2663]),
        ("?since=2662", [2663, 2664, 2665]),
        ("?since=2665", []),
        ("?since=99999", []),
    ],
)
def test_a_selection_is_answered_in_its_order(client: FlaskClient, query: str, expected: list[int]) -> None:
    document = client.get("/comics" + query).json
    assert (nums(document["comics"]), document["failures"], document["complete"]) == (expected, [], True)


@pytest.mark.parametrize(("query", "count"), [("", 5), ("?random=5", 5), ("?random=100", 100)])
def test_random_comics_are_that_many_different_ones(client: FlaskClient, query: str, count: int) -> None:
    first, second = (client.get("/comics" + query).json for _ in range(2))
    assert len(set(nums(first["comics"]))) == count
    assert nums(first["comics"]) != nums(second["comics"])
    assert (first["complete"], first["latest"]) == (True, 2665)


def test_a_seed_gives_the_same_comics_again(client: FlaskClient) -> None:
    first, second = (nums(client.get("/comics?random=5&seed=2026-11-22").json["comics"]) for _ in range(2))
    assert first == second


def test_the_latest_number_is_told_where_the_selection_needs_it_whatever_the_process_knows(client: FlaskClient) -> None:
    def told() -> list[Any]:
        queries = ("n=614", "n=404", "n=404,9999", "n=614,latest", "random=2", "latest=1", "since=2664")
        return [client.get(f"/comics?{query}").get_json()["latest"] for query in queries]

    assert told() == told() == [None, None, None, 2665, 2665, 2665, 2665]


def test_one_comic_is_a_bare_object(client: FlaskClient) -> None:
    comic = client.get("/comics/614").json
    assert comic["source"] == "xkcd"
    comic["source"] = "memory"
    assert comic == client.get("/comics?n=614").json["comics"][0]


def test_the_latest_and_a_random_one_are_bare_objects_too(client: FlaskClient) -> None:
    assert client.get("/comics/latest").json["num"] == 2665
    assert 1 <= client.get("/comics/random").json["num"] <= 2665
    seeded = [client.get("/comics/random?seed=2026-11-22").json["num"] for _ in range(2)]
    assert seeded == nums(client.get("/comics?random=1&seed=2026-11-22").json["comics"]) * 2


def test_one_comic_that_cannot_be_had_is_its_problem(client: FlaskClient) -> None:
    answer = client.get("/comics/404")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json == {"num": 404, "status": 404, "title": "No such comic", "detail": "xkcd has no comic 404."}


def test_one_comic_that_was_refused_says_when_to_come_back(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[614] = "429-retry-after"
    answer = client.get("/comics/614")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "17")


def test_an_unknown_latest_is_a_503_that_says_when_to_come_back(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[0] = "429-retry-after"
    answer = client.get("/comics?latest=5")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "17")
    assert answer.json == {
        "status": 503,
        "title": "Latest comic unknown",
        "detail": "The latest comic's number is unknown: xkcd is rate-limiting us (429).",
    }


def test_an_unknown_latest_for_another_reason_does_not_say_when(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[0] = "404"
    answer = client.get("/comics")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, None)
    assert answer.json["detail"] == "The latest comic's number is unknown: xkcd does not say what the latest comic is."


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        (
            "/comics?n=",
            "Each part of 'n' must be a number from 1 to 999999, such as 614, 1-5 or latest, not ''.",
        ),
        ("/comics?n=5-1", "The range '5-1' in 'n' runs backwards. Write 1-5."),
        ("/comics?random=0", "'random' must be a number from 1 to 100, not '0'."),
        ("/comics?n=1&random=1", "'n' and 'random' cannot be combined: give one of them."),
        (
            "/comics?m=1",
            f"Unknown parameter 'm'. Known parameters: {KNOWN}.",
        ),
        (
            "/comics?n=1&%00",
            f"Unknown parameter '\\x00'. Known parameters: {KNOWN}.",
        ),
        (
            "/comics?fields=num,titel",
            "A comic has no field 'titel'. Its fields are num, title, date, alt, img, img_2x, width, height, "
            "transcript, link, news, interactive, corrections, url, explained, source, fetched_at, stale.",
        ),
        ("/comics/614/image?fields=img", "Unknown parameter 'fields'. Known parameters: size."),
        ("/comics/random/image?n=1", "Unknown parameter 'n'. Known parameters: seed, size."),
        ("/comics/614/image?size=3x", "'size' must be 1x or 2x, not '3x'."),
        ("/comics/614/image?size=1x&size=2x", "'size' is given 2 times: give it once."),
        ("/comics/0", "A comic's number must be a number from 1 to 999999, not '0'."),
        ("/comics/abc", "A comic's number must be a number from 1 to 999999, not 'abc'."),
        ("/comics/614?n=1", "Unknown parameter 'n'. Known parameters: fields."),
        ("/comics/latest?seed=1", "Unknown parameter 'seed'. Known parameters: fields."),
        ("/health?n=1", "Unknown parameter 'n'. Known parameters: none."),
        ("/comics/random?random=2", "Unknown parameter 'random'. Known parameters: fields, seed."),
        ("/comics/random?seed=", "'seed' is empty: give it a text, such as 2026-11-22."),
        ("/comics/random?seed=1&seed=2", "'seed' is given 2 times: give it once."),
    ],
)
def test_a_refused_request_is_a_400_that_says_what_would_be_right(
    client: FlaskClient, xkcd: StandIn, path: str, detail: str
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json == {"status": 400, "title": "Bad request", "detail": detail}
    assert xkcd.asked == {}


@pytest.mark.parametrize("path", ["/comix", "/comics//614", "/[x", "//[x"])
def test_a_wrong_path_is_a_404_that_names_right_ones(client: FlaskClient, path: str) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json == {
        "status": 404,
        "title": "Not Found",
        "detail": "There is no such path. Comics are at /comics, /comics/614, /comics/latest and /comics/random; "
        "/docs has all paths.",
    }


def test_a_wrong_method_is_a_405_that_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.post("/comics")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.json == {
        "status": 405,
        "title": "Method Not Allowed",
        "detail": "This path supports GET, HEAD and OPTIONS only.",
    }


def test_a_fault_of_our_own_is_a_500_that_tells_nothing(app: XkcdGather, caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> str:
        raise LookupError("a secret")

    app.add_url_rule("/broken", view_func=broken)
    answer = app.test_client().get("/broken")
    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.json == {
        "status": 500,
        "title": "Internal Server Error",
        "detail": "This is a bug of this service. It has been logged.",
    }
    assert [record.getMessage() for record in caplog.records] == ["Exception on '/broken' [GET]"]


def test_any_other_error_of_flasks_is_a_problem_in_its_own_words(make_app: Callable[..., XkcdGather]) -> None:
    app = make_app()
    app.config["MAX_CONTENT_LENGTH"] = 1

    def form() -> str:
        return str(request.form)

    app.add_url_rule("/form", view_func=form, methods=["POST"])
    answer = app.test_client().post("/form", data={"a": "b" * 99})
    assert (answer.status_code, answer.json["title"]) == (413, "Request Entity Too Large")
    assert answer.json["detail"] == "The data value transmitted exceeds the capacity limit."


def test_every_gathering_tells_its_milliseconds(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.latency = 0.1
    timing = client.get("/comics?n=1-5").headers["Server-Timing"]
    said = re.fullmatch(
        r'cache;dur=([\d.]+), xkcd;dur=([\d.]+), one-by-one;dur=([\d.]+);desc="round trips: 5", total;dur=([\d.]+)',
        timing,
    )
    assert said
    assert float(said[1]) < 100 <= float(said[2]) <= float(said[4]) < 500 <= float(said[3])
    again = client.get("/comics?n=1-5").headers["Server-Timing"]
    assert 'xkcd;dur=0.0, one-by-one;dur=0.0;desc="round trips: 0", total;dur=' in again


def test_fields_narrow_each_comic_in_the_order_of_the_answer(client: FlaskClient) -> None:
    document = client.get("/comics?n=614,404&fields=img,num&fields=+title").json
    woodpecker = {"num": 614, "title": "Woodpecker", "img": "https://imgs.xkcd.com/comics/woodpecker.png"}
    assert document["comics"] == [woodpecker]
    assert list(document["comics"][0]) == ["num", "title", "img"]
    assert document["failures"][0]["num"] == 404
    for path in ("/comics/614?fields=title,num,img", "/comics/random?seed=a&fields=num"):
        assert client.get(path).get_json().keys() <= woodpecker.keys()


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/comics/614/image", "https://imgs.xkcd.com/comics/woodpecker.png"),
        ("/comics/latest/image", "https://imgs.xkcd.com/comics/america_songs.png"),
        ("/comics/random/image?seed=2026-11-22", "https://imgs.xkcd.com/comics/wasteland.png"),
        ("/comics/1/image", "https://imgs.xkcd.com/comics/barrel_cropped_(1).jpg"),
        ("/comics/859/image", "https://imgs.xkcd.com/comics/(.png"),
        ("/comics/1446/image", "https://imgs.xkcd.com/comics/%3F%3F%3F.png"),
    ],
)
def test_an_image_is_a_redirect_to_it(client: FlaskClient, path: str, location: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, location)


@pytest.mark.parametrize("num", [1608, 1663])
def test_a_comic_without_an_image_is_a_404_that_links_to_its_page(client: FlaskClient, num: int) -> None:
    answer = client.get(f"/comics/{num}/image")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.json == {
        "num": num,
        "status": 404,
        "title": "No image",
        "detail": f"Comic {num} has no single image: see it on https://xkcd.com/{num}/.",
        "url": f"https://xkcd.com/{num}/",
    }


def test_an_image_whose_comic_cannot_be_had_is_the_comics_problem(client: FlaskClient) -> None:
    assert client.get("/comics/404/image").json == client.get("/comics/404").json


def test_health_reports_what_is_cached_and_never_asks_xkcd(client: FlaskClient, xkcd: StandIn) -> None:
    caches = {"caches": ["memory"], "archive": None}
    assert client.get("/health").json == {"version": VERSION, "latest": None, "learnt_at": None, **caches}
    assert xkcd.asked == {}
    client.get("/comics/latest")
    document = client.get("/health").get_json()
    learnt_at = datetime.strptime(document.pop("learnt_at"), "%Y-%m-%dT%H:%M:%S%z")
    assert abs(datetime.now(UTC) - learnt_at).total_seconds() < 60
    assert document == {"version": VERSION, "latest": 2665, **caches}
    assert xkcd.asked == {"/info.0.json": 1}


@pytest.mark.parametrize("path", ["/comics/1", "/comics/latest"])
def test_health_is_a_503_while_requests_get_no_comic(client: FlaskClient, xkcd: StandIn, path: str) -> None:
    xkcd.faults[0] = "html"
    client.get(path)
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (
        503,
        {
            "status": 503,
            "title": "No comic served lately",
            "detail": "The most recent request for comics got none, neither from xkcd nor from a cache.",
        },
    )
    xkcd.faults.clear()
    client.get(path)
    assert client.get("/health").status_code == 200


def test_health_stays_a_200_while_a_cache_serves(client: FlaskClient, xkcd: StandIn) -> None:
    client.get("/comics/1")
    xkcd.faults[0] = "html"
    client.get("/comics?n=1,2")
    assert client.get("/health").status_code == 200


def test_health_stays_a_200_when_comics_that_do_not_exist_were_requested(client: FlaskClient) -> None:
    client.get("/comics/404")
    assert client.get("/health").status_code == 200


def test_after_a_ping_that_reached_xkcd_health_is_a_200_again(app: XkcdGather, xkcd: StandIn) -> None:
    client = app.test_client()
    xkcd.faults[0] = "html"
    client.get("/comics/1")
    xkcd.faults.clear()
    app.ping(None)
    assert client.get("/health").status_code == 200
