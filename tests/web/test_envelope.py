"""What every answer carries, and what it becomes for those who have it already, who pack, or who ask from afar."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from app.settings import IMAGES
from app.web.envelope import HEADERS
from tests.rig import Context, age_all_comics
from tools.stand_in import StandIn

ID = re.compile("[0-9a-f]{32}")


def inlined(tag: str, page: str) -> list[str]:
    """The texts of a page's elements of that name."""
    return re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)


def source(text: str) -> str:
    """The source of a Content-Security-Policy that allows that text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/comics?n=1", 200),
        ("/comics?n=x", 400),
        ("/comics/404", 404),
        ("/nowhere", 404),
        ("/comics/1/image", 302),
        ("/1/info.0.json", 200),
        ("/health", 200),
        ("/openapi.json", 200),
        ("/docs", 200),
        ("/?n=1", 200),
        ("/?n=x", 400),
        ("/comic", 302),
        ("/today", 302),
        ("/atom.xml", 200),
        ("/rss.xml", 200),
        ("/feed.json", 200),
        ("/feed.json?n=1", 400),
        ("/oembed?url=https://xkcd.com/614/", 200),
        ("/oembed?url=https://xkcd.com/614/&format=xml", 501),
        ("/robots.txt", 200),
    ],
)
def test_every_answer_carries_the_same_headers(client: FlaskClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert HEADERS.items() <= dict(answer.headers).items()
    assert answer.headers["Vary"] == (
        "Accept, Accept-Encoding" if path.startswith(("/?", "/nowhere")) else "Accept-Encoding"
    )
    assert ID.fullmatch(answer.headers["X-Request-Id"])
    assert re.search(r"total;dur=\d+\.\d$", answer.headers["Server-Timing"])
    assert "Cache-Control" in answer.headers


def test_every_page_allows_its_own_style_and_script_and_xkcds_images_and_nothing_else(
    make_app: Callable[..., XkcdGather],
) -> None:
    client = make_app(images_url=IMAGES).test_client()
    styles = {source(style) for path in ("/?n=1", "/docs") for style in inlined("style", client.get(path).text)}
    (script,) = inlined("script", client.get("/?n=1").text)
    for path in ("/?n=1", "/?n=x", "/docs", "/comic", "/today"):
        policy = dict(part.split(" ", 1) for part in client.get(path).headers["Content-Security-Policy"].split("; "))
        assert set(policy.pop("style-src").split(" ")) == styles
        assert policy == {
            "default-src": "'none'",
            "script-src": source(script),
            "connect-src": "'self'",
            "img-src": "data: https://xkcd.com https://*.xkcd.com",
            "base-uri": "'none'",
            "form-action": "'self'",
            "frame-ancestors": "'none'",
        }
    assert "Content-Security-Policy" not in client.get("/comics?n=1").headers


@pytest.mark.parametrize("path", ["/?n=1", "/?n=x", "/?n=404", "/docs"])
def test_a_page_tells_other_sites_no_more_than_its_origin_and_uses_no_device(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Referrer-Policy"] == "strict-origin"
    assert headers["Permissions-Policy"] == (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    )


@pytest.mark.parametrize("path", ["/comics/1/image", "/comics?n=1", "/comics/404", "/comic"])
def test_what_is_no_page_leaves_the_policies_of_the_page_that_shows_it(client: FlaskClient, path: str) -> None:
    assert {"Referrer-Policy", "Permissions-Policy"} & set(client.get(path).headers.keys()) == set()


@pytest.mark.parametrize("path", ["/comics?n=1", "/comics/404", "/comics/1/image", "/?n=1", "/nowhere"])
def test_a_browser_that_came_by_https_is_to_come_by_https_for_a_year(client: FlaskClient, path: str) -> None:
    by_https = client.get(path, base_url="https://example.org").headers
    assert by_https["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get(path, base_url="http://example.org").headers


def test_a_callers_own_request_id_is_not_taken_over(client: FlaskClient) -> None:
    answer = client.get("/comics?n=1", headers={"X-Request-Id": "mine"})
    assert ID.fullmatch(answer.headers["X-Request-Id"])


def test_the_request_id_is_the_gateways_or_else_lambdas(client: FlaskClient) -> None:
    context = Context(request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd")
    environ: dict[str, Any] = {"serverless.context": context}
    assert client.get("/health", environ_overrides=environ).headers["X-Request-Id"] == context.aws_request_id
    environ["serverless.event"] = {"requestContext": {"requestId": "JKJaXmPLvHcESHA="}}
    assert client.get("/health", environ_overrides=environ).headers["X-Request-Id"] == "JKJaXmPLvHcESHA="


@pytest.mark.parametrize("path", ["/comics", "/comics/614", "/comics/latest/image", "/614/info.0.json", "/health", "/"])
def test_a_preflight_is_permitted_whatever_it_asks(client: FlaskClient, path: str, xkcd: StandIn) -> None:
    headers = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match",
    }
    answer = client.options(path, headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.headers["Access-Control-Allow-Origin"] == answer.headers["Access-Control-Allow-Headers"] == "*"
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert "Content-Type" not in answer.headers
    assert xkcd.asked == {}


def test_a_preflight_for_no_path_of_ours_is_a_404(client: FlaskClient) -> None:
    assert client.options("/nowhere").status_code == 404


@pytest.mark.parametrize(
    "path", ["/comics?n=1-3", "/comics/1", "/comics/latest", "/1/info.0.json", "/?n=1", "/docs", "/openapi.json"]
)
def test_what_the_caller_has_already_is_not_sent_again(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    etag = first.headers["ETag"]
    assert re.fullmatch('W/"[0-9a-f]{24}"', etag)
    for condition in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        again = client.get(path, headers={"If-None-Match": condition})
        assert (again.status_code, again.data) == (304, b"")
        for name in ("ETag", "Cache-Control", "Vary"):
            assert again.headers.get(name) == first.headers.get(name)
        assert "Content-Type" not in again.headers
    assert client.get(path, headers={"If-None-Match": 'W/"other"'}).status_code == 200


def test_a_redirect_to_an_image_is_sent_again(client: FlaskClient) -> None:
    etag = client.get("/comics/1/image").headers["ETag"]
    assert client.get("/comics/1/image", headers={"If-None-Match": etag}).status_code == 302


@pytest.mark.parametrize("path", ["", "//", "/"])
def test_a_path_of_nothing_is_the_gallery(client: FlaskClient, path: str) -> None:
    answer = client.get("/?n=1", environ_overrides={"PATH_INFO": path})
    assert (answer.status_code, answer.mimetype) == (200, "text/html")


def test_what_depends_on_an_old_latest_number_is_not_kept(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/comics/latest")
    monkeypatch.setattr("app.comics.found.LATEST_FRESH_FOR", -1.0)
    xkcd.faults[2665] = "html"
    for path in ("/comics/latest", "/info.0.json", "/comics?since=2664", "/?latest=1"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_a_problem_has_no_tag_and_is_not_kept(client: FlaskClient) -> None:
    for path in ("/comics/404", "/comics?n=x", "/nowhere"):
        answer = client.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code in (400, 404)
        assert [answer.headers.get("ETag"), answer.headers["Cache-Control"]] == [None, "no-store"]


@pytest.mark.parametrize("path", ["/comics?n=1-30", "/comics/404", "/comics/1/image", "/?n=1", "/docs"])
def test_head_is_get_without_a_body(client: FlaskClient, path: str) -> None:
    changing = {"X-Request-Id", "Server-Timing", "Content-Length" if path == "/?n=1" else ""}
    client.get(path)
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (get.status_code, b"")
    assert {name: text for name, text in head.headers.items() if name not in changing} == {
        name: text for name, text in get.headers.items() if name not in changing
    }


@pytest.mark.parametrize("path", ["/comics?n=1-30", "/?n=1-30", "/openapi.json", "/1037/info.0.json"])
def test_a_large_answer_is_packed_for_those_who_take_it(client: FlaskClient, path: str) -> None:
    client.get(path)
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert [plain.content_encoding, packed.content_encoding] == [None, "gzip"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data)
    if path != "/?n=1-30":  # which tells how long it took
        assert gzip.decompress(packed.data) == plain.data
        assert packed.data == client.get(path, headers={"Accept-Encoding": "gzip"}).data


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0"])
def test_it_is_not_packed_for_those_who_do_not(client: FlaskClient, accepted: str) -> None:
    assert client.get("/comics?n=1-30", headers={"Accept-Encoding": accepted}).content_encoding is None


def test_a_small_answer_is_never_packed(client: FlaskClient) -> None:
    answer = client.get("/comics?n=1&fields=num", headers={"Accept-Encoding": "gzip"})
    assert answer.content_encoding is None


def test_what_is_not_to_be_kept_is_packed_as_well(client: FlaskClient) -> None:
    answer = client.get("/comics?random=30", headers={"Accept-Encoding": "gzip"})
    assert [answer.content_encoding, answer.headers.get("ETag")] == ["gzip", None]


DAY = "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=2592000"
FIVE_MINUTES = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
NEVER = "no-store"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/comics?n=1-3", DAY),
        ("/comics/1", DAY),
        ("/comics/1/image", DAY),
        ("/1/info.0.json", DAY),
        ("/?n=1-3", DAY),
        ("/comics?n=1,404", FIVE_MINUTES),
        ("/comics?n=1,latest", FIVE_MINUTES),
        ("/comics?latest=3", FIVE_MINUTES),
        ("/comics?since=2660", FIVE_MINUTES),
        ("/comics?random=3&seed=a", FIVE_MINUTES),
        ("/comics/latest", FIVE_MINUTES),
        ("/comics/latest/image", FIVE_MINUTES),
        ("/comics/random?seed=a", FIVE_MINUTES),
        ("/info.0.json", FIVE_MINUTES),
        ("/?latest=3", FIVE_MINUTES),
        ("/docs", FIVE_MINUTES),
        ("/openapi.json", FIVE_MINUTES),
        ("/comics", NEVER),
        ("/comics?random=3", NEVER),
        ("/comics/random", NEVER),
        ("/comics/random/image", NEVER),
        ("/", NEVER),
        ("/comic", NEVER),
        ("/today", NEVER),
        ("/health", NEVER),
        ("/comics/404", NEVER),
        ("/?n=404", NEVER),
    ],
)
def test_how_long_an_answer_may_be_kept(client: FlaskClient, path: str, kept: str) -> None:
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == kept
    assert ("ETag" in answer.headers) is (kept != NEVER)


def test_a_failure_that_may_pass_is_not_kept(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[2] = "html"
    assert client.get("/comics?n=1,2").headers["Cache-Control"] == NEVER


def test_what_is_stale_is_not_kept(
    make_app: Callable[..., XkcdGather], xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    age_all_comics(monkeypatch)
    client = make_app().test_client()
    assert client.get("/comics?n=1").headers["Cache-Control"] == DAY
    xkcd.faults[1] = "html"
    for path in ("/comics?n=1", "/comics/1", "/1/info.0.json", "/comics/1/image", "/?n=1"):
        assert client.get(path).headers["Cache-Control"] == NEVER
