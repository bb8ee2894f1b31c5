"""The settings, read from the environment once and passed in."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from app import variables

VERSION = "1.1.0"

BUILD_ID = Path(__file__).with_name("build_id.txt")
"""The file that names the build. Only the package has it, from tools/build_zip.py."""

ARCHIVE = Path(__file__).parent.parent / "archive.sqlite"
"""The archive of all comics, if there is one: beside handler.py, here and in the package."""

OWN_PATHS = frozenset({
    "archive", "archive.ndjson", "atom.xml", "comic", "comics", "docs", "feed.json", "health", "info.0.json", "latest",
    "oembed", "openapi.json", "opensearch.xml", "robots.txt", "rss.xml", "today",
})  # fmt: skip
"""First segments of this service's paths. A base path must have none of them, as the two could not be told apart."""

_BASE_PATH = re.compile(r"([\w.~-]+(/[\w.~-]+)*)?", re.ASCII)

IMAGES = "https://imgs.xkcd.com"
"""The server of xkcd's images."""

FLOOR = 3290
"""The default floor. A release renews it and its date."""

FLOOR_DATE = datetime(2026, 8, 31, tzinfo=UTC).timestamp()
"""When the latest comic's number was FLOOR, as Unix time."""

# Visible ASCII without "(", ")" and "\\", which would end or escape a comment in a header.
_CONTACT = re.compile(r"(https?://|[\w.+-]+@)[!-'*-\[\]-~]+", re.ASCII)

HIGHEST_FLOOR = 9999
"""The highest floor; xkcd will not reach it before 2060, so a higher one is a typo."""

MOST_CONNECTIONS = 100
"""Connections to xkcd that may be open at a time."""

MOST_AT_ONCE = 25
"""The highest `fill_at_once`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process. Durations are in seconds."""

    xkcd_url: str = "https://xkcd.com"
    """xkcd's scheme, host and port."""
    images_url: str = IMAGES
    """The same of the server of xkcd's images."""
    public_url: str = ""
    """Scheme, host and port at which callers reach this service; empty if only a gateway knows."""
    contact: str = ""
    """Web or mail address at which xkcd reaches the operator, in the User-Agent of each request; empty for none."""
    ca_file: str | None = None
    """PEM file of the authorities trusted for TLS; None means certifi's."""
    connect_at_start: int = 0
    """Connections to xkcd that are opened while the process starts."""
    time_limit: float = 8.0
    """Duration after which a request is answered with the comics found so far."""
    attempt_timeout: float = 3.0
    """Longest duration of one attempt at xkcd, from connecting to the last byte."""
    floor: int = FLOOR
    """A comic number known to exist: a first guess for the latest number, and the lowest one that is believed.

    The closer it is, the fewer requests are wasted. With 0 nothing is guessed, and every lower number is believed.
    """
    hedge: bool = True
    """Whether a slow request to xkcd is sent again. The first answer counts."""
    base_path: str = ""
    """The path that an API mapping puts in front of all paths, without slashes around it; empty for none."""
    comics_in_memory: int = 5000
    """Comics that the process keeps in memory. There are about 3 300, each of 4 KB in memory."""
    archive: str = ""
    """File of the archive of all comics; empty for none."""
    table: str = ""
    """Name of the DynamoDB table of comics; empty for none."""
    fill_at_most: int = 50
    """Comics that one ping writes to the table."""
    fill_at_once: int = 5
    """Comics that filling the table requests from xkcd at a time."""
    build_id: str = ""
    """Identifies the deployed package, and is part of every ETag; empty outside a package."""

    def __post_init__(self) -> None:
        variables.check_origin("XKCD_URL", self.xkcd_url, "https://xkcd.com")
        variables.check_origin("IMAGES_URL", self.images_url, IMAGES)
        if self.public_url:
            variables.check_origin("PUBLIC_URL", self.public_url, "https://xkcd.example.org")
        if self.xkcd_url.startswith("http:") and urlsplit(self.xkcd_url).hostname == "xkcd.com":
            raise ValueError(f"XKCD_URL is {self.xkcd_url!r}, which redirects: use 'https://xkcd.com'")
        if self.contact and not _CONTACT.fullmatch(self.contact):
            raise ValueError(
                f"CONTACT is {self.contact!r}, but must be like 'https://example.org/bot' or 'me@example.org': "
                "of ASCII, without spaces, parentheses and backslashes"
            )
        if not _BASE_PATH.fullmatch(self.base_path) or OWN_PATHS & set(self.base_path.split("/")):
            raise ValueError(
                f"API_GATEWAY_BASE_PATH is {self.base_path!r}, but must be like 'xkcd' or 'fun/xkcd': of ASCII "
                f"letters and digits, and without {', '.join(sorted(OWN_PATHS))}, which this service has itself"
            )
        if not 1 <= self.fill_at_once <= MOST_AT_ONCE:
            raise ValueError(f"FILL_AT_ONCE is {self.fill_at_once}, but must be a number from 1 to {MOST_AT_ONCE}")
        if self.floor > HIGHEST_FLOOR:
            raise ValueError(f"XKCD_FLOOR is {self.floor}, but must be the number of a comic, at most {HIGHEST_FLOOR}")
        if self.connect_at_start > MOST_CONNECTIONS:
            raise ValueError(f"CONNECT_AT_START is {self.connect_at_start}, but must be at most {MOST_CONNECTIONS}")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ, build_id: Path = BUILD_ID) -> Self:
        """The settings of this process. An empty variable counts as absent, and so does a missing file.

        ARCHIVE is the exception: empty, it means that there is none.
        Raises ValueError, naming the variable, when one makes no sense.
        """
        default = cls()
        return cls(
            xkcd_url=variables.origin(environ, "XKCD_URL", default.xkcd_url),
            images_url=variables.origin(environ, "IMAGES_URL", default.images_url),
            public_url=variables.origin(environ, "PUBLIC_URL", default.public_url),
            contact=environ.get("CONTACT", ""),
            ca_file=environ.get("SSL_CERT_FILE") or None,
            connect_at_start=variables.count(environ, "CONNECT_AT_START", default.connect_at_start),
            hedge=variables.switch(environ, "HEDGE", default.hedge),
            base_path=environ.get("API_GATEWAY_BASE_PATH", "").strip("/"),
            floor=variables.count(environ, "XKCD_FLOOR", default.floor),
            comics_in_memory=variables.count(environ, "COMICS_IN_MEMORY", default.comics_in_memory),
            archive=environ.get("ARCHIVE", str(ARCHIVE) if ARCHIVE.exists() else default.archive),
            table=environ.get("COMICS_TABLE", ""),
            fill_at_most=variables.count(environ, "FILL_AT_MOST", default.fill_at_most),
            fill_at_once=variables.count(environ, "FILL_AT_ONCE", default.fill_at_once),
            build_id=build_id.read_text() if build_id.exists() else default.build_id,
        )
