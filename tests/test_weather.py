"""Bad weather at xkcd: always a clear answer, the other comics unharmed, and the next request works."""

from collections.abc import Callable
from functools import partial

import pytest

from app.application import XkcdGather
from tests.rig import nums
from tools.faults import FAULTS
from tools.stand_in import StandIn

BROKEN_OFF = (502, "Unusable answer from xkcd", "xkcd's answer for comic 614 breaks off or is not HTTP.")
TOO_LARGE = (502, "Unusable answer from xkcd", "xkcd's answer for comic 614 is larger than 1048576 bytes.")
NOT_JSON = (502, "Unusable answer from xkcd", "xkcd's answer for comic 614 is not JSON.")
NO_TITLE = (502, "Unusable answer from xkcd", "xkcd's record has no text in 'title'.")
TOO_LATE = (504, "No answer from xkcd in time", "xkcd did not send comic 614 in time.")
NO_COMIC = (404, "No such comic", "xkcd has no comic 614.")
TOO_MANY = (503, "xkcd refused", "xkcd is rate-limiting us (429).")


def unusable(detail: str) -> tuple[int, str, str]:
    return 502, "Unusable answer from xkcd", detail


def refused(status: int) -> tuple[int, str, str]:
    return 503, "xkcd refused", f"xkcd could not answer for comic 614 ({status})."


WEATHER = {
    "304": unusable("xkcd answered 304 for comic 614, neither a comic nor a 404."),
    "404": NO_COMIC,
    "410": NO_COMIC,
    "403": (503, "xkcd refused", "xkcd forbids us to ask (403)."),
    "429": TOO_MANY,
    "429-retry-after": TOO_MANY,
    "500": refused(500),
    "503": refused(503),
    "503-retry-after": refused(503),
    "503-retry-after-nonsense": refused(503),
    "503-retry-after-no-year": refused(503),
    "redirect": unusable("xkcd answered 302 for comic 614, neither a comic nor a 404."),
    "redirect-nonsense": unusable("xkcd answered 302 for comic 614, neither a comic nor a 404."),
    "reset-in-body": BROKEN_OFF,
    "cut-in-head": BROKEN_OFF,
    "closed-before-head": BROKEN_OFF,
    "silence": TOO_LATE,
    "drip": TOO_LATE,
    "informational-flood": TOO_LARGE,
    "html": NOT_JSON,
    "array": unusable("xkcd's answer is not a JSON object."),
    "not-http": BROKEN_OFF,
    "deep-json": NOT_JSON,
    "long-number": NOT_JSON,
    "infinite": NOT_JSON,
    "not-a-number": NOT_JSON,
    "no-title": NO_TITLE,
    "title-is-a-list": NO_TITLE,
    "num-is-text": unusable("xkcd's record has no comic number in 'num'."),
    "no-date": unusable("xkcd's record has no date in 'year', 'month' and 'day'."),
    "another-comic": unusable("xkcd answered with comic 1 for comic 614."),
    "five-mebibytes": TOO_LARGE,
    "endless": TOO_LARGE,
    "short-body": BROKEN_OFF,
    "gzip-truncated": unusable("xkcd's answer for comic 614 breaks off."),
    "gzip-nonsense": unusable("xkcd's answer for comic 614 is not valid gzip."),
    "gzip-bomb": TOO_LARGE,
    "brotli": unusable("xkcd sent comic 614 in an encoding that was not accepted."),
}
HARMLESS = {"fraction", "closed-afterwards", "half-a-surrogate", "long-body", "two-answers", "surplus-later", "gzip"}


def test_every_fault_of_the_stand_in_has_its_test_here() -> None:
    assert WEATHER.keys() | HARMLESS == FAULTS.keys()


@pytest.mark.parametrize("fault", WEATHER)
def test_a_bad_answer_is_named_and_costs_nothing_else(
    xkcd: StandIn, make_app: Callable[..., XkcdGather], fault: str
) -> None:
    client = make_app(time_limit=5.0, attempt_timeout=0.7, comics_in_memory=0).test_client()
    xkcd.faults[614] = fault
    answer = client.get("/comics?n=1,614,2")
    assert answer.status_code == 200
    assert nums(answer.json["comics"]) == [1, 2]
    status, title, detail = WEATHER[fault]
    assert answer.json["failures"] == [{"num": 614, "status": status, "title": title, "detail": detail}]
    assert answer.json["complete"] is False
    xkcd.faults.clear()
    for _ in range(2 if fault != "429-retry-after" else 0):  # after that, xkcd is paused
        after = client.get("/comics?n=1,614,2").json
        assert (nums(after["comics"]), after["complete"]) == ([1, 614, 2], True)


def are_open(xkcd: StandIn, connections: int) -> bool:
    return xkcd.open_connections == connections


@pytest.mark.parametrize("fault", sorted(HARMLESS))
def test_an_odd_answer_that_can_be_used_is_used_and_does_no_harm_after(
    xkcd: StandIn, make_app: Callable[..., XkcdGather], fault: str
) -> None:
    client = make_app(comics_in_memory=0).test_client()
    xkcd.faults[614] = fault
    for numbers, left_open in (("614", 0), ("614,1,2", 2), ("3,614", 1)):
        document = client.get(f"/comics?n={numbers}").json
        assert nums(document["comics"]) == [int(num) for num in numbers.split(",")]
        if fault == "surplus-later":  # bytes that come after the next request would be taken for its answer
            assert xkcd.wait_until(partial(are_open, xkcd, left_open))
    xkcd.faults.clear()
    assert client.get("/comics?n=1-9").json["complete"] is True


def test_when_every_comic_fails_alike_that_is_the_answers_status(xkcd: StandIn, app: XkcdGather) -> None:
    xkcd.faults[0] = "html"
    answer = app.test_client().get("/comics?n=1,2")
    assert (answer.status_code, answer.mimetype) == (502, "application/problem+json")
    failure = {"status": 502, "title": "Unusable answer from xkcd"}
    assert answer.json == {
        **failure,
        "detail": "None of the 2 comics could be fetched.",
        "failures": [
            {"num": num, **failure, "detail": f"xkcd's answer for comic {num} is not JSON."} for num in (1, 2)
        ],
        "latest": None,
    }


def test_when_comics_fail_in_different_ways_the_status_is_502(xkcd: StandIn, app: XkcdGather) -> None:
    xkcd.faults.update({1: "html", 2: "404"})
    answer = app.test_client().get("/comics?n=1,2")
    assert (answer.status_code, answer.json["title"]) == (502, "No comic could be fetched")
    assert [failure["status"] for failure in answer.json["failures"]] == [502, 404]


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("429", None),
        ("429-retry-after", "17"),
        ("503", None),
        ("503-retry-after", "42"),
        ("503-retry-after-nonsense", None),
        ("503-retry-after-no-year", None),
    ],
)
def test_retry_after_is_handed_on_when_there_is_no_comic(
    xkcd: StandIn, app: XkcdGather, fault: str, seconds: str | None
) -> None:
    xkcd.faults[0] = fault
    answer = app.test_client().get("/comics?n=1")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, seconds)


def test_a_refused_connection_is_a_503(make_app: Callable[..., XkcdGather], xkcd: StandIn) -> None:
    app = make_app()
    xkcd.__exit__(None, None, None)
    answer = app.test_client().get("/comics?n=1")
    assert (answer.status_code, answer.json["title"], answer.json["detail"]) == (
        503,
        "xkcd not reached",
        "xkcd could not be reached.",
    )


def test_a_name_that_does_not_resolve_is_a_503(make_app: Callable[..., XkcdGather]) -> None:
    answer = make_app(xkcd_url="http://xkcd.invalid").test_client().get("/comics?n=1")
    assert (answer.status_code, answer.json["title"]) == (503, "xkcd not reached")


def test_at_the_deadline_what_is_there_is_answered(xkcd: StandIn, make_app: Callable[..., XkcdGather]) -> None:
    xkcd.faults[614] = "silence"
    answer = make_app(time_limit=0.5).test_client().get("/comics?n=1,614").json
    assert nums(answer["comics"]) == [1]
    assert answer["failures"] == [
        {
            "num": 614,
            "status": 504,
            "title": "No answer from xkcd in time",
            "detail": "xkcd did not send comic 614 before the deadline.",
        }
    ]


def test_a_passing_fault_is_not_even_noticed(xkcd: StandIn, app: XkcdGather) -> None:
    xkcd.passing_faults = ["500"]
    assert app.test_client().get("/comics?n=614").json["complete"] is True
    assert xkcd.asked["/614/info.0.json"] == 2


@pytest.mark.parametrize(("count", "retries"), [(1, 1), (5, 2), (25, 6)])
def test_retries_are_few(xkcd: StandIn, app: XkcdGather, count: int, retries: int) -> None:
    xkcd.faults[0] = "500"
    assert app.test_client().get(f"/comics?n=1-{count}").status_code == 503
    assert sum(xkcd.asked.values()) == count + retries


def test_after_a_429_there_is_no_retry_and_no_new_request(xkcd: StandIn, app: XkcdGather) -> None:
    client = app.test_client()
    assert client.get("/comics/latest").json["num"] == xkcd.latest
    xkcd.asked.clear()
    xkcd.faults[0] = "429"
    assert client.get("/comics?n=1,2,3").status_code == 503
    assert xkcd.asked == {f"/{num}/info.0.json": 1 for num in (1, 2, 3)}


def test_when_it_refused_two_invocations_xkcd_is_left_alone(xkcd: StandIn, app: XkcdGather) -> None:
    client = app.test_client()
    xkcd.faults[0] = "429"
    for num in (1, 2):
        client.get(f"/comics?n={num}")
    xkcd.faults.clear()
    answer = client.get("/comics?n=3,4")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert {failure["detail"] for failure in answer.json["failures"]} == {
        "xkcd refused earlier requests, so none is sent for 30 s."
    }
    assert "/3/info.0.json" not in xkcd.asked
