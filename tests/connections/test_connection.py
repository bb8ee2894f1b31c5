"""One connection, and each way in which what comes over it is no answer."""

import asyncio
import socket
import struct
import tracemalloc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from app.connections.addresses import Addresses
from app.connections.connection import LARGEST_ANSWER, MOST_HEADERS, Connection
from app.connections.no_answer import Lost, NotHttp, TooLarge
from tests.plain_server import sending, serving

T = TypeVar("T")

GET = b"GET / HTTP/1.1\r\nHost: xkcd.com\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def open_to(port: int) -> Connection:
    """A connection to that port of this machine."""
    return await Connection.open(await Addresses("127.0.0.1", port).connect(), "127.0.0.1", None, LARGEST_ANSWER)


def over(use: Callable[[Connection], Awaitable[T]], *answers: bytes, closes: bool = True) -> T:
    """What becomes of one connection to a server that sends these."""

    async def run() -> T:
        async with sending(*answers, closes=closes) as port:
            connection = await open_to(port)
            try:
                return await use(connection)
            finally:
                connection.close()

    return asyncio.run(run())


async def body(connection: Connection) -> bytes:
    return (await connection.exchange(GET)).body


async def status_and_headers(connection: Connection) -> tuple[int, list[tuple[bytes, bytes]]]:
    answer = await connection.exchange(GET)
    return answer.status, answer.headers


async def body_and_openness(connection: Connection) -> tuple[bytes, bool]:
    return (await connection.exchange(GET)).body, connection.is_open


def test_an_answer_is_status_headers_and_body() -> None:
    assert over(status_and_headers, b"HTTP/1.1 404 Not Found\r\nEmpty:\r\nContent-Length: 2\r\n\r\n{}") == (
        404,
        [(b"Empty", b""), (b"Content-Length", b"2")],
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(ANSWER, b"{}", id="of a stated length"),
        pytest.param(CHUNKED + b"1\r\n{\r\n1;a=b\r\n}\r\n0\r\n\r\n", b"{}", id="in chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n{}", b"{}", id="that ends with the connection"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n{}", b"{}", id="by HTTP/1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"", id="that ends with the connection and is empty"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b"", id="left out"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 2 + ANSWER, b"{}", id="after early hints"),
    ],
)
def test_a_body_is_read_to_its_end(answer: bytes, expected: bytes) -> None:
    assert over(body, answer) == expected


def test_what_stands_behind_a_body_in_chunks_is_no_header() -> None:
    assert over(status_and_headers, CHUNKED + b"2\r\n{}\r\n0\r\nContent-Encoding: gzip\r\n\r\n") == (
        200,
        [(b"Transfer-Encoding", b"chunked")],
    )


def test_it_matters_not_how_the_bytes_are_cut() -> None:
    async def run() -> bytes:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in ANSWER:
                writer.write(bytes([byte]))
                await asyncio.sleep(0)

        async with serving(serve) as port:
            connection = await open_to(port)
            try:
                return await body(connection)
            finally:
                connection.close()

    assert asyncio.run(run()) == b"{}"


def test_it_takes_one_request_after_the_other() -> None:
    async def use(connection: Connection) -> list[bytes]:
        return [await body(connection) for _ in range(3)]

    assert over(use, ANSWER, ANSWER.replace(b"{}", b"[]"), ANSWER, closes=False) == [b"{}", b"[]", b"{}"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ANSWER + ANSWER, id="another answer"),
        pytest.param(ANSWER + b"HTTP", id="the beginning of one"),
        pytest.param(ANSWER + b"surplus", id="what is not HTTP"),
        pytest.param(ANSWER.replace(b"Content", b"Connection: close\r\nContent") + b"surplus", id="data after its end"),
    ],
)
def test_surplus_bytes_end_the_connection_but_not_the_answer(answer: bytes) -> None:
    assert over(body_and_openness, answer, closes=False) == (b"{}", False)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", ANSWER.replace(b"1.1", b"1.0")],
    ids=["that says so", "by HTTP/1.0"],
)
def test_an_answer_that_is_the_last_ends_the_connection(answer: bytes) -> None:
    assert over(body_and_openness, answer, closes=False) == (b"{}", False)


def test_what_comes_unasked_ends_the_connection() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        with suppress(ConnectionError):
            await reader.read()
        closed.set()

    async def run() -> None:
        async with serving(serve) as port:
            connection = await open_to(port)
            await closed.wait()
            with pytest.raises(Lost):
                await connection.exchange(GET)
            assert not connection.received > 0

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="half a head"),
        pytest.param(ANSWER[:-1], id="half a body"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n", id="chunks without the last"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n", id="early hints alone"),
    ],
)
def test_an_answer_that_breaks_off_is_lost(answer: bytes) -> None:
    async def use(connection: Connection) -> bool:
        with pytest.raises(Lost, match=r"^the connection was closed before the end of the answer$"):
            await connection.exchange(GET)
        return connection.received > 0

    assert over(use, answer) == (answer != b"")


def test_an_answer_that_is_reset_is_lost() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def run() -> None:
        async with serving(reset) as port:
            connection = await open_to(port)
            with pytest.raises(Lost, match="reset"):
                await connection.exchange(GET)

    asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", id="an upgrade"),
        pytest.param(ANSWER.replace(b": 2", b": +2"), id="a length with a sign"),
        pytest.param(ANSWER.replace(b"\r\n", b"\r\n" + b"X:\r\n" * MOST_HEADERS, 1), id="too many headers"),
        pytest.param(CHUNKED + b"0\r\n" + b"X:\r\n" * (MOST_HEADERS + 1) + b"\r\n", id="and behind a body"),
    ],
)
def test_what_is_not_http_closes_the_connection(answer: bytes) -> None:
    async def use(connection: Connection) -> bool:
        with pytest.raises(NotHttp):
            await connection.exchange(GET)
        return connection.is_open

    assert over(use, answer, closes=False) is False


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX: " + b"x" * LARGEST_ANSWER, id="header"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" * (LARGEST_ANSWER // 27), id="number of early hints"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * LARGEST_ANSWER, id="body"),
        pytest.param(CHUNKED + b"2;" + b"x" * LARGEST_ANSWER, id="extension of a chunk"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n0\r\nX: " + b"x" * LARGEST_ANSWER, id="trailer"),
    ],
)
def test_an_endless_anything_is_cut_off(endless: bytes) -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(TooLarge, match=rf"^the answer has more than {LARGEST_ANSWER} bytes$"):
            await connection.exchange(GET)
        assert not connection.is_open

    over(use, endless + b"x" * 40, closes=False)


@pytest.mark.parametrize("closes", [False, True], ids=["kept", "closed"])
def test_a_connection_does_not_hold_the_answer_that_came_over_it(closes: bool) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000

    async def use(connection: Connection) -> int:
        before, _ = tracemalloc.get_traced_memory()
        await connection.exchange(GET)
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    try:
        assert over(use, answer, closes=closes) < 500_000
    finally:
        tracemalloc.stop()


def test_cancelling_an_exchange_closes_the_connection() -> None:
    async def use(connection: Connection) -> bool:
        exchange = asyncio.create_task(connection.exchange(GET))
        await asyncio.sleep(0)
        exchange.cancel()
        with pytest.raises(asyncio.CancelledError):
            await exchange
        return connection.is_open

    assert over(use, ANSWER, closes=False) is False


def test_where_nobody_listens_there_is_no_connection() -> None:
    async def run() -> None:
        async with sending() as port:
            pass
        with pytest.raises(ConnectionRefusedError):
            await open_to(port)

    asyncio.run(run())


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n"


@pytest.mark.parametrize(
    "endless",
    [HEAD + b"x" * 100_000, CHUNKED + b"186A0\r\n" + b"x" * 100_000, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000],
    ids=["long", "chunked", "endless"],
)
def test_of_a_body_that_goes_on_no_more_is_read_than_is_enough(endless: bytes) -> None:
    async def use(connection: Connection) -> tuple[int, bytes, bool]:
        answer = await connection.exchange(GET, enough=4096)
        return answer.status, answer.body, connection.is_open

    assert over(use, endless, closes=False) == (200, b"x" * 4096, False)


def test_a_body_that_is_just_enough_leaves_the_connection_open_and_the_next_may_be_longer() -> None:
    async def use(connection: Connection) -> tuple[bytes, bytes, bool]:
        first = (await connection.exchange(GET, enough=2)).body
        second = (await connection.exchange(GET)).body
        return first, second, connection.is_open

    longer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{    }"
    assert over(use, ANSWER, longer, closes=False) == (b"{}", b"{    }", True)
