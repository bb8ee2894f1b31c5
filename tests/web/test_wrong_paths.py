"""Paths with a slash too many, and paths that do not exist."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

import handler
from app.application import XkcdGather
from tests.rig import GATEWAY, Context, through
from tools.stand_in import StandIn

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}

VARIES = "Accept, Accept-Encoding"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/comics/", "/comics"),
        ("/comics/?n=614&n=1,2", "/comics?n=614&n=1,2"),
        ("/comics/614/", "/comics/614"),
        ("/comics/latest/image/", "/comics/latest/image"),
        ("/614/info.0.json/", "/614/info.0.json"),
        ("/docs/", "/docs"),
        ("/comic/", "/comic"),
        ("/comics/ab%5C%0D%0Ac/", "/comics/ab%5C%0D%0Ac"),
        ("/%5Cevil.example/info.0.json/", "/%5Cevil.example/info.0.json"),
        ("/%2Fevil.example/info.0.json/", "/evil.example/info.0.json"),
        ("/comics/?_external=1&_scheme=gopher&n=%0D%0AX:y", "/comics?_external=1&_scheme=gopher&n=%0D%0AX:y"),
    ],
)
def test_a_slash_at_the_end_redirects_to_the_path_without_it(client: FlaskClient, path: str, location: str) -> None:
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.location) == (308, location)


@pytest.mark.parametrize(
    ("path", "location"),
    [("/614", "/614/"), ("/614?n=%0D%0AX:y&_external=1", "/614/?n=%0D%0AX:y&_external=1"), ("/999999", "/999999/")],
)
def test_a_comics_number_redirects_to_its_page(client: FlaskClient, path: str, location: str) -> None:
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.location) == (308, location)
    assert client.options("/614").status_code == 204


@pytest.mark.parametrize("path", ["/0", "/0/", "/0614/", "/1000000/", "/-1/", "/٣/", "/abc/", "/6 14/", "/614x/"])
def test_what_is_no_number_is_no_comics_page(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "Location" not in answer.headers


def test_a_redirect_stays_below_the_base_path(
    make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "app", make_app(base_path="fun/xkcd"))
    for path, location in (("/fun/xkcd/comics/", "/fun/xkcd/comics?n=1"), ("/comics/", "/comics?n=1")):
        answer = handler.handler(through(GATEWAY, path, "n=1"), Context())
        assert (answer["statusCode"], answer["headers"]["Location"]) == (308, location)


def test_a_raw_line_break_in_the_query_is_no_header_of_its_own(
    app: XkcdGather, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "app", app)
    answer = handler.handler({"path": "/comics/?n=1\r\nX: y"}, None)
    assert (answer["statusCode"], answer["headers"]["Location"]) == (308, "/comics?n=1%0D%0AX:%20y")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere/",
        "/614//",
        "/comics//",
        "/comics/614//",
        "/comics//614/",
        "//evil.example/",
    ],
)
def test_a_path_that_does_not_exist_without_the_slash_either_is_a_404(client: FlaskClient, path: str) -> None:
    answer = client.get("/", environ_overrides={"PATH_INFO": path})
    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_a_preflight_is_permitted_at_once_because_none_may_be_redirected(client: FlaskClient) -> None:
    answer = client.options("/comics/", headers={"Origin": "https://e.org", "Access-Control-Request-Method": "GET"})
    assert answer.status_code == 204
    assert "Location" not in answer.headers
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_wrong_method_is_a_405_with_the_slash_too(client: FlaskClient) -> None:
    assert client.post("/comics/").status_code == 405


def way_back(page: str) -> list[str]:
    """The links in a page's main part."""
    return re.findall('<a href="(.*?)">', page.partition("<main")[2].partition("</main>")[0])


def test_a_browser_gets_a_page_with_a_way_back(client: FlaskClient, xkcd: StandIn) -> None:
    page = client.get("/nowhere", headers=BROWSER)
    assert (page.status_code, page.mimetype, page.headers["Vary"]) == (404, "text/html", VARIES)
    assert page.headers["Cache-Control"] == "no-store"
    assert "<h1>404: Not Found</h1>" in page.text
    assert way_back(page.text) == ["/", "/comic", "/docs"]
    assert "<style>" in page.text
    assert xkcd.asked == {}


def test_its_links_stay_below_the_base_path(
    make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "app", make_app(base_path="fun/xkcd"))
    wrong = through(GATEWAY, "/fun/xkcd/nowhere")
    page = handler.handler({**wrong, "headers": {**wrong["headers"], **BROWSER}}, Context())
    assert page["statusCode"] == 404
    assert way_back(page["body"]) == ["/fun/xkcd/", "/fun/xkcd/comic", "/fun/xkcd/docs"]


@pytest.mark.parametrize(
    "accepted",
    [
        "",
        "*/*",
        "application/json",
        "application/problem+json, text/html;q=0.9",
        "application/json, text/html",
        "image/avif,image/*,*/*;q=0.8",
    ],
)
def test_a_program_gets_a_problem(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/nowhere", headers={"Accept": accepted})
    assert (answer.status_code, answer.mimetype, answer.headers["Vary"]) == (404, "application/problem+json", VARIES)


def test_a_browser_gets_a_page_for_a_wrong_method_too(client: FlaskClient) -> None:
    page = client.post("/comics", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (405, "text/html")
    assert set(page.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert "<p>This path supports GET, HEAD and OPTIONS only.</p>" in page.text


def test_a_browser_gets_a_page_for_a_fault_of_our_own_too(app: XkcdGather) -> None:
    def broken() -> str:
        raise LookupError("a secret")

    app.add_url_rule("/broken", view_func=broken)
    page = app.test_client().get("/broken", headers=BROWSER)
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "<p>This is a bug of this service. It has been logged.</p>" in page.text
    assert "secret" not in page.text
