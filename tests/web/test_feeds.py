"""The feeds, as feed readers take them: feedparser for Atom and RSS, the published rules for JSON Feed."""

import json
import subprocess
import sys
from calendar import timegm
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import feedparser
import jsonschema_rs
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import handler
from app.application import XkcdGather
from app.comics.comic import CREDIT, LICENSE, Comic
from tests.commands import ROOT
from tests.rig import GATEWAY, Context, age_all_comics, through
from tools.stand_in import StandIn, records

ATOM, RSS, JSON = FORMATS = "/atom.xml", "/rss.xml", "/feed.json"

TYPES = {
    ATOM: "application/atom+xml; charset=utf-8",
    RSS: "application/rss+xml; charset=utf-8",
    JSON: "application/feed+json",
}

JSON_FEED = {
    "type": "object",
    "required": ["version", "title", "items"],
    "properties": {
        "version": {"const": "https://jsonfeed.org/version/1.1"},
        "title": {"type": "string"},
        "home_page_url": {"type": "string", "format": "uri"},
        "feed_url": {"type": "string", "format": "uri"},
        "description": {"type": "string"},
        "language": {"type": "string"},
        "authors": {"$ref": "#/$defs/authors"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "additionalProperties": False,
    "$defs": {
        "authors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "url": {"type": "string", "format": "uri"}},
                "minProperties": 1,
                "additionalProperties": False,
            },
        },
        "item": {
            "type": "object",
            "required": ["id"],
            "anyOf": [{"required": ["content_html"]}, {"required": ["content_text"]}],
            "properties": {
                "id": {"type": "string"},
                "url": {"type": "string", "format": "uri"},
                "title": {"type": "string"},
                "content_html": {"type": "string"},
                "summary": {"type": "string"},
                "image": {"type": "string", "format": "uri"},
                "date_published": {"type": "string", "format": "date-time"},
                "authors": {"$ref": "#/$defs/authors"},
            },
            "patternProperties": {"^_[^.]*$": {"type": "object"}},
            "additionalProperties": False,
        },
    },
}
"""JSON Feed 1.1, as far as it is used: https://www.jsonfeed.org/version/1.1/. Other extensions begin with "_"."""


class Html(HTMLParser):
    """What a reader shows of HTML: its text, its images and its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.images: list[str | None] = []
        self.links: list[str | None] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "img":
            self.images.append(dict(attributes)["src"])
        elif tag == "a":
            self.links.append(dict(attributes)["href"])


@dataclass(frozen=True)
class Entry:
    """An entry as a reader takes it."""

    id: str
    link: str
    title: str
    html: str
    summary: str
    published: datetime
    author: str


def read(answer: TestResponse) -> tuple[dict[str, Any], list[Entry]]:
    """The feed as a reader takes it, which does not change the HTML."""
    assert answer.status_code == 200
    if answer.mimetype == "application/feed+json":
        return _read_json(answer)
    headers = {name.lower(): text for name, text in answer.headers.items()}
    parsed = feedparser.parse(answer.data, response_headers=headers, sanitize_html=False)
    assert not parsed.bozo
    entries = [
        Entry(
            entry.id,
            entry.link,
            entry.title,
            entry.content[0].value,
            _summary(entry, answer.mimetype == "application/rss+xml"),
            datetime.fromtimestamp(timegm(entry.published_parsed), UTC),
            entry.author,
        )
        for entry in parsed.entries
    ]
    return dict(parsed.feed), entries


def _summary(entry: Any, is_html: bool) -> str:
    """The summary as plain text. Without one, feedparser has the content in its place."""
    if entry.summary == entry.content[0].value:
        return ""
    return Html(entry.summary).text if is_html else str(entry.summary)


def _read_json(answer: TestResponse) -> tuple[dict[str, Any], list[Entry]]:
    document = json.loads(answer.data)
    jsonschema_rs.validate(JSON_FEED, document, validate_formats=True)
    entries = [
        Entry(
            item["id"],
            item["url"],
            item["title"],
            item["content_html"],
            item.get("summary", ""),
            datetime.fromisoformat(item["date_published"]),
            item["authors"][0]["name"],
        )
        for item in document["items"]
    ]
    return document, entries


def newest(latest: int, count: int) -> list[Comic]:
    """These comics, as their records say."""
    numbers = [num for num in range(latest, 0, -1) if num in records()][:count]
    return [Comic.from_json(records()[num]) for num in numbers]


def in_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("path", FORMATS)
def test_a_feed_has_the_newest_25_comics(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["Content-Type"] == TYPES[path]
    _, entries = read(answer)
    assert [entry.id for entry in entries] == [f"https://xkcd.com/{num}/" for num in range(2665, 2640, -1)]


# The oddest titles and title texts are among these: 259, 472, 1137, 1144, 1193 and 1663.
@pytest.mark.parametrize("latest", [2665, 1680, 1200, 500, 280, 1])
def test_every_entry_shows_its_title_and_below_the_image_its_title_text(
    make_app: Callable[..., XkcdGather], xkcd: StandIn, latest: int
) -> None:
    xkcd.latest = latest
    client = make_app(floor=0, attempt_timeout=30.0, time_limit=60.0).test_client()
    comics = newest(latest, 100)
    for path in FORMATS:
        _, entries = read(client.get(f"{path}?latest=100"))
        assert len(entries) == len(comics)
        for entry, comic in zip(entries, comics, strict=True):
            assert_shown(entry, comic)


def assert_shown(entry: Entry, comic: Comic) -> None:
    """The entry is about that comic, and shows all of it."""
    page = f"https://xkcd.com/{comic.num}/"
    explained = f"https://www.explainxkcd.com/wiki/index.php/{comic.num}"
    image = "" if comic.img else "It has no single image: see it on xkcd.com. "
    below = f"Comic {comic.num} on xkcd.com, explained. By Randall Munroe, CC BY-NC 2.5."
    assert (entry.id, entry.link, entry.author) == (page, page, "Randall Munroe")
    assert in_one_line(entry.title) == in_one_line(comic.title)
    shown = Html(entry.html)
    assert in_one_line(shown.text) == in_one_line(f"{image}{comic.alt} {below}")
    assert shown.images == ([comic.img] if comic.img else [])
    assert shown.links == [page, page, explained, LICENSE]
    assert in_one_line(entry.summary) == in_one_line(comic.alt)
    assert entry.published == datetime(comic.date.year, comic.date.month, comic.date.day, 4, tzinfo=UTC)


@pytest.mark.parametrize("path", [ATOM, RSS])
def test_the_title_text_is_left_where_a_reader_takes_out_what_may_be_harmful(client: FlaskClient, path: str) -> None:
    for entry, comic in zip(feedparser.parse(client.get(path).data).entries, newest(2665, 25), strict=True):
        assert in_one_line(comic.alt) in in_one_line(Html(entry.content[0].value).text)


def test_credit_and_licence_are_in_the_data_of_every_entry_too(client: FlaskClient) -> None:
    for entry in feedparser.parse(client.get(ATOM).data).entries:
        assert (entry.author_detail, entry.rights) == (
            {"name": "Randall Munroe", "href": "https://xkcd.com/"},
            f"{CREDIT}, CC BY-NC 2.5",
        )
        assert [link.href for link in entry.links if link.rel == "license"] == [LICENSE]
    for entry in feedparser.parse(client.get(RSS).data).entries:
        assert (entry.author, [link.href for link in entry.links if link.rel == "license"]) == (
            "Randall Munroe",
            [LICENSE],
        )
    for item in json.loads(client.get(JSON).data)["items"]:
        assert (item["_xkcd"]["credit"], item["_xkcd"]["license"]) == (CREDIT, LICENSE)


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("count", [1, 100])
def test_a_reader_may_ask_for_more_or_fewer(client: FlaskClient, path: str, count: int) -> None:
    assert len(read(client.get(f"{path}?latest={count}"))[1]) == count


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("latest=0", "'latest' must be a number from 1 to 100, not '0'."),
        ("latest=101", "'latest' must be a number from 1 to 100, not '101'."),
        ("latest=5&latest=6", "'latest' is given 2 times: give it once."),
        ("n=614", "Unknown parameter 'n'. Known parameters: latest."),
    ],
)
def test_any_other_parameter_is_a_400(client: FlaskClient, path: str, query: str, detail: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer.get_json()["detail"]) == (400, detail)


def own_addresses(path: str, text: str) -> list[str]:
    """What the feed says its own address is."""
    if path == JSON:
        return [json.loads(text)["feed_url"]] if "feed_url" in json.loads(text) else []
    return [link.href for link in feedparser.parse(text.encode()).feed.links if link.rel == "self"]


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize(("base_path", "query"), [("", ""), ("", "latest=5"), ("fun/xkcd", "")])
def test_a_feed_names_the_address_at_which_the_gateway_was_asked(
    make_app: Callable[..., XkcdGather],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    base_path: str,
    query: str,
) -> None:
    monkeypatch.setattr(handler, "app", make_app(base_path=base_path))
    path_there = f"/{base_path}{path}" if base_path else path
    event = through("evil.example", path_there, query)
    event["requestContext"]["domainName"] = GATEWAY
    answer = handler.handler(event, Context())
    assert answer["isBase64Encoded"] is False
    assert own_addresses(path, answer["body"]) == [f"https://{GATEWAY}{path_there}{'?' if query else ''}{query}"]
    assert "evil" not in answer["body"]


@pytest.mark.parametrize("path", FORMATS)
def test_behind_cloud_front_the_gateways_host_is_not_the_readers(
    app: XkcdGather, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(handler, "app", app)
    monkeypatch.setenv("STRIP_STAGE_PATH", "true")  # as serverless.yml does
    event = through(GATEWAY, path)
    event["requestContext"]["domainName"] = GATEWAY
    event["headers"]["X-Amz-Cf-Id"] = "any"
    answer = handler.handler(event, Context())
    assert own_addresses(path, answer["body"]) == ([] if path == JSON else [path])
    assert GATEWAY not in answer["body"]


@pytest.mark.parametrize("path", FORMATS)
@pytest.mark.parametrize("public_url", ["https://xkcd.example.org", "http://127.0.0.1:8000"])
def test_a_feed_names_the_public_address_if_there_is_one(
    make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch, path: str, public_url: str
) -> None:
    monkeypatch.setattr(handler, "app", make_app(public_url=public_url, base_path="fun"))
    event = through(GATEWAY, f"/fun{path}", "latest=5")
    event["requestContext"]["domainName"] = GATEWAY
    answer = handler.handler(event, Context())
    assert own_addresses(path, answer["body"]) == [f"{public_url}/fun{path}?latest=5"]


@pytest.mark.parametrize("path", FORMATS)
def test_elsewhere_it_names_no_host_because_the_caller_might_have_made_it_up(client: FlaskClient, path: str) -> None:
    text = client.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}).text
    assert own_addresses(path, text) == ([] if path == JSON else [path])
    assert "evil" not in text


@pytest.mark.parametrize("path", FORMATS)
def test_a_reader_that_has_the_feed_gets_a_304_by_its_tag_or_its_very_time(client: FlaskClient, path: str) -> None:
    first = client.get(path).headers
    assert first["Cache-Control"] == "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"

    def status(**headers: str) -> int:
        return client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()}).status_code

    assert status(If_None_Match=first["ETag"]) == 304
    assert status(If_Modified_Since=first["Last-Modified"]) == 304
    assert status(If_None_Match=first["ETag"], If_Modified_Since="Mon, 31 Aug 2026 00:00:00 GMT") == 304
    assert status(If_None_Match='W/"other"', If_Modified_Since=first["Last-Modified"]) == 200
    assert status(If_Modified_Since="Mon, 31 Aug 2026 00:00:00 GMT") == 200
    assert status(If_Modified_Since="Thu, 31 Dec 2099 00:00:00 GMT") == 200


@pytest.mark.parametrize("path", FORMATS)
def test_a_mended_title_text_is_another_feed(
    make_app: Callable[..., XkcdGather], send: Callable[..., None], path: str
) -> None:
    client = make_app(comics_in_memory=0).test_client()
    first = client.get(path)
    send(2660, alt="Mended.")
    second = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert second.status_code == 200
    assert "Mended." in second.text


def test_three_formats_of_the_same_comics_have_three_tags(client: FlaskClient) -> None:
    assert len({client.get(path).headers["ETag"] for path in FORMATS}) == 3


@pytest.mark.parametrize("fault", ["html", "404"])
@pytest.mark.parametrize("path", FORMATS)
def test_without_some_comics_it_has_the_others_and_nobody_keeps_it(
    client: FlaskClient, xkcd: StandIn, path: str, fault: str
) -> None:
    xkcd.faults |= dict.fromkeys((2664, 2650), fault)
    answer = client.get(path)
    expected = [f"https://xkcd.com/{num}/" for num in range(2665, 2640, -1) if num not in (2664, 2650)]
    assert [entry.id for entry in read(answer)[1]] == expected
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"ETag", "Last-Modified"} & set(answer.headers.keys()) == set()


@pytest.mark.parametrize("path", FORMATS)
def test_nobody_keeps_old_copies_either(
    client: FlaskClient, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    age_all_comics(monkeypatch)
    client.get(path)
    xkcd.faults[2650] = "html"
    answer = client.get(path)
    assert (len(read(answer)[1]), answer.headers["Cache-Control"]) == (25, "no-store")


@pytest.mark.parametrize("path", FORMATS)
def test_without_any_comic_it_is_a_problem(make_app: Callable[..., XkcdGather], xkcd: StandIn, path: str) -> None:
    client = make_app(comics_in_memory=0).test_client()
    client.get("/comics/latest")
    xkcd.faults[0] = "429-retry-after"
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert (answer.headers["Cache-Control"], answer.headers["Retry-After"]) == ("no-store", "17")
    assert len(answer.get_json()["failures"]) == 25


@pytest.mark.parametrize("path", FORMATS)
def test_a_feed_can_be_asked_for_its_head_and_by_pages_of_others(client: FlaskClient, path: str) -> None:
    head = client.head(path)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == client.get(path).headers["ETag"]
    preflight = client.options(path, headers={"Origin": "https://e.org", "Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 204


HOSTILE = "</p></content>]]><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;\u202e"
UNSENDABLE = "\x00\x08\x0b\x1b\ufffe\uffff\ud800"


@pytest.mark.parametrize("path", FORMATS)
def test_whatever_xkcd_sends_is_text(client: FlaskClient, send: Callable[..., None], path: str) -> None:
    send(2650, **dict.fromkeys(("title", "safe_title", "alt", "news", "transcript"), HOSTILE), link=HOSTILE)
    answer = client.get(path)
    _, entries = read(answer)
    (entry,) = [entry for entry in entries if entry.id == "https://xkcd.com/2650/"]
    title = HOSTILE.replace("&amp;", "&")  # titles are HTML at times, and then title texts are, see Comic
    shown = Html(entry.html)
    assert title in shown.text
    assert shown.tags == {"p", "a", "img", "bdi"}
    assert shown.images == [Comic.from_json(records()[2650]).img]
    assert entry.title == title
    assert path == JSON or "<script" not in answer.text


@pytest.mark.parametrize("path", FORMATS)
def test_a_character_that_xml_cannot_carry_is_replaced(
    client: FlaskClient, send: Callable[..., None], path: str
) -> None:
    send(2650, title=f"a{UNSENDABLE}b", alt=f"c{UNSENDABLE}d\té\U0001f600")
    _, entries = read(client.get(path))
    (entry,) = [entry for entry in entries if entry.id == "https://xkcd.com/2650/"]
    # Half a surrogate pair is a question mark in every answer, see Comic.
    assert entry.title == "a" + 6 * "\ufffd" + "?b"
    assert "c" + 6 * "\ufffd" + "?d\té\U0001f600" in Html(entry.html).text


@pytest.mark.parametrize("title", ["<City>-Style Pizza", "D&D Combinatorics", "\u202eLTR", "A \ufffd"])
@pytest.mark.parametrize("path", FORMATS)
def test_an_odd_title_is_as_in_the_json_api(
    client: FlaskClient, send: Callable[..., None], path: str, title: str
) -> None:
    send(2665, title=title)
    assert read(client.get(f"{path}?latest=1"))[1][0].title == title


@pytest.mark.parametrize("path", FORMATS)
def test_an_image_that_is_not_xkcds_is_not_shown(client: FlaskClient, send: Callable[..., None], path: str) -> None:
    send(2665, img="https://example.org/a.png")
    answer = client.get(f"{path}?latest=1")
    (entry,) = read(answer)[1]
    assert "example.org" not in answer.text
    assert Html(entry.html).text.startswith("It has no single image: see it on xkcd.com.")


class Head(HTMLParser):
    """The links in a page's head that lead to other forms of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.alternates: dict[str | None, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag == "link" and named["rel"] == "alternate":
            self.alternates[named["href"]] = named["type"]


@pytest.mark.parametrize("path", ["/?n=614", "/?n=x", "/docs", "/nowhere"])
def test_every_page_leads_to_the_feeds(client: FlaskClient, path: str) -> None:
    alternates = Head(client.get(path, headers={"Accept": "text/html"}).text).alternates
    assert alternates == {feed: client.head(feed).mimetype for feed in FORMATS}


def test_so_it_does_below_a_base_path(make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "app", make_app(base_path="fun/xkcd"))
    page = handler.handler(through(GATEWAY, "/fun/xkcd/docs"), Context())["body"]
    assert list(Head(page).alternates) == [f"/fun/xkcd{path}" for path in FORMATS]


def test_a_process_that_is_asked_for_no_feed_imports_nothing_for_them(xkcd: StandIn) -> None:
    program = (
        "import sys, handler; handler.handler({'path': '/comics?n=1'}, None); "
        "print({'xml', 'app.web.xml_feeds', 'app.web.feed'} & set(sys.modules) or 'nothing')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=xkcd.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "nothing\n"
