"""The bytes of one connection."""

import asyncio
from collections.abc import Awaitable, Callable

import httpcore
import pytest

from app.stream import MOST_UNREAD, Stream

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def connected(serve: Serve, use: Callable[[Stream], Awaitable[None]]) -> None:
    """Run both sides of one connection."""

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            stream = await Stream.open("127.0.0.1", server.sockets[0].getsockname()[1], None)
            try:
                await use(stream)
            finally:
                await stream.aclose()

    asyncio.run(run())


def test_what_was_sent_is_read_even_when_the_other_side_has_closed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"woodpecker")
        writer.close()

    async def use(stream: Stream) -> None:
        assert [await stream.read(4), await stream.read(99), await stream.read(99)] == [b"wood", b"pecker", b""]
        assert not stream.quiet

    connected(serve, use)


def test_nothing_is_written_to_a_connection_that_the_other_side_closed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def use(stream: Stream) -> None:
        assert await stream.read(99) == b""
        with pytest.raises(httpcore.WriteError, match=r"^the connection was closed by the other side$"):
            await stream.write(b"GET / HTTP/1.1\r\n\r\n")

    connected(serve, use)


def test_the_other_side_waits_when_nobody_reads() -> None:
    """It gets no further than the buffers of both sides, until reading goes on."""
    size = 64 * MOST_UNREAD
    stopped = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(bytes(size))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.3)
        stopped.set()
        writer.close()

    async def use(stream: Stream) -> None:
        await stopped.wait()
        read = 0
        while data := await stream.read(65536):
            read += len(data)
        assert read == size

    connected(serve, use)


def test_where_nobody_listens_there_is_a_connect_error() -> None:
    async def run() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        with pytest.raises(httpcore.ConnectError):
            await Stream.open("127.0.0.1", port, None)

    asyncio.run(run())
