"""The proxy passes on what it gets, unchanged and in order, and not before it would have arrived."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

from tools import far
from tools.congestion_window import SEGMENT

ROUND_TRIP = 0.05
ALMOST = 0.001
"""Seconds by which a loop may call back too early: its clock is that coarse."""

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)


def through(talk: Talk, server: Talk = echo) -> None:
    """Talk to a server through the proxy, and then close: both sides see it."""

    async def run() -> None:
        ended = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await server(reader, writer)
            writer.close()
            await writer.wait_closed()
            ended.set()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as near, await proxy_to(near) as proxy:
            reader, writer = await asyncio.open_connection(*proxy.sockets[0].getsockname())
            await talk(reader, writer)
            writer.close()
            await writer.wait_closed()
            await ended.wait()

    asyncio.run(run())


async def proxy_to(server: asyncio.Server) -> asyncio.Server:
    host, port = server.sockets[0].getsockname()
    return await far.start(host, port, far.Distance(ROUND_TRIP))


def test_the_first_answer_takes_two_round_trips_and_each_further_one() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for round_trips in (2, 1, 1):
            began = time.perf_counter()
            writer.write(b"ping")
            assert await reader.readexactly(4) == b"ping"
            assert time.perf_counter() - began > round_trips * ROUND_TRIP - ALMOST

    through(talk)


def test_a_connection_that_was_opened_before_takes_one_round_trip_from_the_first_answer_on() -> None:
    """By how much it is sooner cannot be told on a busy machine: it is told by what comes first."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(ROUND_TRIP)
        new_reader, new_writer = await asyncio.open_connection(*writer.get_extra_info("peername"))
        answers = [asyncio.create_task(new_reader.readexactly(4)), asyncio.create_task(reader.readexactly(4))]
        for sending in (new_writer, writer):
            sending.write(b"ping")
        first, _ = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        assert first == {answers[1]}
        await answers[0]
        new_writer.close()
        await new_writer.wait_closed()

    through(talk)


def test_what_follows_the_first_bytes_does_not_overtake_them() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for letter in b"abcdefgh":
            writer.write(bytes([letter]))
            await asyncio.sleep(0)
        assert await reader.readexactly(8) == b"abcdefgh"

    through(talk)


def test_much_comes_through_whole() -> None:
    much = bytes(range(256)) * 4096

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(much)
        assert await reader.readexactly(len(much)) == much

    through(talk)


def test_what_exceeds_ten_segments_takes_another_round_trip() -> None:
    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(4)
        writer.write(bytes(11 * SEGMENT))
        await reader.read()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began = time.perf_counter()
        writer.write(b"much")
        await reader.readexactly(10 * SEGMENT)
        await reader.readexactly(SEGMENT)
        assert time.perf_counter() - began > 3 * ROUND_TRIP - ALMOST

    through(talk, server)


def test_that_the_server_closes_comes_after_what_it_said() -> None:
    async def server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"the last words")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b"the last words"

    through(talk, server)


def test_where_nobody_listens_the_connection_ends() -> None:
    async def run() -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            async with await far.start("127.0.0.1", nobody.getsockname()[1], far.Distance(ROUND_TRIP)) as proxy:
                reader, writer = await asyncio.open_connection(*proxy.sockets[0].getsockname())
                assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()

    asyncio.run(run())
