"""Wires the parts that look images up. No request needs them, so only pings and `make archive` import this."""

import time
from random import Random

from app.caches.bounded import Table
from app.caches.layers import Caches
from app.clock import Clock
from app.connections.connection_pool import ConnectionPool
from app.gathering.image_filler import ImageFiller
from app.runtime.event_loop import EventLoop
from app.settings import Settings
from app.upstream.images import Images
from app.upstream.polite_images import PoliteImages
from app.upstream.transport import KeepAliveTransport


def image_filler(settings: Settings, event_loop: EventLoop, caches: Caches, table: Table, clock: Clock) -> ImageFiller:
    """The filler for this table, with connections of its own to the images' server."""
    transport = KeepAliveTransport(ConnectionPool(settings.images_url, settings.ca_file))
    event_loop.on_close(transport.aclose)
    images = PoliteImages(Images(settings, transport), time.monotonic)
    return ImageFiller(images, caches, table, settings.fill_at_once, clock, Random())
