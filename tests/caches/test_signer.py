"""Signatures, and the credentials that they are made with."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from app.caches.endpoint import Endpoint
from app.caches.signer import Signer
from app.errors import TableError
from tests.plain_server import serving

FRANKFURT = Endpoint("eu-central-1", "https://dynamodb.eu-central-1.amazonaws.com")
ARGUMENTS = {"RequestItems": {"comics": {"Keys": [{"num": {"N": "614"}}]}}}


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def set_credentials(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_credentials(key: str, token: str = "") -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)

    return set_credentials


async def signed(signer: Signer) -> tuple[dict[str, str], bytes]:
    """The headers and the body of a request."""
    head, _, body = (await signer.request("BatchGetItem", ARGUMENTS)).partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")
    assert line == "POST / HTTP/1.1"
    return dict(header.split(": ", 1) for header in headers), body


async def key_and_token(signer: Signer) -> tuple[str, str | None]:
    """What a request says of its credentials."""
    headers, _ = await signed(signer)
    return headers["Authorization"].split("Credential=")[1].split("/")[0], headers.get("X-Amz-Security-Token")


def test_a_request_is_signed_as_botocore_signs_it(set_credentials: Callable[..., None]) -> None:
    set_credentials("AKIAXKCD")
    headers, body = asyncio.run(signed(Signer(FRANKFURT, None)))
    names = ("Content-Type", "Host", "X-Amz-Date", "X-Amz-Target")
    request = AWSRequest("POST", FRANKFURT.url, {name: headers[name] for name in names}, body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    theirs = SigV4Auth(Credentials("AKIAXKCD", "secret"), "dynamodb", "eu-central-1")
    signature = theirs.signature(theirs.string_to_sign(request, theirs.canonical_request(request)), request)
    assert headers == {
        "Host": "dynamodb.eu-central-1.amazonaws.com",
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Date": headers["X-Amz-Date"],
        "X-Amz-Target": "DynamoDB_20120810.BatchGetItem",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIAXKCD/{headers['X-Amz-Date'][:8]}/eu-central-1/dynamodb/"
        f"aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={signature}",
        "Content-Length": str(len(body)),
    }
    assert json.loads(body) == ARGUMENTS


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:8002", "127.0.0.1:8002"),
        ("http://[::1]:8002", "[::1]:8002"),
        ("https://DynamoDB.eu-central-1.amazonaws.com:443", "dynamodb.eu-central-1.amazonaws.com"),
    ],
    ids=["local", "IPv6", "https's own port"],
)
def test_the_host_has_the_port_of_the_endpoint_unless_it_is_the_schemes_own(
    set_credentials: Callable[..., None], url: str, host: str
) -> None:
    set_credentials("AKIAXKCD")
    headers, _ = asyncio.run(signed(Signer(Endpoint("eu-central-1", url), None)))
    assert headers["Host"] == host


def test_credentials_are_those_of_the_environment_as_it_is_now(set_credentials: Callable[..., None]) -> None:
    signer = Signer(FRANKFURT, None)
    set_credentials("AKIAFIRST")
    assert asyncio.run(key_and_token(signer)) == ("AKIAFIRST", None)
    set_credentials("ASIASECOND", "of the session")
    assert asyncio.run(key_and_token(signer)) == ("ASIASECOND", "of the session")


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_without_credentials_it_says_which_are_needed(
    set_credentials: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    set_credentials("AKIAXKCD")
    monkeypatch.setenv(name, "")
    with pytest.raises(TableError, match=r"^there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        asyncio.run(signed(Signer(FRANKFURT, None)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("AWS_ACCESS_KEY_ID", "key's id"),
        ("AWS_SECRET_ACCESS_KEY", "secret key"),
        ("AWS_SESSION_TOKEN", "session token"),
    ],
)
@pytest.mark.parametrize(
    "text", ["a file's\n", "x\r\nX-Evil: 1", "é", "\udce9"], ids=["newline", "header", "é", "byte"]
)
def test_credentials_that_no_header_can_hold_are_named_but_not_shown(
    set_credentials: Callable[..., None], monkeypatch: pytest.MonkeyPatch, name: str, said: str, text: str
) -> None:
    set_credentials("AKIAXKCD")
    monkeypatch.setenv(name, text)
    with pytest.raises(TableError, match=f"^the {said} in the credentials is not one line of ASCII$"):
        asyncio.run(signed(Signer(FRANKFURT, None)))


class Container:
    """Answers with credentials, which are numbered, or with what it is told to."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.expire_after = timedelta(hours=1)
        self.answer = b""
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        body = self.answer or json.dumps(self._credentials()).encode()
        await self.may_answer.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def _credentials(self) -> dict[str, str]:
        return {
            "AccessKeyId": f"ASIA{len(self.heads)}",
            "SecretAccessKey": "secret",
            "Token": "of the container",
            "Expiration": (datetime.now(UTC) + self.expire_after).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@asynccontextmanager
async def in_container(
    monkeypatch: pytest.MonkeyPatch, context: ssl.SSLContext | None = None
) -> AsyncIterator[Container]:
    """Serve a container's credentials where the environment says that they are."""
    container, scheme = Container(), "http" if context is None else "https"
    async with serving(container, context) as port:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{scheme}://127.0.0.1:{port}/role?version=1")
        monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let me in")
        yield container


def test_without_them_the_containers_are_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with in_container(monkeypatch) as container:
            signer = Signer(FRANKFURT, None)
            asked = await asyncio.gather(*(key_and_token(signer) for _ in range(3)))
            assert [*asked, await key_and_token(signer)] == [("ASIA1", "of the container")] * 4
            (head,) = container.heads
            line, *headers = head.decode().splitlines()
            assert line == "GET /role?version=1 HTTP/1.1"
            assert "Authorization: let me in" in headers

    asyncio.run(run())


def test_the_containers_are_fetched_over_tls_by_the_authorities_in_the_settings(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))

    async def run() -> None:
        async with in_container(monkeypatch, context):
            signer = Signer(FRANKFURT, str(tmp_path / "ca.pem"))
            assert await key_and_token(signer) == ("ASIA1", "of the container")

    asyncio.run(run())


def test_the_containers_are_fetched_again_before_they_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with in_container(monkeypatch) as container:
            container.expire_after = timedelta(minutes=9)
            signer = Signer(FRANKFURT, None)
            assert [(await key_and_token(signer))[0] for _ in range(2)] == ["ASIA1", "ASIA2"]

    asyncio.run(run())


def test_while_the_containers_are_fetched_early_those_that_are_there_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with in_container(monkeypatch) as container:
            container.expire_after = timedelta(minutes=12)
            signer = Signer(FRANKFURT, None)
            await key_and_token(signer)
            for answer in (b"<html>", b""):  # the early fetch fails, and the next one does not
                container.answer = answer
                assert (await key_and_token(signer))[0] == "ASIA1"
                await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()}, return_exceptions=True)
            assert (await key_and_token(signer))[0] == "ASIA3"

    asyncio.run(run())


def test_a_caller_that_gives_up_leaves_the_fetch_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with in_container(monkeypatch) as container:
            container.may_answer.clear()
            signer = Signer(FRANKFURT, None)
            first, second = (asyncio.create_task(key_and_token(signer)) for _ in range(2))
            await asyncio.wait([first, second], timeout=0)
            first.cancel()
            await asyncio.wait([first])
            container.may_answer.set()
            assert first.cancelled()
            assert await second == ("ASIA1", "of the container")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"<html>", "JSONDecodeError"), (b"{}", "KeyError"), (b"[]", "TypeError")],
    ids=["no JSON", "no credentials", "a list"],
)
def test_an_answer_without_credentials_is_a_table_error(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, said: str
) -> None:
    async def run() -> None:
        async with in_container(monkeypatch) as container:
            container.answer = answer
            with pytest.raises(TableError, match=f"^the container's credentials could not be fetched: {said}"):
                await key_and_token(Signer(FRANKFURT, None))

    asyncio.run(run())


def test_a_containers_key_that_is_no_text_is_a_table_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with in_container(monkeypatch) as container:
            container.answer = b'{"AccessKeyId": null, "SecretAccessKey": "s", "Expiration": "2099-01-01T00:00:00Z"}'
            with pytest.raises(TableError, match=r"^the key's id in the credentials is not one line of ASCII$"):
                await key_and_token(Signer(FRANKFURT, None))

    asyncio.run(run())


def test_a_container_that_does_not_answer_is_a_table_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9")
    with pytest.raises(TableError, match=r"^the container's credentials could not be fetched: Connection"):
        asyncio.run(key_and_token(Signer(FRANKFURT, None)))
