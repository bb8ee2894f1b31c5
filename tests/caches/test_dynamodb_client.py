"""Calls of DynamoDB over connections that play tricks."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from app.caches import dynamodb_client
from app.caches.dynamodb_client import DynamoDb
from app.connections import connection
from app.errors import TableError
from tests.plain_server import serving

BODY = json.dumps({"Responses": {"comics": []}, "UnprocessedKeys": {}}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n"
ANSWER = HEAD % len(BODY) + BODY
ARGUMENTS: dict[str, Any] = {"RequestItems": {"comics": {"Keys": []}}}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "eu-central-1")


async def whole_request(reader: asyncio.StreamReader) -> bytes:
    """The body of the next request."""
    head = await reader.readuntil(b"\r\n\r\n")
    (length,) = (line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    return await reader.readexactly(int(length))


async def calls(port: int, monkeypatch: pytest.MonkeyPatch, count: int = 1, ca_file: str | None = None) -> list[object]:
    """The answers to calls in turn, of a client that is closed afterwards."""
    scheme = "http" if ca_file is None else "https"
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"{scheme}://127.0.0.1:{port}")
    dynamodb = DynamoDb(ca_file)
    try:
        return [await dynamodb.call("BatchGetItem", **ARGUMENTS) for _ in range(count)]
    finally:
        await dynamodb.aclose()


def says(*parts: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """These bytes, and then the end."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        writer.writelines(parts)

    return say


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte now, and another each second, as long as anybody waits for them."""
    await whole_request(reader)
    gone = asyncio.create_task(reader.read())
    for byte in ANSWER:
        writer.write(bytes([byte]))
        done, _ = await asyncio.wait([gone], timeout=1.0)
        if done:
            break


@pytest.mark.parametrize(
    ("serve", "said"),
    [
        pytest.param(says(HEAD % 3000 + b" " * 2000), "the answer has more than 1000 bytes", id="too large"),
        pytest.param(slow, r"no whole answer in 0\.25 s", id="a byte a second"),
        pytest.param(says(ANSWER[:-1]), "the connection was closed before the end of the answer", id="truncated"),
        pytest.param(says(), "the connection was closed before the end of the answer", id="closed"),
        pytest.param(says(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "", id="not HTTP"),
        pytest.param(
            says(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"), "an error", id="a proxy's"
        ),
    ],
)
def test_an_answer_that_does_not_come_whole_is_a_table_error(
    monkeypatch: pytest.MonkeyPatch, serve: Any, said: str
) -> None:
    monkeypatch.setattr(dynamodb_client, "LARGEST_ANSWER", 1000)

    async def run() -> None:
        async with serving(serve) as port:
            with pytest.raises(TableError, match=f"^BatchGetItem failed: {said}"):
                await calls(port, monkeypatch)

    asyncio.run(run())


def test_a_long_error_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    error = json.dumps({"__type": "x#" + "K" * 1000, "message": "m" * 1000}).encode()
    refuse = says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(error), error))

    async def run() -> None:
        async with serving(refuse) as port:
            with pytest.raises(TableError, match=r"^BatchGetItem failed: K{300} \(400\): m{300}$"):
                await calls(port, monkeypatch)

    asyncio.run(run())


def test_an_answer_may_be_larger_than_one_of_xkcds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 10.0)
    large = BODY + b" " * 4 * connection.LARGEST_ANSWER

    async def run() -> None:
        async with serving(says(HEAD % len(large), large)) as port:
            assert await calls(port, monkeypatch) == [json.loads(BODY)]

    asyncio.run(run())


def test_one_connection_serves_call_after_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies: list[bytes] = []
        asked.append(bodies)
        while body := await whole_request(reader):
            bodies.append(body)
            writer.write(ANSWER)

    async def run() -> None:
        async with serving(serve) as port:
            assert await calls(port, monkeypatch, 2) == [json.loads(BODY)] * 2

    asyncio.run(run())
    assert asked == [[b'{"RequestItems":{"comics":{"Keys":[]}}}'] * 2]


def test_a_call_that_is_cancelled_closes_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> bytes:
        asked, rest = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await whole_request(reader)
            asked.set()
            try:
                rest.set_result(await reader.read())
            except ConnectionResetError:
                rest.set_result(b"")

        async with serving(silence) as port:
            calling = asyncio.create_task(calls(port, monkeypatch))
            await asked.wait()
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            return bytes(await rest)

    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 10.0)
    assert asyncio.run(run()) == b""


def test_over_tls_the_authorities_are_those_in_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 10.0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await whole_request(reader)
        writer.write(ANSWER)

    async def run() -> None:
        async with serving(serve, context) as port:
            assert await calls(port, monkeypatch, ca_file=str(ca_file)) == [json.loads(BODY)]
            stranger = trustme.CA()
            stranger.cert_pem.write_to_path(str(tmp_path / "other.pem"))
            with pytest.raises(TableError, match="CERTIFICATE_VERIFY_FAILED"):
                await calls(port, monkeypatch, ca_file=str(tmp_path / "other.pem"))

    asyncio.run(run())


def test_authorities_that_cannot_be_read_are_a_table_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    absent = str(tmp_path / "ca.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def run() -> None:
        async with serving(serve) as port:
            with pytest.raises(TableError, match=f"SSL_CERT_FILE is {absent!r}, but must name a PEM file"):
                await calls(port, monkeypatch, ca_file=absent)

    asyncio.run(run())
