"""In place of xkcd.com: its own records at its own paths, for clients that know nothing of us."""

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPResponse
from urllib.error import HTTPError

import pytest
import xkcd as client_of_xkcd
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from app.application import XkcdGather
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn, records

NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


@pytest.mark.parametrize("num", [1, 259, 472, 859, 1037, 1137, 1144, 1506, 1608, 1611, 1683, 1913, 2288, 2665])
def test_a_record_is_xkcds_own_field_for_field(client: FlaskClient, num: int) -> None:
    answer = client.get(f"/{num}/info.0.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert list(answer.get_json().items()) == list(json.loads(records()[num]).items())


def test_the_latest_record_is_at_the_root(client: FlaskClient) -> None:
    assert client.get("/info.0.json").json == json.loads(records()[2665])


def test_what_xkcd_sends_beyond_the_usual_is_sent_on(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = {"extra_parts": {"pre": "<div>\ud800", "inset": [1, None, 2.5, True]}, "month": "08", "alt": "é\ud83d"}
    monkeypatch.setitem(FAULTS, "more", changed(**more))
    xkcd.faults[1037] = "more"
    assert client.get("/1037/info.0.json").get_json() == {**json.loads(records()[1037]), **more}


@pytest.mark.parametrize("num", ["404", "9999", "0", "abc", "latest", "-1", "1-5", "٣"])
def test_where_xkcd_has_none_it_is_a_404_with_a_short_page_which_is_no_json(client: FlaskClient, num: str) -> None:
    answer = client.get(f"/{num}/info.0.json")
    assert (answer.status_code, answer.mimetype, answer.text) == (404, "text/html", NOT_FOUND)
    assert (answer.headers["Cache-Control"], answer.headers["Vary"]) == ("no-store", "Accept-Encoding")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer.text)


def test_so_it_is_where_the_latest_one_is_gone(make_app: Callable[..., XkcdGather], xkcd: StandIn) -> None:
    client = make_app(comics_in_memory=0).test_client()
    client.get("/info.0.json")
    xkcd.faults[2665] = "404"
    answer = client.get("/info.0.json")
    assert (answer.status_code, answer.text) == (404, NOT_FOUND)


def test_any_other_failure_is_a_problem(client: FlaskClient, xkcd: StandIn) -> None:
    xkcd.faults[614] = "429-retry-after"
    answer = client.get("/614/info.0.json")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.headers["Retry-After"] == "17"


def test_parameters_are_ignored_as_xkcd_does(client: FlaskClient) -> None:
    assert client.get("/614/info.0.json?callback=x").status_code == 200


class Redirecting(urllib.request.BaseHandler):
    """Sends what is meant for xkcd.com to another address, as a proxy or a hosts file would."""

    handler_order = 100

    def __init__(self, url: str) -> None:
        self._url = url
        self.asked: list[str] = []

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        assert request.host in ("xkcd.com", "www.xkcd.com")
        self.asked.append(request.selector)
        answer: HTTPResponse = self.parent.open(self._url + request.selector)
        return answer


@pytest.fixture
def in_place_of_xkcd(app: XkcdGather, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redirecting]:
    """Our application on a real server, which urllib takes for xkcd.com."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    redirecting = Redirecting(f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(urllib.request, "_opener", urllib.request.build_opener(redirecting))
    yield redirecting
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # this client never closes its answers
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_existing_client_of_xkcds_works_with_us_in_its_place(in_place_of_xkcd: Redirecting) -> None:
    assert client_of_xkcd.getLatestComicNum() == 2665
    comic = client_of_xkcd.getComic(614)
    assert (comic.getTitle(), comic.getImageName(), comic.number) == ("Woodpecker", "woodpecker.png", 614)
    assert comic.getAltText().startswith("If you don't have an extension cord")
    assert client_of_xkcd.getLatestComic().getTitle() == "America Songs"
    with pytest.raises(HTTPError, match="404") as raised:
        client_of_xkcd.Comic(404)
    raised.value.close()
    assert in_place_of_xkcd.asked[:3] == ["/info.0.json", "/info.0.json", "/614/info.0.json"]
