"""Pure: a feed as Atom (RFC 4287) and as RSS 2.0. Imports xml.etree, which takes 3 to 7 ms."""

from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import escape

from app.comics.comic import LICENSE
from app.web.feed import ABOUT, AUTHOR, HOME, RIGHTS, TITLE, Entry, Feed

ATOM = "http://www.w3.org/2005/Atom"
RSS_NAMESPACES = {
    "xmlns:atom": ATOM,
    "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
    "xmlns:creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
}
"""Written out, because ElementTree keeps its own prefixes in a registry of the process."""

FEED_ID = "urn:uuid:8eaa1ffe-6199-53af-b725-3a934d02447e"
"""The same wherever the service runs, and another than that of xkcd's feed, whose entries have no caption."""


def atom(feed: Feed) -> bytes:
    """The feed as Atom. Credit and licence are in every entry, because readers show entries alone."""
    root = Element("feed", {"xmlns": ATOM, "xml:lang": "en"})
    _add(root, "id", FEED_ID)
    _add(root, "title", TITLE)
    _add(root, "subtitle", ABOUT)
    _add(root, "updated", feed.updated.isoformat())
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=HOME)
    _add_rights(root)
    for entry in feed.entries:
        _add_entry(SubElement(root, "entry"), entry)
    return _written(root)


def rss(feed: Feed) -> bytes:
    """The feed as RSS 2.0. Credit and licence are in every item, because readers show items alone."""
    root = Element("rss", {"version": "2.0", **RSS_NAMESPACES})
    channel = SubElement(root, "channel")
    _add(channel, "title", TITLE)
    _add(channel, "link", HOME)
    _add(channel, "description", ABOUT)
    _add(channel, "language", "en")
    _add(channel, "copyright", RIGHTS)
    _add(channel, "pubDate", format_datetime(feed.updated, usegmt=True))
    _add(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.url)
    for entry in feed.entries:
        _add_item(SubElement(channel, "item"), entry)
    return _written(root)


def _add_entry(parent: Element, entry: Entry) -> None:
    _add(parent, "id", entry.url)
    _add(parent, "title", entry.title)
    _add(parent, "published", entry.published.isoformat())
    _add(parent, "updated", entry.published.isoformat())
    _add(parent, "link", rel="alternate", type="text/html", href=entry.url)
    _add(parent, "link", rel="related", type="text/html", href=entry.explained, title="Explanation")
    _add_rights(parent)
    if entry.caption:
        _add(parent, "summary", entry.caption)
    _add(parent, "content", entry.html, type="html")


def _add_rights(parent: Element) -> None:
    author = SubElement(parent, "author")
    _add(author, "name", AUTHOR)
    _add(author, "uri", HOME)
    _add(parent, "rights", RIGHTS)
    _add(parent, "link", rel="license", href=LICENSE)  # RFC 4946


def _add_item(parent: Element, entry: Entry) -> None:
    _add(parent, "title", entry.title)
    _add(parent, "link", entry.url)
    _add(parent, "guid", entry.url, isPermaLink="true")
    _add(parent, "pubDate", format_datetime(entry.published, usegmt=True))
    _add(parent, "dc:creator", AUTHOR)
    _add(parent, "creativeCommons:license", LICENSE)
    if entry.caption:
        _add(parent, "description", str(escape(entry.caption)))  # readers take it for HTML
    _add(parent, "content:encoded", entry.html)


def _add(parent: Element, name: str, text: str | None = None, **attributes: str) -> None:
    SubElement(parent, name, attributes).text = text


def _written(root: Element) -> bytes:
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written
