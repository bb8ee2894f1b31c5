"""Pure: how long clients may cache a response, and its ETag."""

import json

from app.comics.search import Search
from app.comics.selection import Selection
from app.comics.written import digest
from app.errors import NoSuchComic
from app.gathering.gathered import Gathered

IMAGE_FIELDS = ("img_2x", "width", "height")
"""The fields of a comic that say what is known of its image."""

NO_STORE = "no-store"
FOR_A_DAY = "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=2592000"
"""A comic hardly ever changes, so an old copy is better than waiting for another day, and than an error for 30 days."""

FOR_FIVE_MINUTES = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"
"""A copy may miss the newest comic for ten minutes, or for a day if the alternative is an error."""


def cache_control(selection: Selection | Search, gathered: Gathered) -> str:
    """A day for fixed comics, five minutes for selections that the next comic may change, otherwise no-store.

    Caches may serve an answer for longer while they renew it (RFC 5861), so that nobody waits, and when that fails.
    """
    stale = any(found.stale for found in gathered.comics)
    passing = any(not isinstance(failure.error, NoSuchComic) for failure in gathered.failures)
    if stale or passing or gathered.latest_stale or not selection.repeatable:
        return NO_STORE
    return FOR_FIVE_MINUTES if selection.needs_latest or gathered.failures else FOR_A_DAY


def etag(selection: Selection | Search, fields: tuple[str, ...], gathered: Gathered) -> str:
    """The tag of the comics and failures, whatever their source and time.

    It depends on what is known of the images if `fields` has any of IMAGE_FIELDS.
    """
    shows_images = any(name in fields for name in IMAGE_FIELDS)
    comics = [found.written.digest if shows_images else found.comic.content for found in gathered.comics]
    failures = [(failure.num, type(failure.error).__name__) for failure in gathered.failures]
    return etag_of([repr(selection), fields, comics, failures])


def etag_of(content: object) -> str:
    """The tag of any JSON value."""
    return digest(json.dumps(content, sort_keys=True).encode())
