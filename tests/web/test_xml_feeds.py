"""What the formats require of a feed, element for element."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element, fromstring

import pytest

from app.web import xml_feeds
from app.web.feed import Entry, Feed

LICENSE = "https://creativecommons.org/licenses/by-nc/2.5/"
RIGHTS = "xkcd.com by Randall Munroe, CC BY-NC 2.5"
ABOUT = "The newest comics of xkcd.com, each with its title text as a visible caption."

FEED = Feed(
    "/here",
    [
        Entry(
            url="https://xkcd.com/9/",
            title="<b> & ]]>",
            caption="1 < 2",
            html="<p>1 &lt; 2</p>",
            image="https://imgs.xkcd.com/comics/9.png",
            explained="https://www.explainxkcd.com/wiki/index.php/9",
            published=datetime(2026, 11, 27, 4, tzinfo=UTC),
        ),
        Entry(
            url="https://xkcd.com/8/",
            title="Eight",
            caption="",
            html="<p></p>",
            image=None,
            explained="https://www.explainxkcd.com/wiki/index.php/8",
            published=datetime(2026, 11, 25, 4, tzinfo=UTC),
        ),
    ],
)

Shown = tuple[str, dict[str, str], str]


def shown(element: Element) -> list[Shown]:
    """The element's children that have no children, as name, attributes and text."""
    return [(child.tag, child.attrib, child.text or "") for child in element if not len(child)]


def atom(*parts: Shown) -> list[Shown]:
    return [(f"{{http://www.w3.org/2005/Atom}}{name}", attributes, text) for name, attributes, text in parts]


LICENSED = [("rights", {}, RIGHTS), ("link", {"rel": "license", "href": LICENSE}, "")]


def test_an_atom_feed_has_what_rfc_4287_requires() -> None:
    root = fromstring(xml_feeds.atom(FEED))
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert shown(root) == atom(
        ("id", {}, xml_feeds.FEED_ID),
        ("title", {}, "xkcd with title texts"),
        ("subtitle", {}, ABOUT),
        ("updated", {}, "2026-11-27T04:00:00+00:00"),
        ("link", {"rel": "self", "type": "application/atom+xml", "href": "/here"}, ""),
        ("link", {"rel": "alternate", "type": "text/html", "href": "https://xkcd.com/"}, ""),
        *LICENSED,
    )


def test_so_has_each_of_its_entries() -> None:
    first, second = fromstring(xml_feeds.atom(FEED)).findall("{*}entry")
    explained = {"rel": "related", "type": "text/html", "title": "Explanation"}
    assert shown(first) == atom(
        ("id", {}, "https://xkcd.com/9/"),
        ("title", {}, "<b> & ]]>"),
        ("published", {}, "2026-11-27T04:00:00+00:00"),
        ("updated", {}, "2026-11-27T04:00:00+00:00"),
        ("link", {"rel": "alternate", "type": "text/html", "href": "https://xkcd.com/9/"}, ""),
        ("link", {**explained, "href": "https://www.explainxkcd.com/wiki/index.php/9"}, ""),
        *LICENSED,
        ("summary", {}, "1 < 2"),
        ("content", {"type": "html"}, "<p>1 &lt; 2</p>"),
    )
    assert [name for name, _, _ in shown(second)] == [name for name, _, _ in shown(first) if "summary" not in name]


def test_an_atom_feed_and_each_entry_names_the_author() -> None:
    root = fromstring(xml_feeds.atom(FEED))
    authors = [author for parent in (root, *root.findall("{*}entry")) for author in parent.findall("{*}author")]
    author = atom(("name", {}, "Randall Munroe"), ("uri", {}, "https://xkcd.com/"))
    assert [shown(each) for each in authors] == [author, author, author]


def test_an_rss_feed_has_what_rss_requires() -> None:
    root = fromstring(xml_feeds.rss(FEED))
    (channel,) = root
    assert (root.tag, root.attrib, channel.tag) == ("rss", {"version": "2.0"}, "channel")
    own = {"rel": "self", "type": "application/rss+xml", "href": "/here"}
    assert shown(channel) == [
        ("title", {}, "xkcd with title texts"),
        ("link", {}, "https://xkcd.com/"),
        ("description", {}, ABOUT),
        ("language", {}, "en"),
        ("copyright", {}, RIGHTS),
        ("pubDate", {}, "Fri, 27 Nov 2026 04:00:00 GMT"),
        ("{http://www.w3.org/2005/Atom}link", own, ""),
    ]


def test_so_has_each_of_its_items() -> None:
    first, second = fromstring(xml_feeds.rss(FEED)).findall("channel/item")
    assert shown(first) == [
        ("title", {}, "<b> & ]]>"),
        ("link", {}, "https://xkcd.com/9/"),
        ("guid", {"isPermaLink": "true"}, "https://xkcd.com/9/"),
        ("pubDate", {}, "Fri, 27 Nov 2026 04:00:00 GMT"),
        ("{http://purl.org/dc/elements/1.1/}creator", {}, "Randall Munroe"),
        ("{http://backend.userland.com/creativeCommonsRssModule}license", {}, LICENSE),
        ("description", {}, "1 &lt; 2"),
        ("{http://purl.org/rss/1.0/modules/content/}encoded", {}, "<p>1 &lt; 2</p>"),
    ]
    assert [name for name, _, _ in shown(second)] == [name for name, _, _ in shown(first) if name != "description"]


@pytest.mark.parametrize("written", [xml_feeds.atom(FEED), xml_feeds.rss(FEED)], ids=["atom", "rss"])
def test_a_feed_says_in_which_encoding_it_is(written: bytes) -> None:
    assert written.startswith(b"<?xml version='1.0' encoding='utf-8'?>")


def test_the_dates_of_both_formats_are_the_same_instant() -> None:
    updated = fromstring(xml_feeds.atom(FEED)).findtext("{*}updated")
    published = fromstring(xml_feeds.rss(FEED)).findtext("channel/pubDate")
    assert datetime.fromisoformat(str(updated)) == parsedate_to_datetime(str(published))
