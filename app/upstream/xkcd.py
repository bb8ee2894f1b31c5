"""The client for xkcd.com's JSON API."""

import asyncio
import json
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from math import isfinite

import httpx

from app.comics.comic import Comic
from app.errors import BadAnswer, BrokenOff, NoSuchComic, Refused, TooLate, TooMany, Unreachable
from app.settings import VERSION, Settings
from app.upstream.connection_pool import Connections
from app.upstream.transport import AnswerTooLarge, KeepAliveTransport

LARGEST = 1024 * 1024
"""Bytes of an answer's body, unpacked; the largest real one has 17 KB (comic 1037)."""

HEADERS = httpx.Headers(
    {
        "User-Agent": f"xkcd-gather/{VERSION} (one call, many comics; Python, httpx)",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
)


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse_number(text)


def _refuse_number(text: str) -> float:
    """Python reads 1e999, NaN and Infinity, and would write what no other program reads."""
    raise ValueError(f"{text} is no number that JSON can hold")


RECORD = json.JSONDecoder(parse_constant=_refuse_number, parse_float=_finite)


class Xkcd:
    """Asks xkcd for one comic at a time; as many at once as there are callers.

    It speaks httpx's transport interface, without an httpx.AsyncClient on top: nothing of what that adds (cookies,
    redirects, authentication, proxies) may happen here, and it takes more than a quarter of the CPU time.
    """

    def __init__(self, settings: Settings, connections: Connections) -> None:
        self._url = httpx.URL(settings.xkcd_url)
        self._attempt = settings.attempt
        self._connections = connections
        self._transport = KeepAliveTransport(connections)

    async def comic(self, num: int) -> Comic:
        """The comic of that number. Raises an UpstreamError, within the time of one attempt."""
        return await self._get(f"/{num}/info.0.json", f"comic {num}", expected=num)

    async def latest(self) -> Comic:
        """The latest comic. Raises an UpstreamError, within the time of one attempt."""
        return await self._get("/info.0.json", "the latest comic", expected=None)

    async def connect(self, count: int) -> None:
        """Open connections until so many wait for requests. Raises Unreachable or TooLate."""
        with _as_upstream_errors("a connection"):
            async with asyncio.timeout(self._attempt):
                await self._connections.connect(count)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._connections.aclose()

    async def _get(self, path: str, what: str, expected: int | None) -> Comic:
        with _as_upstream_errors(what):
            # httpx's extension "target" takes the path's place: to parse an address for each comic takes longer.
            request = httpx.Request("GET", self._url, headers=HEADERS, extensions={"target": path.encode()})
            async with asyncio.timeout(self._attempt):
                response = await self._transport.handle_async_request(request)
                try:
                    return _comic(response, await _body(response, what), what, expected)
                except BadAnswer:
                    # Whatever else comes over this connection is not to be trusted either.
                    response.extensions["connection"].close()
                    raise


async def _body(response: httpx.Response, what: str) -> bytes:
    """The body, unpacked. Raises BadAnswer once it is larger than LARGEST, having unpacked no more than that."""
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise BadAnswer(f"xkcd's answer for {what} is packed in a way that was not asked for.")
    body = b"".join([part async for part in response.aiter_raw()])
    if encoding == "gzip":
        body = _unpacked(body, what)
    if len(body) > LARGEST:
        raise BadAnswer(f"xkcd's answer for {what} is larger than {LARGEST} bytes.")
    return body


def _unpacked(body: bytes, what: str) -> bytes:
    """What was packed by gzip, or its first bytes, one more than LARGEST. Raises BrokenOff and zlib.error."""
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = unpacker.decompress(body, LARGEST + 1)
    if len(unpacked) <= LARGEST and not unpacker.eof:
        raise BrokenOff(f"xkcd's answer for {what} breaks off.")
    return unpacked


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
        record = RECORD.decode(body.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"xkcd's answer for {what} is not JSON.") from error
    comic = Comic.from_record(record)
    if expected not in (None, comic.num):
        raise BadAnswer(f"xkcd answered with comic {comic.num} for {what}.")
    return comic


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
    except (OSError, httpx.ConnectError) as error:
        raise Unreachable("xkcd could not be reached.") from error
    except AnswerTooLarge as error:
        raise BadAnswer(f"xkcd's answer for {what} is larger than {LARGEST} bytes.") from error
    except (httpx.RequestError, zlib.error) as error:
        raise BrokenOff(f"xkcd's answer for {what} breaks off or is no HTTP.") from error
