"""How images are asked for, and what an answer says of one."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from app.comics.image import Size
from app.connections.connection_pool import ConnectionPool
from app.errors import BrokenOff, Forbidden, RateLimited, Refused, TimedOut, Unreachable, UpstreamError
from app.settings import VERSION, Settings
from app.upstream.images import FIRST_BYTES, MORE_BYTES, Images
from app.upstream.transport import KeepAliveTransport
from tests.plain_server import sending
from tools.faults import answer
from tools.stand_in import StandIn, images

WOODPECKER = "/comics/woodpecker.png"
BARREL = "/comics/barrel_cropped_(1).jpg"


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


async def ask(url: str, path: str = WOODPECKER, seconds: float = 3.0) -> Size | None:
    async with KeepAliveTransport(ConnectionPool(url, None)) as transport:
        return await Images(Settings(images_url=url, attempt_timeout=seconds), transport).size(path)


@pytest.mark.parametrize(
    ("path", "asks"), [(WOODPECKER, 1), (BARREL, 1), ("/comics/%3F%3F%3F.png", 1), ("/comics/eternal_flame.gif", 1)]
)
def test_the_size_of_an_image_takes_one_small_request(
    loop: asyncio.Runner, xkcd: StandIn, path: str, asks: int
) -> None:
    assert loop.run(ask(xkcd.url, path)) == images.size(path)
    assert xkcd.asked == {path: asks}
    assert xkcd.last_headers == {
        "host": xkcd.url.removeprefix("http://"),
        "user-agent": f"xkcd-gather/{VERSION} httpx/{httpx.__version__}",
        "accept-encoding": "identity",
        "range": f"bytes=0-{FIRST_BYTES - 1}",
    }


@pytest.mark.parametrize(
    ("fault", "requests", "size"),
    [
        ("404", 1, None),
        ("410", 1, None),
        ("html", 1, None),
        ("redirect", 1, None),
        ("redirect-nonsense", 1, None),
        ("304", 1, None),
        ("gzip", 1, None),
        ("cut-header", 1, None),
        ("impossible-size", 1, None),
        ("endless", 1, None),
        ("five-mebibytes", 1, None),
        ("longer-header", 2, None),
        ("long-header", 2, Size(321, 123)),
        ("huge", 1, images.size(WOODPECKER)),
        ("ignores-range", 1, images.size(WOODPECKER)),
        ("long-body", 1, images.size(WOODPECKER)),
        ("two-answers", 1, images.size(WOODPECKER)),
        ("closed-afterwards", 1, images.size(WOODPECKER)),
    ],
)
def test_an_answer_tells_the_size_or_that_there_is_no_image(
    loop: asyncio.Runner, xkcd: StandIn, fault: str, requests: int, size: Size | None
) -> None:
    xkcd.image_faults[WOODPECKER] = fault
    assert loop.run(ask(xkcd.url)) == size
    assert xkcd.asked == {WOODPECKER: requests}


def test_more_is_asked_for_once_and_not_much(loop: asyncio.Runner, xkcd: StandIn) -> None:
    xkcd.image_faults[BARREL] = "longer-header"
    loop.run(ask(xkcd.url, BARREL))
    assert xkcd.last_headers["range"] == f"bytes=0-{MORE_BYTES - 1}"


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        ("403", Forbidden, "xkcd forbids us to ask (403)."),
        ("429", RateLimited, "xkcd is rate-limiting us (429)."),
        ("503", Refused, f"xkcd could not answer for the image {WOODPECKER} (503)."),
        ("reset-in-body", BrokenOff, f"xkcd's answer for the image {WOODPECKER} breaks off or is not HTTP."),
        ("cut-in-head", BrokenOff, f"xkcd's answer for the image {WOODPECKER} breaks off or is not HTTP."),
        ("closed-before-head", BrokenOff, f"xkcd's answer for the image {WOODPECKER} breaks off or is not HTTP."),
        ("short-body", BrokenOff, f"xkcd's answer for the image {WOODPECKER} breaks off or is not HTTP."),
        ("not-http", BrokenOff, f"xkcd's answer for the image {WOODPECKER} breaks off or is not HTTP."),
    ],
)
def test_trouble_with_the_server_says_nothing_of_the_image(
    loop: asyncio.Runner, xkcd: StandIn, fault: str, error: type[UpstreamError], message: str
) -> None:
    xkcd.image_faults[WOODPECKER] = fault
    with pytest.raises(error) as raised:
        loop.run(ask(xkcd.url))
    assert str(raised.value) == message


@pytest.mark.parametrize("fault", ["silence", "drip", "informational-flood"])
def test_an_answer_that_takes_too_long_is_not_waited_for(loop: asyncio.Runner, xkcd: StandIn, fault: str) -> None:
    xkcd.image_faults[WOODPECKER] = fault
    began = time.monotonic()
    if fault == "informational-flood":  # it may be too much before it is too late
        assert loop.run(ask(xkcd.url, seconds=30.0)) is None
    else:
        with pytest.raises(TimedOut, match=rf"^xkcd did not send the image {WOODPECKER} in time\.$"):
            loop.run(ask(xkcd.url, seconds=0.3))
        assert time.monotonic() - began >= 0.3


def test_a_server_that_is_not_there_is_unreachable(loop: asyncio.Runner) -> None:
    async def ask_nobody() -> Size | None:
        async with sending() as port:
            pass
        return await ask(f"http://127.0.0.1:{port}")

    with pytest.raises(Unreachable) as raised:
        loop.run(ask_nobody())
    assert raised.value.reason == "connection_refused"


def test_an_answer_of_another_place_in_the_file_is_no_image(loop: asyncio.Runner) -> None:
    async def ask_liar() -> Size | None:
        async with sending(answer(bytes(4096), "206 Partial Content", "Content-Range: bytes 4096-8191/9000")) as port:
            return await ask(f"http://127.0.0.1:{port}")

    assert loop.run(ask_liar()) is None
