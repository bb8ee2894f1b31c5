"""The transport by itself, where the client above it would hide what it does."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator

import httpx
import pytest
import trustme

from app.transport import KeepAliveTransport
from tools.stand_in import StandIn


@contextlib.asynccontextmanager
async def transport(ssl_context: ssl.SSLContext | None = None, limit: int = 100) -> AsyncIterator[KeepAliveTransport]:
    kept = KeepAliveTransport(ssl_context, limit)
    try:
        yield kept
    finally:
        await kept.aclose()


async def get(kept: KeepAliveTransport, url: str) -> bytes:
    response = await kept.handle_async_request(httpx.Request("GET", url))
    try:
        return await response.aread()
    finally:
        await response.aclose()


def test_requests_beyond_the_limit_wait_for_a_connection(xkcd: StandIn) -> None:
    async def run() -> None:
        async with transport(limit=2) as kept:
            await asyncio.gather(*(get(kept, f"{xkcd.url}/{num}/info.0.json") for num in range(1, 21)))

    asyncio.run(run())
    assert (sum(xkcd.asked.values()), xkcd.connections) == (20, 2)


def test_a_body_that_is_not_read_ends_its_connection(xkcd: StandIn) -> None:
    async def run() -> None:
        async with transport() as kept:
            response = await kept.handle_async_request(httpx.Request("GET", f"{xkcd.url}/1/info.0.json"))
            await response.aclose()
            await get(kept, f"{xkcd.url}/2/info.0.json")

    asyncio.run(run())
    assert xkcd.connections == 2


def test_a_request_cancelled_while_it_waits_for_a_connection_takes_none(xkcd: StandIn) -> None:
    async def run() -> None:
        async with transport(limit=1) as kept:
            holding = await kept.handle_async_request(httpx.Request("GET", f"{xkcd.url}/1/info.0.json"))
            waiting = asyncio.create_task(get(kept, f"{xkcd.url}/2/info.0.json"))
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await holding.aclose()
            await get(kept, f"{xkcd.url}/3/info.0.json")

    asyncio.run(run())
    assert xkcd.asked == {"/1/info.0.json": 1, "/3/info.0.json": 1}


def test_a_reset_is_a_read_error() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async def run() -> None:
        server = await asyncio.start_server(reset, "127.0.0.1", 0)
        async with server, transport() as kept:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(httpx.ReadError):
                await get(kept, f"http://127.0.0.1:{port}/1/info.0.json")

    asyncio.run(run())


@pytest.mark.parametrize("surplus", ["more bytes", "the end of the stream"])
def test_over_tls_what_came_unread_ends_a_kept_connection(surplus: str) -> None:
    """The answer and what follows come in two TLS records but in one segment, read at once."""
    authority = trustme.CA()
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"https://127.0.0.1:{listener.getsockname()[1]}/1/info.0.json"

    def serve() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = serving.wrap_bio(incoming, outgoing, server_side=True)
            for step in (tls.do_handshake, lambda tls=tls: tls.read(65536)):
                while True:
                    try:
                        step()
                        break
                    except ssl.SSLWantReadError:
                        connection.sendall(outgoing.read())
                        incoming.write(connection.recv(65536))
            tls.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            if surplus == "more bytes":
                tls.write(b"HTTP/1.1 200 OK\r\n")
            else:
                with contextlib.suppress(ssl.SSLError):
                    tls.unwrap()
            connection.sendall(outgoing.read())
            while connection.recv(65536):
                pass
            connection.close()

    async def run() -> list[bytes]:
        async with transport(trusting) as kept:
            served = asyncio.create_task(asyncio.to_thread(serve))
            bodies = [await get(kept, url) for _ in range(2)]
            await kept.aclose()
            await served
            return bodies

    with listener:
        assert asyncio.run(run()) == [b"{}", b"{}"]


def test_connections_opened_beforehand_serve_the_requests_after(xkcd: StandIn) -> None:
    async def run() -> None:
        async with transport() as kept:
            for _ in range(2):
                await kept.connect(httpx.URL(xkcd.url), 3)
            await asyncio.gather(*(get(kept, f"{xkcd.url}/{num}/info.0.json") for num in range(1, 4)))

    asyncio.run(run())
    assert xkcd.connections == 3


def test_connections_that_were_closed_are_opened_anew(xkcd: StandIn) -> None:
    async def run() -> None:
        async with transport() as kept:
            await kept.connect(httpx.URL(xkcd.url), 2)
            assert await asyncio.to_thread(xkcd.wait_until, lambda: xkcd.connections == 2)
            await asyncio.to_thread(xkcd.close_connections)
            await kept.connect(httpx.URL(xkcd.url), 2)
            await asyncio.gather(*(get(kept, f"{xkcd.url}/{num}/info.0.json") for num in (1, 2)))

    asyncio.run(run())
    assert xkcd.connections == 4


def test_connecting_beforehand_stays_within_the_limit(xkcd: StandIn) -> None:
    async def run() -> None:
        async with transport(limit=1) as kept:
            holding = await kept.handle_async_request(httpx.Request("GET", f"{xkcd.url}/1/info.0.json"))
            connecting = asyncio.create_task(kept.connect(httpx.URL(xkcd.url), 1))
            await asyncio.sleep(0)
            await holding.aread()
            await holding.aclose()
            await connecting

    asyncio.run(run())
    assert xkcd.connections == 1


def test_connecting_to_nobody_is_an_error() -> None:
    async def run() -> None:
        async with transport() as kept:
            with pytest.raises(httpx.ConnectError):
                await kept.connect(httpx.URL("http://127.0.0.1:9"), 1)

    asyncio.run(run())
