"""Ours against httpx's stock transport: whatever a server sends, the outcome is of the same kind."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.connections.connection_pool import ConnectionPool
from app.upstream.transport import KeepAliveTransport, ResponseTooLarge
from tests.plain_server import sending
from tools.faults import FAULTS, MEBIBYTE
from tools.stand_in import StandIn

HEAD = b"HTTP/1.1 200 OK\r\n"
SIZED = HEAD + b"Content-Length: 2\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

SAME = {
    "of a stated length": SIZED + b"\r\n{}",
    "an empty header": SIZED + b"Empty:\r\n\r\n{}",
    "bytes beyond ASCII in a header": SIZED + b"X: \xff\r\n\r\n{}",
    "bytes beyond ASCII in the reason": SIZED.replace(b"OK", b"\xff\xfe") + b"\r\n{}",
    "no reason": SIZED.replace(b" OK", b"") + b"\r\n{}",
    "status 999": SIZED.replace(b"200", b"999") + b"\r\n{}",
    "status 2000": SIZED.replace(b"200", b"2000") + b"\r\n{}",
    "status 20": SIZED.replace(b"200", b"20") + b"\r\n{}",
    "status 099": SIZED.replace(b"200", b"099") + b"\r\n{}",
    "204 with a length": SIZED.replace(b"200", b"204") + b"\r\n{}",
    "304 with a length": SIZED.replace(b"200", b"304") + b"\r\n",
    "HTTP/1.0": SIZED.replace(b"1.1", b"1.0") + b"\r\n{}",
    "HTTP/0.9": SIZED.replace(b"1.1", b"0.9") + b"\r\n{}",
    "HTTP/2.0": SIZED.replace(b"1.1", b"2.0") + b"\r\n{}",
    "small letters": SIZED.replace(b"HTTP", b"http") + b"\r\n{}",
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2 + SIZED + b"\r\n{}",
    "early hints alone": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "100 with a length": b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n" + SIZED + b"\r\n{}",
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\nabc",
    "offering an upgrade": SIZED + b"Upgrade: h2c\r\nConnection: upgrade\r\n\r\n{}",
    "without a length": HEAD + b"\r\n{}",
    "without a length, kept alive": HEAD + b"Connection: keep-alive\r\n\r\n{}",
    "chunks": CHUNKED + b"1;a=b\r\n{\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n",
    "Chunks with a capital": CHUNKED.replace(b"chunked", b"Chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "chunks without the last line": CHUNKED + b"2\r\n{}\r\n0\r\n",
    "chunks cut off": CHUNKED + b"2\r\n{}",
    "a chunk of -2": CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
    "a chunk of 0x2": CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
    "a chunk of any size": CHUNKED + b"f" * 18 + b"\r\n{}\r\n0\r\n\r\n",
    "chunks with line feeds alone": CHUNKED + b"2\n{}\n0\n\n",
    "a trailer with a space": CHUNKED + b"2\r\n{}\r\n0\r\nTrai ler\r\n\r\n",
    "gzip as transfer encoding": HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "identity as transfer encoding": HEAD + b"Transfer-Encoding: identity\r\n\r\n{}",
    "two lengths": SIZED + b"Content-Length: 3\r\n\r\n{}",
    "a length with a plus": SIZED.replace(b"2", b"+2", 2) + b"\r\n{}",
    "a length with a minus": SIZED.replace(b": 2", b": -2") + b"\r\n{}",
    "an empty length": SIZED.replace(b": 2", b":") + b"\r\n{}",
    "a length of 23 digits": SIZED.replace(b": 2", b": " + b"9" * 23) + b"\r\n{}",
    "a header without a colon": HEAD + b"nocolon\r\nContent-Length: 2\r\n\r\n{}",
    "a header without a name": SIZED + b": 1\r\n\r\n{}",
    "a header with brackets": SIZED + b"X(): 1\r\n\r\n{}",
    "a header's name beyond ASCII": SIZED + b"X\xff: 1\r\n\r\n{}",
    "a space before the colon": HEAD + b"Content-Length : 2\r\n\r\n{}",
    "30 000 headers": SIZED + b"X: y\r\n" * 30_000 + b"\r\n{}",
    "a zero byte": SIZED + b"X: \x00\r\n\r\n{}",
    "a request": b"GET / HTTP/1.1\r\n\r\n",
    "one letter": b"H",
    "half a head": SIZED[:-9],
    "nothing": b"",
}

# llhttp takes a message for broken in which h11 sees a fault that it can forgive.
STRICTER = {
    "HTTP/1.2": SIZED.replace(b"1.1", b"1.2") + b"\r\n{}",
    "the same length twice": SIZED + b"Content-Length: 2\r\n\r\n{}",
    "the same length twice in one": SIZED.replace(b": 2", b": 2, 2") + b"\r\n{}",
    "a length and chunks": SIZED + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "line feeds alone": SIZED.replace(b"\r", b"") + b"\n{}",
    "a header on two lines": SIZED + b"X: a\r\n b\r\n\r\n{}",
    "a control character": SIZED + b"X: \x01\r\n\r\n{}",
}

# And the other way round. None of these can be taken for the answer to another request, which is what matters.
LAXER = {
    "empty lines before it": b"\r\n\r\n" + SIZED + b"\r\n{}",
    "RTSP": SIZED.replace(b"HTTP/1.1", b"RTSP/1.0") + b"\r\n{}",
    "ICE": SIZED.replace(b"HTTP/1.1", b"ICE/1.0") + b"\r\n{}",
    "gzip and chunks": CHUNKED.replace(b"chunked", b"gzip, chunked") + b"2\r\n{}\r\n0\r\n\r\n",
    "chunks twice": CHUNKED.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") + b"2\r\n{}\r\n0\r\n\r\n",
    "200 KB of header": SIZED + b"X: " + b"x" * 200_000 + b"\r\n\r\n{}",
    "200 KB beside a chunk": CHUNKED + b"2;" + b"x" * 200_000 + b"\r\n{}\r\n0\r\n\r\n",
}

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For the stock transport, which otherwise reads all authorities of the Web each time, although nothing here is TLS."""

Outcome = str | tuple[int, bytes]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def outcome(transport: httpx.AsyncBaseTransport, url: str) -> Outcome:
    """Status and body, or what kind of failure it is; a body is read no further than 1 MiB."""
    try:
        async with asyncio.timeout(0.7), transport:
            response = await transport.handle_async_request(
                httpx.Request("GET", url, extensions={"timeout": {"read": 8.0}})
            )
            async with aclosing(response):
                return response.status_code, await within_bounds(response.aiter_raw())
    except (ResponseTooLarge, OverflowError):
        return "too large"
    except TimeoutError:
        return "too late"
    except httpx.ConnectError:
        return "not connected"
    except httpx.RequestError:
        return "broken off"


async def within_bounds(parts: AsyncIterator[bytes]) -> bytes:
    body = b""
    async for part in parts:
        body += part
        if len(body) > MEBIBYTE:
            raise OverflowError
    return body


async def both(url: str) -> tuple[Outcome, Outcome]:
    """The outcomes with our transport and with the stock one."""
    ours, stock = KeepAliveTransport(ConnectionPool(url, None)), httpx.AsyncHTTPTransport(verify=NO_AUTHORITIES)
    return await outcome(ours, url), await outcome(stock, url)


async def of_bytes(sent: bytes) -> tuple[Outcome, Outcome]:
    async with sending(sent, sent) as port:
        return await both(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - {"informational-flood"}))
def test_bad_weather_is_the_same_to_both(xkcd: StandIn, loop: asyncio.Runner, fault: str) -> None:
    xkcd.faults[614] = fault
    ours, stock = loop.run(both(f"{xkcd.url}/614/info.0.json"))
    assert ours == stock


def test_a_flood_of_early_hints_is_cut_off_before_its_time_is_over(xkcd: StandIn, loop: asyncio.Runner) -> None:
    xkcd.faults[614] = "informational-flood"
    assert loop.run(both(f"{xkcd.url}/614/info.0.json")) == ("too large", "too late")


@pytest.mark.parametrize("sent", SAME.values(), ids=SAME)
def test_both_read_it_alike(loop: asyncio.Runner, sent: bytes) -> None:
    ours, stock = loop.run(of_bytes(sent))
    assert ours == stock


@pytest.mark.parametrize("sent", STRICTER.values(), ids=STRICTER)
def test_ours_is_stricter(loop: asyncio.Runner, sent: bytes) -> None:
    assert loop.run(of_bytes(sent)) == ("broken off", (200, b"{}"))


@pytest.mark.parametrize("sent", LAXER.values(), ids=LAXER)
def test_ours_is_laxer(loop: asyncio.Runner, sent: bytes) -> None:
    assert loop.run(of_bytes(sent)) == ((200, b"{}"), "broken off")


def test_where_nobody_listens_both_are_not_connected(xkcd: StandIn, loop: asyncio.Runner) -> None:
    xkcd.end()
    assert loop.run(both(xkcd.url)) == ("not connected", "not connected")


WORDS = st.sampled_from([*SAME.values(), *STRICTER.values(), *LAXER.values()]).filter(lambda sent: len(sent) < 1000)
CUTS = st.integers(0, 200)


@given(WORDS, WORDS, CUTS, CUTS)
@settings(max_examples=150, derandomize=True)
def test_where_both_see_an_answer_it_is_the_same(
    loop: asyncio.Runner, one: bytes, other: bytes, end: int, start: int
) -> None:
    """Of any beginning and any end put together; what only one of them takes for an answer is no danger to another."""
    ours, stock = loop.run(of_bytes(one[:end] + other[start:]))
    if isinstance(ours, tuple) and isinstance(stock, tuple):
        assert ours == stock
