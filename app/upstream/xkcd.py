"""The client for xkcd.com's JSON API."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from app.comics.comic import Comic
from app.errors import BadAnswer, BrokenOff, TimedOut, Unreachable
from app.settings import VERSION, Settings
from app.upstream import records
from app.upstream.transport import KeepAliveTransport, ResponseTooLarge

HEADERS = httpx.Headers(
    {
        "User-Agent": f"xkcd-gather/{VERSION} (one call, many comics; Python, httpx)",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
)

REASONS: dict[type[OSError], str] = {
    socket.gaierror: "dns",
    ssl.SSLError: "tls",
    ConnectionRefusedError: "connection_refused",
}
"""Why a connection failed, as UpstreamError.reason."""


class Xkcd:
    """Requests one comic at a time, for any number of concurrent callers.

    It uses httpx's transport interface without an httpx.AsyncClient on top. None of the client's features (cookies,
    redirects, authentication, proxies) may be used here, and they take more than a quarter of the CPU time.
    """

    def __init__(self, settings: Settings, transport: KeepAliveTransport) -> None:
        self._url = httpx.URL(settings.xkcd_url)
        self._timeout = settings.attempt_timeout
        self._transport = transport

    async def comic(self, num: int) -> Comic:
        """The comic of that number. Raises an UpstreamError, at the latest when one attempt's time is over."""
        return await self._get(f"/{num}/info.0.json", f"comic {num}", num)

    async def latest(self) -> Comic:
        """The latest comic. Raises an UpstreamError, at the latest when one attempt's time is over."""
        return await self._get("/info.0.json", "the latest comic", None)

    async def connect(self, count: int) -> None:
        """Open connections until `count` are idle. Raises Unreachable or TimedOut."""
        with _as_upstream_errors("a connection"):
            async with asyncio.timeout(self._timeout):
                await self._transport.connect(count)

    async def _get(self, path: str, what: str, num: int | None) -> Comic:
        # httpx's extension "target" replaces the path of the URL: parsing a URL for each comic takes longer.
        extensions = {"target": path.encode(), "timeout": {"read": self._timeout}}
        request = httpx.Request("GET", self._url, headers=HEADERS, extensions=extensions)
        with _as_upstream_errors(what):
            response = await self._transport.handle_async_request(request)
            body = b"".join([part async for part in response.aiter_raw()])
        try:
            decoded = records.decoded(body, response.headers, what)
            return records.comic(response.status_code, response.headers, decoded, what, num)
        except BadAnswer:
            # The other responses on this connection are not to be trusted either.
            self._transport.discard(response)
            raise


@contextmanager
def _as_upstream_errors(what: str) -> Iterator[None]:
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
