"""Lookups shared by all connections, and the next address where one does not answer."""

import asyncio
import gc
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from app.connections import addresses
from app.connections.addresses import FRESH_FOR, Addresses
from tools.proc import sockets

BLACK_HOLE = "127.0.0.9"
"""A backlog that is full: as from behind a firewall, nothing comes back."""


class Resolver:
    """Stands in for the resolver of the machine. It answers, fails or hangs as it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
        self.lookups = 0
        self.addresses = ["127.0.0.1"]
        self.fails = False
        self.go = threading.Event()
        self.go.set()
        self._port = port
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        self.lookups += 1
        self.go.wait()
        if self.fails:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [
            (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)) for address in self.addresses
        ]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=200) as server:
        yield server


@pytest.fixture
def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch, port: int) -> Iterator[Resolver]:
    resolver = Resolver(monkeypatch, port)
    yield resolver
    resolver.go.set()


@pytest.fixture
def black_hole(port: int) -> Iterator[None]:
    with socket.create_server((BLACK_HOLE, port), backlog=0) as server, closing(socket.socket()) as first:
        first.connect(server.getsockname())
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(server.getsockname())
        yield
        waiting.close()


def run(port: int, test: Callable[[Addresses], Awaitable[None]]) -> None:
    async def begin() -> None:
        await test(Addresses("xkcd.example", port))

    asyncio.run(begin())


async def connect(hosts: Addresses, count: int = 1) -> None:
    for connected in await asyncio.gather(*(hosts.connect() for _ in range(count))):
        connected.close()


class Time:
    """The loop's clock, ahead by as much as it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        loop = asyncio.get_running_loop()
        time = loop.time
        monkeypatch.setattr(loop, "time", lambda: time() + self.ahead)


def test_a_hundred_connections_take_one_lookup(port: int, resolver: Resolver) -> None:
    async def test(hosts: Addresses) -> None:
        await connect(hosts, 100)
        await connect(hosts)

    run(port, test)
    assert resolver.lookups == 1


def test_after_a_minute_the_name_is_looked_up_again(
    port: int, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(hosts: Addresses) -> None:
        time = Time(monkeypatch)
        await connect(hosts)
        time.ahead = FRESH_FOR
        await connect(hosts)

    run(port, test)
    assert resolver.lookups == 2


def test_when_dns_fails_earlier_addresses_are_used(
    port: int, resolver: Resolver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(hosts: Addresses) -> None:
        time = Time(monkeypatch)
        await connect(hosts)
        resolver.fails, time.ahead = True, 1000 * FRESH_FOR
        await connect(hosts)

    run(port, test)
    assert resolver.lookups == 2
    (line,) = caplog.messages
    assert line.startswith("DNS failed, so earlier addresses of xkcd.example are used: gaierror(")


def test_when_dns_hangs_earlier_addresses_are_used(
    port: int, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(hosts: Addresses) -> None:
        time = Time(monkeypatch)
        await connect(hosts)
        resolver.go.clear()
        time.ahead = FRESH_FOR
        await connect(hosts, 3)
        resolver.go.set()
        await connect(hosts)

    run(port, test)
    assert resolver.lookups == 2


def test_a_name_that_is_not_known_is_an_error_for_each_that_waits(port: int, resolver: Resolver) -> None:
    async def test(hosts: Addresses) -> None:
        resolver.fails = True
        outcomes = await asyncio.gather(*(hosts.connect() for _ in range(5)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [socket.gaierror] * 5
        assert resolver.lookups == 1
        resolver.fails = False
        await connect(hosts)

    run(port, test)


def test_a_caller_that_leaves_does_not_end_the_lookup(port: int, resolver: Resolver) -> None:
    async def test(hosts: Addresses) -> None:
        resolver.go.clear()
        leaving = asyncio.create_task(hosts.connect())
        await asyncio.sleep(0)
        staying = asyncio.create_task(connect(hosts))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        resolver.go.set()
        await staying

    run(port, test)
    assert resolver.lookups == 1


@pytest.mark.usefixtures("black_hole")
def test_where_the_first_address_does_not_answer_the_next_one_does(port: int, resolver: Resolver) -> None:
    async def test(hosts: Addresses) -> None:
        resolver.addresses = [BLACK_HOLE, "127.0.0.1"]
        connected = await hosts.connect()
        assert connected.getpeername() == ("127.0.0.1", port)
        connected.close()

    run(port, test)


@pytest.mark.usefixtures("black_hole")
def test_the_address_that_answered_is_tried_first_from_then_on(
    port: int, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(hosts: Addresses) -> None:
        resolver.addresses = [BLACK_HOLE, "127.0.0.1"]
        await connect(hosts)
        monkeypatch.setattr(addresses, "NEXT_ADDRESS_AFTER", 3600.0)
        await connect(hosts)

    run(port, test)


def test_after_a_failed_connection_the_name_is_looked_up_again(
    port: int, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "PATIENCE", 60.0)  # on a busy machine, a lookup may take longer

    async def test(hosts: Addresses) -> None:
        resolver.addresses = ["127.0.0.8"]
        with pytest.raises(ConnectionRefusedError):
            await hosts.connect()
        resolver.addresses = ["127.0.0.1"]
        await connect(hosts)

    run(port, test)
    assert resolver.lookups == 2


def test_a_socket_that_is_closed_again_at_once_is_an_error(
    port: int, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def closed_again(*_: Any, **__: Any) -> socket.socket:
        return socket.socket()

    async def test(hosts: Addresses) -> None:
        monkeypatch.setattr(addresses, "start_connection", closed_again)
        with pytest.raises(OSError, match="not connected"):
            await hosts.connect()

    run(port, test)
    gc.collect()  # an open socket would be a warning, and so an error


@pytest.mark.usefixtures("black_hole")
def test_cancelled_at_any_moment_it_leaves_no_socket_open(port: int, resolver: Resolver) -> None:
    async def test(hosts: Addresses) -> None:
        resolver.addresses = [BLACK_HOLE, "127.0.0.1", "127.0.0.8"]
        before = sockets(os.getpid())
        for turns in range(60):
            connecting = asyncio.create_task(hosts.connect())
            for _ in range(turns):
                await asyncio.sleep(0)
            connecting.cancel()
            await asyncio.wait([connecting])
            if not connecting.cancelled():
                connecting.result().close()
        assert sockets(os.getpid()) == before

    run(port, test)
