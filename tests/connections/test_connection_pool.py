"""The free list by itself, where the client above it would hide what it does."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from app.connections import connection_pool
from app.connections.connection_pool import ConnectionPool
from app.connections.no_answer import Lost
from tests.plain_server import serving
from tools.stand_in import StandIn


@contextlib.asynccontextmanager
async def connections(url: str, ca_file: str | None = None) -> AsyncIterator[ConnectionPool]:
    kept = ConnectionPool(url, ca_file)
    try:
        yield kept
    finally:
        await kept.aclose()


SECONDS = 8.0
"""More than any answer here takes."""


def request(num: int) -> bytes:
    return b"GET /%d/info.0.json HTTP/1.1\r\nHost: xkcd.com\r\n\r\n" % num


async def get(kept: ConnectionPool, *nums: int) -> list[int]:
    """The numbers of the comics that come when these are asked for at once."""
    answers = await asyncio.gather(*(kept.exchange(request(num), SECONDS) for num in nums))
    return [json.loads(answer.body)["num"] for answer in answers]


def test_the_connection_used_last_is_used_first(xkcd: StandIn) -> None:
    async def run() -> None:
        async with connections(xkcd.url) as kept:
            await get(kept, 1, 2, 3)
            first, second = [(await kept.exchange(request(num), SECONDS)).connection for num in (4, 5)]
            assert first is second

    asyncio.run(run())


def test_a_connection_that_its_user_closed_is_not_used_again(xkcd: StandIn) -> None:
    async def run() -> None:
        async with connections(xkcd.url) as kept:
            (await kept.exchange(request(1), SECONDS)).connection.close()
            await get(kept, 2)

    asyncio.run(run())
    assert xkcd.connections == 2


def test_a_connection_in_use_while_the_others_are_closed_is_kept_afterwards(xkcd: StandIn) -> None:
    async def run() -> None:
        xkcd.latency = 0.05
        async with connections(xkcd.url) as kept:
            using = asyncio.create_task(get(kept, 1))
            assert await asyncio.to_thread(xkcd.wait_until, lambda: xkcd.asked.total() == 1)
            await kept.aclose()
            await using
            await get(kept, 2)

    asyncio.run(run())
    assert xkcd.connections == 1
    assert xkcd.wait_until(lambda: xkcd.open_connections == 0)


@pytest.mark.parametrize("surplus", ["more bytes", "the end of the stream"])
def test_over_tls_what_came_unread_ends_a_kept_connection(surplus: str, tmp_path: Path) -> None:
    """The answer and what follows come in two TLS records but in one segment, read at once."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing, server_side=True)
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
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        async with connections(url, str(tmp_path / "ca.pem")) as kept:
            served = asyncio.create_task(asyncio.to_thread(serve))
            bodies = [(await kept.exchange(request(1), SECONDS)).body for _ in range(2)]
            await kept.aclose()
            await served
            return bodies

    with listener:
        assert asyncio.run(run()) == [b"{}", b"{}"]


def test_a_connection_closed_before_it_is_used_is_lost() -> None:
    """It is new, so there is no reason to take another in its place."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pass

    async def run() -> None:
        async with serving(serve) as port, connections(f"http://127.0.0.1:{port}") as kept:
            with pytest.raises(Lost):
                await kept.exchange(request(1), SECONDS)

    asyncio.run(run())


def test_connections_opened_beforehand_serve_the_requests_after(xkcd: StandIn) -> None:
    async def run() -> None:
        async with connections(xkcd.url) as kept:
            for _ in range(2):
                await kept.connect(3)
            await get(kept, 1, 2, 3)

    asyncio.run(run())
    assert xkcd.connections == 3


def test_connections_that_were_closed_are_opened_anew(xkcd: StandIn) -> None:
    async def run() -> None:
        async with connections(xkcd.url) as kept:
            await kept.connect(2)
            assert await asyncio.to_thread(xkcd.wait_until, lambda: xkcd.connections == 2)
            await asyncio.to_thread(xkcd.close_connections)
            await kept.connect(2)
            await get(kept, 1, 2)

    asyncio.run(run())
    assert xkcd.connections == 4


def test_connecting_beforehand_stays_within_the_limit(xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_pool, "MOST_CONNECTIONS", 1)

    async def run() -> None:
        xkcd.latency = 0.05
        async with connections(xkcd.url) as kept:
            using = asyncio.create_task(get(kept, 1))
            assert await asyncio.to_thread(xkcd.wait_until, lambda: xkcd.asked.total() == 1)
            await kept.connect(1)
            await using

    asyncio.run(run())
    assert xkcd.connections == 1


def test_connecting_to_nobody_is_an_error(xkcd: StandIn) -> None:
    async def run() -> None:
        async with connections(xkcd.url) as kept:
            xkcd.end()
            with pytest.raises(ConnectionRefusedError):
                await kept.connect(3)

    asyncio.run(run())
