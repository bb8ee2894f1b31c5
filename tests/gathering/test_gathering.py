"""What a gathering logs and counts of the requests that failed."""

import ssl
from collections.abc import Iterator
from contextlib import closing

import pytest
import trustme

from app.errors import UpstreamError
from tests.rig import Rig
from tools.stand_in import StandIn


@pytest.fixture
def rig(xkcd: StandIn) -> Iterator[Rig]:
    with closing(Rig(xkcd, attempt_timeout=0.5)) as rig:
        yield rig


@pytest.mark.parametrize(
    ("fault", "reason", "message"),
    [
        ("403", "http_403", "xkcd forbids us to ask (403)."),
        ("429", "http_429", "xkcd is rate-limiting us (429)."),
        ("503-retry-after", "http_503", "xkcd could not answer for comic 1 (503)."),
        ("redirect", "http_302", "xkcd answered 302 for comic 1, neither a comic nor a 404."),
        ("silence", "timeout", "xkcd did not send comic 1 in time. ReadTimeout('no whole answer in time')"),
        ("html", "invalid", "xkcd's answer for comic 1 is not JSON. JSONDecodeError("),
    ],
)
def test_a_failed_request_is_logged_and_counted_with_its_reason(
    xkcd: StandIn, rig: Rig, caplog: pytest.LogCaptureFixture, fault: str, reason: str, message: str
) -> None:
    xkcd.faults[1] = fault
    gathered = rig.gather(1)
    (line,) = caplog.messages
    assert line.startswith(f"xkcd failed ({reason}) in 1 requests: {message}")
    assert gathered.reasons == {reason: 1}
    assert [failure.error.reason for failure in gathered.failures] == [reason]


def test_requests_that_failed_for_the_same_reason_are_one_line(
    xkcd: StandIn, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    xkcd.faults |= {1: "html", 2: "html", 3: "drip"}
    gathered = rig.gather(1, 2, 3, 4)
    assert [line.partition(":")[0] for line in caplog.messages] == [
        "xkcd failed (invalid) in 2 requests",
        "xkcd failed (timeout) in 1 requests",
    ]
    assert gathered.reasons == {"invalid": 2, "timeout": 1}


def test_a_request_that_failed_before_the_comic_came_counts(
    xkcd: StandIn, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    xkcd.passing_faults = ["503"]
    gathered = rig.gather(1)
    assert (gathered.failures, gathered.retried, gathered.reasons) == ((), 1, {"http_503": 1})
    assert caplog.messages == ["xkcd failed (http_503) in 1 requests: xkcd could not answer for comic 1 (503)."]


def test_a_comic_that_does_not_exist_is_not_a_failed_request(
    xkcd: StandIn, rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    assert (rig.gather(9999).reasons, caplog.messages) == ({}, [])


def test_the_deadline_has_a_reason_of_its_own(xkcd: StandIn, rig: Rig) -> None:
    xkcd.faults[1] = "silence"
    assert rig.gather(1, seconds=0.1).reasons == {"deadline": 1}


def reason(url: str) -> str:
    """Why no comic comes from that address."""
    nobody = StandIn()
    nobody.url = url
    with closing(Rig(nobody)) as rig:
        (failure,) = rig.gather(1).failures
    assert isinstance(failure.error, UpstreamError)
    return failure.error.reason


def test_a_name_that_does_not_resolve_is_dns() -> None:
    assert reason("http://xkcd.invalid") == "dns"


def test_a_port_that_nobody_listens_on_is_connection_refused(xkcd: StandIn) -> None:
    xkcd.end()
    assert reason(xkcd.url) == "connection_refused"


def test_a_certificate_of_an_unknown_authority_is_tls() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with StandIn(ssl_context=context) as xkcd:
        assert reason(xkcd.url) == "tls"
