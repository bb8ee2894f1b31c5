"""Pure: a feed of comics, before it is written as Atom, RSS or JSON Feed, and as JSON Feed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Self

from app.comics.comic import CREDIT, LICENSE, Comic

TITLE = "xkcd with title texts"
ABOUT = "The newest comics of xkcd.com, each with its title text as a visible caption."
AUTHOR = "Randall Munroe"
HOME = "https://xkcd.com/"
RIGHTS = f"{CREDIT}, CC BY-NC 2.5"

PUBLISHED = time(4, tzinfo=UTC)
"""xkcd gives a date without a time. On that date it is midnight in New York in summer, as in xkcd's own RSS feed.

So the date is right from there eastwards to Japan, and no entry is in the future, which readers would hide.
"""

# All that XML 1.0 cannot carry, not even escaped. Naming all that it can takes ten times as long to compile.
_UNSENDABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """A comic in a feed. `html` is all that a reader shows below the title; `caption` is plain text."""

    url: str
    """xkcd's page, and the id of the entry in xkcd's own feeds, so that a reader of both shows a comic once."""
    title: str
    caption: str
    html: str
    image: str | None
    explained: str
    published: datetime

    @classmethod
    def of(cls, comic: Comic, html: str) -> Self:
        """The comic's entry, in characters that every format can carry."""
        about = comic.to_json()
        return cls(
            url=about["url"],
            title=sendable(comic.title),
            caption=sendable(comic.alt),
            html=sendable(html),
            image=comic.img,
            explained=about["explained"],
            published=datetime.combine(comic.date, PUBLISHED),
        )


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed of at least one entry, newest first. `url` is its own address, perhaps without a host."""

    url: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        """When the newest comic came out."""
        return max(entry.published for entry in self.entries)


def sendable(text: str) -> str:
    """The text with U+FFFD in place of each character that XML 1.0 cannot carry."""
    return _UNSENDABLE.sub("\ufffd", text)


def json_feed(feed: Feed) -> dict[str, Any]:
    """The feed as a JSON Feed 1.1, with `feed_url` if its host is known."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": ABOUT,
        "home_page_url": HOME,
        **({"feed_url": feed.url} if not feed.url.startswith("/") else {}),
        "language": "en",
        "authors": _AUTHORS,
        "items": [_item(entry) for entry in feed.entries],
    }


_AUTHORS = [{"name": AUTHOR, "url": HOME}]


def _item(entry: Entry) -> Mapping[str, Any]:
    return {
        "id": entry.url,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        **({"summary": entry.caption} if entry.caption else {}),
        **({"image": entry.image} if entry.image else {}),
        "date_published": entry.published.isoformat(),
        "authors": _AUTHORS,
        "_xkcd": {"explained": entry.explained, "credit": CREDIT, "license": LICENSE},
    }
