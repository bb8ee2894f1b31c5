"""All paths of this service."""

from collections.abc import Iterator

from flask import Blueprint

from app.caches.layers import Caches
from app.clock import Clock
from app.gathering.gatherer import Gatherer
from app.gathering.searcher import Searcher
from app.settings import Settings
from app.web import archive, as_xkcd, comic_page, docs_page, feeds, oembed, pages, robots, routes, search


def blueprints(
    gatherer: Gatherer, searcher: Searcher, caches: Caches, settings: Settings, clock: Clock
) -> Iterator[Blueprint]:
    """One blueprint for each kind of path. `clock` decides the comic of the day."""
    yield routes.blueprint(gatherer, searcher, caches, settings)
    yield as_xkcd.blueprint(gatherer, settings)
    yield search.blueprint(caches, settings)
    yield archive.blueprint(caches)
    yield feeds.blueprint(gatherer, settings)
    yield oembed.blueprint(gatherer, settings)
    yield robots.blueprint()
    yield comic_page.blueprint(gatherer, settings)
    yield docs_page.blueprint()
    yield pages.blueprint(gatherer, searcher, settings, clock)
