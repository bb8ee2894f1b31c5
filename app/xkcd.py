"""The client for xkcd.com's JSON API."""

import asyncio
import json
import logging
import re
import ssl
import zlib
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import isfinite
from typing import NamedTuple

import certifi
import httpx

from app.comic import Comic
from app.errors import BadAnswer, BrokenOff, NoSuchComic, Refused, TooLate, TooMany, Unreachable
from app.settings import VERSION, Settings
from app.transport import KeepAliveTransport

LARGEST = 1024 * 1024
"""Bytes of an answer's body, unpacked; the largest real one has 17 KB (comic 1037)."""

HEADERS = httpx.Headers(
    {
        "User-Agent": f"xkcd-gather/{VERSION} (one call, many comics; Python, httpx)",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
)


# It logs each request: a hundred lines for a hundred comics, where one line tells of the invocation.
logging.getLogger("httpx").setLevel(logging.WARNING)


class _Connected(NamedTuple):
    """What is open on one event loop: httpx's client, and the transport below it, which alone can connect ahead."""

    transport: KeepAliveTransport
    client: httpx.AsyncClient


class Xkcd:
    """Asks xkcd for one comic at a time; as many at once as there are callers.

    Keeps one httpx client for each event loop it is used on, made there when first needed. That is one in
    all, but for a forked process, which must let its parent's sockets be.
    """

    def __init__(self, settings: Settings) -> None:
        self._url = settings.xkcd_url
        self._attempt = settings.attempt
        self._ssl_context = _ssl_context(settings.ca_file) if self._url.startswith("https:") else None
        self._connected: dict[asyncio.AbstractEventLoop, _Connected] = {}

    async def comic(self, num: int) -> Comic:
        """The comic of that number. Raises an UpstreamError, within the time of one attempt."""
        return await self._get(f"/{num}/info.0.json", f"comic {num}", expected=num)

    async def newest(self) -> Comic:
        """The newest comic. Raises an UpstreamError, within the time of one attempt."""
        return await self._get("/info.0.json", "the newest comic", expected=None)

    async def connect(self, count: int) -> None:
        """Open connections until so many wait for requests. Raises Unreachable or TooLate."""
        with _as_upstream_errors("a connection"):
            async with asyncio.timeout(self._attempt):
                await self._connections().transport.connect(httpx.URL(self._url), count)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        connected = self._connected.pop(asyncio.get_running_loop(), None)
        if connected is not None:
            await connected.client.aclose()

    async def _get(self, path: str, what: str, expected: int | None) -> Comic:
        with _as_upstream_errors(what):
            # A request made by the client would take twice as long to make.
            request = httpx.Request("GET", self._url + path, headers=HEADERS)
            async with (
                asyncio.timeout(self._attempt),
                aclosing(await self._connections().client.send(request, stream=True)) as response,
            ):
                try:
                    return _comic(response, await _body(response, what), what, expected)
                except BadAnswer:
                    # Whatever else comes over this connection is not to be trusted either.
                    await response.extensions["network_stream"].aclose()
                    raise

    def _connections(self) -> _Connected:
        loop = asyncio.get_running_loop()
        if loop not in self._connected:
            transport = KeepAliveTransport(self._ssl_context)
            client = httpx.AsyncClient(
                transport=transport,
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                timeout=None,  # noqa: S113 - the whole of an attempt is limited, in _get
                trust_env=False,
            )
            self._connected[loop] = _Connected(transport, client)
        return self._connected[loop]


def _ssl_context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _body(response: httpx.Response, what: str) -> bytes:
    """The body, unpacked. Raises BadAnswer once it is larger than LARGEST, having read no more than that."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise BadAnswer(f"xkcd's answer for {what} is packed in a way that was not asked for.")
    unpacker = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    body = bytearray()
    async for part in response.aiter_raw():
        body += part if unpacker is None else unpacker.decompress(part, LARGEST + 1)
        if len(body) > LARGEST:
            raise BadAnswer(f"xkcd's answer for {what} is larger than {LARGEST} bytes.")
    if unpacker is not None and not unpacker.eof:
        raise BrokenOff(f"xkcd's answer for {what} breaks off.")
    return bytes(body)


def _comic(response: httpx.Response, body: bytes, what: str, expected: int | None) -> Comic:
    """What an answer means. Raises the UpstreamError that it means."""
    status = response.status_code
    if status in (404, 410):
        raise NoSuchComic(f"xkcd has no {what}." if expected else f"xkcd does not say what {what} is.")
    if status == 429:
        raise TooMany("xkcd is asked too much and says so (429).", _retry_after(response))
    if status >= 500:
        raise Refused(f"xkcd could not answer for {what} ({status}).", _retry_after(response))
    if status != 200:
        raise BadAnswer(f"xkcd answered {status} for {what}, where a comic or a 404 would be right.")
    try:
        record = json.loads(body, parse_constant=_refuse_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"xkcd's answer for {what} is not JSON.") from error
    comic = Comic.from_record(record)
    if expected not in (None, comic.num):
        raise BadAnswer(f"xkcd answered with comic {comic.num} for {what}.")
    return comic


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> float:
    """Python reads 1e999, NaN and Infinity, and would write what no other program reads."""
    raise ValueError(f"{text} is no number that JSON can hold")


def _retry_after(response: httpx.Response) -> int | None:
    """Seconds that the Retry-After header asks for, at most a day; None without one that can be read."""
    text = response.headers.get("Retry-After", "")
    if re.fullmatch("[0-9]{1,9}", text):
        return min(int(text), 86400)
    try:
        seconds = (parsedate_to_datetime(text) - parsedate_to_datetime(response.headers["Date"])).total_seconds()
    except (ValueError, TypeError, KeyError):
        return None
    return min(max(int(seconds), 0), 86400)


@contextmanager
def _as_upstream_errors(what: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise TooLate(f"xkcd did not answer for {what} in time.") from error
    except httpx.ConnectError as error:
        raise Unreachable("xkcd could not be reached.") from error
    except (httpx.RequestError, zlib.error) as error:
        raise BrokenOff(f"xkcd's answer for {what} breaks off or is no HTTP.") from error
