"""Connections that died without a word, and servers that take only some."""

import asyncio
import contextvars
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.connections.connection_pool import ConnectionPool
from app.connections.free_list import IDLE_LIMIT
from app.connections.no_answer import Lost
from tests.plain_server import serving

REQUEST = b"GET / HTTP/1.1\r\nHost: xkcd.com\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
SECONDS = 8.0
"""More than any answer here takes."""
SHORT = 0.05


class Server:
    """Answers on up to `most` connections at a time, and closes the others; it numbers them from 1."""

    def __init__(self, most: int = 100) -> None:
        self.most = most
        self.dead: set[int] = set()
        """Connections on which nothing is answered any more, though they are open."""
        self.accepted = 0
        self.requests: list[int] = []
        """The connection of each request."""
        self.end = asyncio.Event()
        self._open = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        name = self.accepted
        if self._open == self.most:
            return
        self._open += 1
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(name)
                if name in self.dead:
                    await self.end.wait()
                    return
                await asyncio.sleep(0)
                writer.write(ANSWER)
        finally:
            self._open -= 1


@asynccontextmanager
async def pool(most: int = 100) -> AsyncIterator[tuple[Server, ConnectionPool]]:
    server = Server(most)
    async with serving(server) as port:
        connections = ConnectionPool(f"http://127.0.0.1:{port}", None)
        try:
            yield server, connections
        finally:
            server.end.set()
            await connections.aclose()


async def exchange(connections: ConnectionPool, count: int = 1, seconds: float = SECONDS) -> None:
    answers = await asyncio.gather(*(connections.exchange(REQUEST, seconds) for _ in range(count)))
    assert [answer.body for answer in answers] == [b"{}"] * count


def test_after_a_timeout_in_which_nothing_was_heard_the_request_goes_over_a_new_connection() -> None:
    async def run() -> list[int]:
        async with pool() as (server, connections):
            await exchange(connections)
            server.dead = {1}
            await exchange(connections, seconds=SHORT)
            return server.requests

    assert asyncio.run(run()) == [1, 1, 2]


def test_twenty_dead_connections_cost_one_timeout() -> None:
    async def run() -> list[int]:
        async with pool() as (server, connections):
            await connections.connect(20)
            server.dead = set(range(1, 21))
            await exchange(connections, seconds=SHORT)
            for _ in range(20):
                await exchange(connections)
            return server.requests

    asked = asyncio.run(run())
    assert asked[1:] == [21] * 21
    assert asked[0] in range(1, 21)


def test_a_new_connection_on_which_nothing_is_heard_gets_no_second_try() -> None:
    async def run() -> list[int]:
        async with pool() as (server, connections):
            server.dead = {1}
            with pytest.raises(TimeoutError):
                await connections.exchange(REQUEST, SHORT)
            return server.requests

    assert asyncio.run(run()) == [1]


def test_a_kept_connection_that_breaks_off_within_an_answer_gets_no_second_try() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER[:20])

    async def run() -> None:
        async with serving(half) as port:
            connections = ConnectionPool(f"http://127.0.0.1:{port}", None)
            await exchange(connections)
            with pytest.raises(Lost):
                await connections.exchange(REQUEST, SECONDS)

    asyncio.run(run())


@pytest.mark.parametrize("beforehand", [False, True], ids=["used", "opened beforehand"])
def test_a_connection_that_was_idle_for_too_long_is_not_used(beforehand: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> list[int]:
        loop = asyncio.get_running_loop()
        now = loop.time
        async with pool() as (server, connections):
            await exchange(connections)
            monkeypatch.setattr(loop, "time", lambda: now() + IDLE_LIMIT)
            if beforehand:
                await connections.connect(1)
            await exchange(connections)
            return server.requests

    assert asyncio.run(run()) == [1, 2]


def test_where_a_server_takes_ten_connections_all_requests_go_over_these() -> None:
    async def run() -> set[int]:
        async with pool(most=10) as (server, connections):
            await exchange(connections, 100)
            return set(server.requests)

    assert len(asyncio.run(run())) == 10


def test_a_server_that_takes_none_is_an_error_for_each_request() -> None:
    async def run() -> list[object]:
        async with pool(most=0) as (_, connections):
            exchanges = (connections.exchange(REQUEST, SECONDS) for _ in range(5))
            return [type(error) for error in await asyncio.gather(*exchanges, return_exceptions=True)]

    assert asyncio.run(run()) == [Lost] * 5


def test_a_connection_does_not_keep_the_context_that_opened_it() -> None:
    request = contextvars.ContextVar("request", default="none")
    seen: list[str] = []

    async def run() -> None:
        async with pool() as (_, connections):
            request.set("a caller's headers")
            connection = (await connections.exchange(REQUEST, SECONDS)).connection
            receive = connection.data_received

            def noted(data: bytes) -> None:
                seen.append(request.get())
                receive(data)

            connection.data_received = noted  # type: ignore[method-assign]
            await connections.exchange(REQUEST, SECONDS)

    asyncio.run(run())
    assert seen == ["none"]


def test_a_connection_that_opens_in_the_turn_of_the_loop_in_which_its_caller_leaves_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def run() -> bool:
        async with pool() as (_, connections):
            opened = (await connections.exchange(REQUEST, SECONDS)).connection
            await connections.aclose()
            kept = ConnectionPool("http://127.0.0.1", None)
            other = (await connections.exchange(REQUEST, SECONDS)).connection

            async def open_at_once(*_: object) -> object:
                return other

            monkeypatch.setattr(kept, "_open_now", open_at_once)
            leaving = asyncio.create_task(kept.exchange(REQUEST, SECONDS))
            for _ in range(2):
                await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.wait([leaving])
            assert leaving.cancelled()
            return opened.is_open or other.is_open

    assert asyncio.run(run()) is False
