"""One HTTPS call: the HTTP API of serverless.yml, played by serverless-offline, with the function behind it."""

import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
import trustme

from app.web import http_caching
from tests.commands import ROOT, SERVERLESS, environment
from tools.stand_in import StandIn

pytestmark = pytest.mark.deployment


class Endpoint(requests.Session):
    """A client of the played API, which trusts its certificate and no other, and sends what a test says."""

    def __init__(self, url: str, authority: Path) -> None:
        super().__init__()
        self.url = url
        self.verify = str(authority)
        self.trust_env = False
        self.headers.clear()

    def ask(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request(method, self.url + path, headers={"Accept-Encoding": "identity", **names}, timeout=60)


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [bound.getsockname()[1] for bound in sockets]


def certify(directory: Path) -> Path:
    """Write key.pem and cert.pem there, and return the authority's certificate."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(directory / "key.pem")
    (directory / "cert.pem").write_bytes(b"".join(part.bytes() for part in certificate.cert_chain_pems))
    authority.cert_pem.write_to_path(directory / "authority.pem")
    return directory / "authority.pem"


@contextmanager
def played(directory: Path, xkcd: StandIn) -> Iterator[str]:
    """The API's address, while it is played."""
    port, lambda_port = free_ports(2)
    ports = ["--httpPort", str(port), "--lambdaPort", str(lambda_port)]
    command = [SERVERLESS, "offline", "start", "--host", "127.0.0.1", *ports, "--httpsProtocol", str(directory)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(**xkcd.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that the function's own process ends with it
    ) as process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if "Server ready" in line:
                    break
            else:
                raise AssertionError(said)
            yield f"https://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    directory = tmp_path_factory.mktemp("tls")
    authority = certify(directory)
    with StandIn(latency=0.0) as xkcd:
        with played(directory, xkcd) as url, Endpoint(url, authority) as session:
            yield session
        # The function is a grandchild: its connections end when it does.
        assert xkcd.wait_until(lambda: xkcd.open_connections == 0)


def test_one_https_call_gathers_five_comics(endpoint: Endpoint) -> None:
    answer = endpoint.ask("/comics?n=614,353,327,149,1053")
    assert answer.status_code == 200
    assert [comic["num"] for comic in answer.json()["comics"]] == [614, 353, 327, 149, 1053]


def test_the_certificate_is_verified(endpoint: Endpoint, tmp_path: Path) -> None:
    with Endpoint(endpoint.url, certify(tmp_path)) as stranger, pytest.raises(requests.exceptions.SSLError) as caught:
        stranger.ask("/health")
    assert ssl.SSLCertVerificationError.__name__ in str(caught.value)


def test_what_the_app_says_of_an_answer_arrives(endpoint: Endpoint) -> None:
    headers = endpoint.ask("/comics?n=1-5").headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["Cache-Control"] == http_caching.FOR_A_DAY
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["ETag"].startswith('W/"')
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Link"] == '<https://creativecommons.org/licenses/by-nc/2.5/>; rel="license"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "total;dur=" in headers["Server-Timing"]
    assert headers["X-Request-Id"]


def test_gzip_arrives_as_bytes_and_not_as_base64(endpoint: Endpoint) -> None:
    packed = endpoint.ask("/comics?n=1-5", Accept_Encoding="gzip")
    plain = endpoint.ask("/comics?n=1-5")
    assert (packed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"])
    assert [comic["title"] for comic in packed.json()["comics"]] == [comic["title"] for comic in plain.json()["comics"]]


def test_who_has_it_already_gets_a_304(endpoint: Endpoint) -> None:
    tag = endpoint.ask("/comics?n=1-5").headers["ETag"]
    again = endpoint.ask("/comics?n=1-5", If_None_Match=tag)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)


def test_a_preflight_gets_the_apps_answer(endpoint: Endpoint) -> None:
    asked = {"Origin": "https://example.org", "Access_Control_Request_Method": "GET"}
    answer = endpoint.ask("/comics?n=1-5", "OPTIONS", **asked)
    assert answer.ok  # a 204 in truth: serverless-offline makes every answer to OPTIONS a 200
    assert answer.content == b""
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert set(answer.headers["Access-Control-Allow-Methods"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert answer.headers["Access-Control-Max-Age"] == "86400"


def test_a_problem_is_one_and_text(endpoint: Endpoint) -> None:
    answer = endpoint.ask("/comics/404")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {"num": 404, "status": 404, "title": "No such comic", "detail": "xkcd has no comic 404."}
