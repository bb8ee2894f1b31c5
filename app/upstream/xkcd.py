"""The client for xkcd.com's JSON API."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpx

from app.comics.comic import Comic
from app.errors import BadAnswer, BrokenOff, TimedOut, Unreachable
from app.settings import VERSION, Settings
from app.upstream import records
from app.upstream.transport import KeepAliveTransport, ResponseTooLarge

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip"}

NO_BODY = httpx.ByteStream(b"")

REASONS: dict[type[OSError], str] = {
    socket.gaierror: "dns",
    ssl.SSLError: "tls",
    ConnectionRefusedError: "connection_refused",
}
"""Why a connection failed, as UpstreamError.reason."""


ASKED_IN_FULL_AFTER = 3600.0
"""Seconds after which the latest comic is asked for without a date.

If xkcd takes back a comic, the one before is older than the date that is sent, so a 304 would be the answer for ever.
"""


class _Latest(NamedTuple):
    modified: str
    comic: Comic
    until: float
    """Until when a 304 is asked for, on the monotonic clock."""


class Xkcd:
    """Requests one comic at a time, for any number of concurrent callers.

    It uses httpx's transport interface without an httpx.AsyncClient on top. None of the client's features (cookies,
    redirects, authentication, proxies) may be used here, and they take more than a quarter of the CPU time.
    """

    def __init__(self, settings: Settings, transport: KeepAliveTransport) -> None:
        self._url = httpx.URL(settings.xkcd_url)
        host = self._url.netloc.decode("ascii")
        self._headers = httpx.Headers({"Host": host, "User-Agent": user_agent(settings.contact), **HEADERS})
        self._timeout = settings.attempt_timeout
        self._transport = transport
        self._latest: _Latest | None = None
        """The last whole answer for the latest comic, if it had a Last-Modified."""

    async def comic(self, num: int) -> Comic:
        """The comic of that number. Raises an UpstreamError, at the latest when one attempt's time is over."""
        what = f"comic {num}"
        return self._comic(*await self._ask(f"/{num}/info.0.json", what, self._headers), what, num)

    async def latest(self) -> Comic:
        """The latest comic. Raises an UpstreamError, at the latest when one attempt's time is over.

        If the last answer had a date, xkcd sends the comic again only if it has changed since.
        """
        what, known, headers, now = "the latest comic", self._latest, self._headers, time.monotonic()
        if known is not None and now >= known.until:
            known = None
        if known is not None:
            headers = httpx.Headers({**headers, "If-Modified-Since": known.modified})
        response, body = await self._ask("/info.0.json", what, headers)
        if known is not None and response.status_code == 304:
            return known.comic
        comic = self._comic(response, body, what, None)
        modified = records.last_modified(response.headers)
        self._latest = _Latest(modified, comic, now + ASKED_IN_FULL_AFTER) if modified else None
        return comic

    def forget_latest(self) -> None:
        """Ask for the latest comic in full next time. A 304 would only confirm an answer that was not believed."""
        self._latest = None

    async def connect(self, count: int) -> None:
        """Open connections until `count` are idle. Raises Unreachable or TimedOut."""
        with as_upstream_errors("a connection"):
            async with asyncio.timeout(self._timeout):
                await self._transport.connect(count)

    async def _ask(self, path: str, what: str, headers: httpx.Headers) -> tuple[httpx.Response, bytes]:
        # httpx's extension "target" replaces the path of the URL: parsing a URL for each comic takes longer.
        extensions = {"target": path.encode(), "timeout": {"read": self._timeout}}
        # A request with a stream gets no headers from httpx: adding Host takes longer than all else here.
        request = httpx.Request("GET", self._url, headers=headers, extensions=extensions, stream=NO_BODY)
        with as_upstream_errors(what):
            response = await self._transport.handle_async_request(request)
            return response, b"".join([part async for part in response.aiter_raw()])

    def _comic(self, response: httpx.Response, body: bytes, what: str, num: int | None) -> Comic:
        try:
            decoded = records.decoded(body, response.headers, what)
            return records.comic(response.status_code, response.headers, decoded, what, num)
        except BadAnswer:
            # The other responses on this connection are not to be trusted either.
            self._transport.discard(response)
            raise


def user_agent(contact: str) -> str:
    """The User-Agent, in the form that Wikimedia asks of clients: name and version, contact, library and version."""
    return " ".join(filter(None, [f"xkcd-gather/{VERSION}", contact and f"({contact})", f"httpx/{httpx.__version__}"]))


@contextmanager
def as_upstream_errors(what: str) -> Iterator[None]:
    """Raise the UpstreamError that an error of the transport means."""
    try:
        yield
    except (TimeoutError, httpx.TimeoutException) as error:
        raise TimedOut(f"xkcd did not send {what} in time.") from error
    except httpx.ConnectError as error:
        raise Unreachable("xkcd could not be reached.", _reason(error.__cause__)) from error
    except ResponseTooLarge as error:
        raise records.too_large(what) from error
    except httpx.RequestError as error:
        raise BrokenOff(f"xkcd's answer for {what} breaks off or is not HTTP.") from error


def _reason(error: BaseException | None) -> str:
    return next((reason for kind, reason in REASONS.items() if isinstance(error, kind)), Unreachable.reason)
