"""The environment in which a process finds xkcd."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tools.stand_in.server import StandIn


@contextmanager
def xkcd_environ(latency: float = 0.1) -> Iterator[dict[str, str]]:
    """The variables that name xkcd: those that are set, or without XKCD_URL those of a stand-in that runs meanwhile.

    `latency` is the stand-in's, in seconds.
    """
    if url := os.environ.get("XKCD_URL"):
        yield {"XKCD_URL": url, "IMAGES_URL": os.environ.get("IMAGES_URL", "")}
    else:
        with StandIn(latency) as xkcd:
            yield xkcd.environ
