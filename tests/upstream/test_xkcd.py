"""How xkcd is asked, and the latest comic, which it sends only after a change."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from app.comics.comic import Comic
from app.connections.connection_pool import ConnectionPool
from app.errors import BadAnswer
from app.settings import VERSION, Settings
from app.upstream.transport import KeepAliveTransport
from app.upstream.xkcd import ASKED_IN_FULL_AFTER, Xkcd
from tests.plain_server import serving
from tools.faults import answer
from tools.stand_in import StandIn, records

DATE = "Mon, 29 Aug 2022 00:44:25 GMT"
"""On which the stand-in's latest comic appeared."""


@asynccontextmanager
async def asking(url: str, contact: str = "") -> AsyncIterator[Xkcd]:
    """A client of the server at that address."""
    async with KeepAliveTransport(ConnectionPool(url, None)) as transport:
        yield Xkcd(Settings(xkcd_url=url, contact=contact), transport)


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def ask_latest(loop: asyncio.Runner, xkcd: StandIn, *after: str | None) -> list[tuple[int, str | None]]:
    """The latest number as it is, and after each fault; with the date that was sent to ask for it."""

    async def ask() -> list[tuple[int, str | None]]:
        answers = []
        async with asking(xkcd.url) as client:
            for fault in (None, *after):
                xkcd.passing_faults = [fault] if fault else []
                comic = await client.latest()
                answers.append((comic.num, xkcd.last_headers.get("if-modified-since")))
        return answers

    return loop.run(ask())


@pytest.mark.parametrize(
    ("contact", "user_agent"),
    [
        ("", f"xkcd-gather/{VERSION} httpx/{httpx.__version__}"),
        ("https://example.org/bot", f"xkcd-gather/{VERSION} (https://example.org/bot) httpx/{httpx.__version__}"),
    ],
)
def test_a_request_says_who_asks_and_that_gzip_is_welcome(
    loop: asyncio.Runner, xkcd: StandIn, contact: str, user_agent: str
) -> None:
    async def ask() -> None:
        async with asking(xkcd.url, contact=contact) as client:
            await client.comic(614)

    loop.run(ask())
    port = xkcd.url.rpartition(":")[2]
    assert xkcd.last_headers == {
        "host": f"127.0.0.1:{port}",
        "user-agent": user_agent,
        "accept": "application/json",
        "accept-encoding": "gzip",
    }


def test_the_latest_is_sent_again_only_after_a_change(loop: asyncio.Runner, xkcd: StandIn) -> None:
    assert ask_latest(loop, xkcd, None, None) == [(2665, None), (2665, DATE), (2665, DATE)]
    assert (xkcd.asked, xkcd.connections) == ({"/info.0.json": 3}, 1)


def test_a_new_comic_comes_in_spite_of_the_date(loop: asyncio.Runner, xkcd: StandIn) -> None:
    async def ask() -> list[int]:
        async with asking(xkcd.url) as client:
            xkcd.latest = 2664
            before = await client.latest()
            xkcd.latest = 2665
            return [before.num, (await client.latest()).num, (await client.latest()).num]

    assert loop.run(ask()) == [2664, 2665, 2665]


def test_where_xkcd_gives_no_date_none_is_sent(loop: asyncio.Runner, xkcd: StandIn) -> None:
    xkcd.has_validators = False
    assert ask_latest(loop, xkcd, None) == [(2665, None), (2665, None)]


def test_when_xkcd_gives_no_date_any_more_the_old_one_is_forgotten(loop: asyncio.Runner, xkcd: StandIn) -> None:
    assert ask_latest(loop, xkcd, "fraction", None) == [(2665, None), (2665, DATE), (2665, None)]


def test_once_an_hour_the_latest_is_asked_for_in_full(
    loop: asyncio.Runner, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic

    async def ask() -> None:
        async with asking(xkcd.url) as client:
            await client.latest()
            monkeypatch.setattr(time, "monotonic", lambda: now() + ASKED_IN_FULL_AFTER)
            await client.latest()

    loop.run(ask())
    assert "if-modified-since" not in xkcd.last_headers


def test_an_answer_that_was_not_believed_is_asked_for_in_full(loop: asyncio.Runner, xkcd: StandIn) -> None:
    async def ask() -> None:
        async with asking(xkcd.url) as client:
            await client.latest()
            client.forget_latest()
            await client.latest()

    loop.run(ask())
    assert "if-modified-since" not in xkcd.last_headers


def test_a_comic_by_its_number_is_asked_for_without_a_date(loop: asyncio.Runner, xkcd: StandIn) -> None:
    async def ask() -> None:
        async with asking(xkcd.url) as client:
            await client.latest()
            await client.comic(2665)

    loop.run(ask())
    assert "if-modified-since" not in xkcd.last_headers


@asynccontextmanager
async def sending(*answers: bytes) -> AsyncIterator[Xkcd]:
    """A client of a server that sends these answers over one connection."""
    left = iter(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(next(left))

    async with serving(serve) as port, asking(f"http://127.0.0.1:{port}") as client:
        yield client


WHOLE = answer(records()[2665])
NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n\r\n"
NO_ANSWER = r"^xkcd answered 304 for the latest comic, neither a comic nor a 404\.$"
DATED = answer(records()[2665], "200 OK", f"Last-Modified: {DATE}")


@pytest.mark.parametrize("header", ["", "Content-Length: 0\r\n", "Content-Length: 614\r\n"])
def test_a_304_leaves_its_connection_to_the_next_request(loop: asyncio.Runner, header: str) -> None:
    """With the length of a 200, too (RFC 9110, 8.6)."""

    async def ask() -> tuple[Comic, Comic, Comic]:
        async with sending(DATED, f"HTTP/1.1 304 Not Modified\r\n{header}\r\n".encode(), WHOLE) as client:
            return await client.latest(), await client.latest(), await client.comic(2665)

    first, second, third = loop.run(ask())
    assert first is second
    assert third == first


@pytest.mark.parametrize(
    "date",
    ["soon", f"{DATE}, {DATE}", "Mon, 29 Aug 2022 00:00:00 +0000", f"Mon, 29 Aug {'9' * 20} 00:00:00 GMT", "\xe9"],
)
def test_a_date_that_is_none_counts_as_absent(loop: asyncio.Runner, date: str) -> None:
    async def ask() -> None:
        async with sending(DATED.replace(DATE.encode(), date.encode()), NOT_MODIFIED) as client:
            await client.latest()
            with pytest.raises(BadAnswer, match=NO_ANSWER):
                await client.latest()

    loop.run(ask())


def test_a_304_that_nobody_asked_for_is_no_answer(loop: asyncio.Runner, xkcd: StandIn) -> None:
    xkcd.faults[2665] = "304"
    with pytest.raises(BadAnswer, match=NO_ANSWER):
        ask_latest(loop, xkcd)
