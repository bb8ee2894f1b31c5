"""The mix of calls: every kind that the service answers, each with its share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tools.soak import comic_calls
from tools.soak.calls import Call

BAD_REQUESTS = (
    "/comics?n=0",
    "/comics?n=5-1",
    "/comics?n=1-200",
    "/comics?n=614,nonsense",
    "/comics?random=101",
    "/comics?latest=none",
    "/comics?since=-1",
    "/comics?n=1&random=2",
    "/comics?seed=alone",
    "/comics?nose=1",
    "/comics?n=1&fields=nose",
    "/comics/0",
    "/comics/nonsense",
    "/comics/1?seed=a",
    "/comics/0/image",
    "/?n=0",
)
UNKNOWN_PATHS = ("/nothing", "/comics/1/2/3", "/comics//614", "/.env", "/info.0.json/1", "/stand-in")

Maker = Callable[[Random, int], Call]


def draw(rng: Random, latest: int, for_handler: bool) -> Call:
    """A call at random, when `latest` is the latest comic."""
    elsewhere = SERVER_ONLY if for_handler else HANDLER_ONLY
    (make,) = rng.choices([make for _, make in MIX], [weight * (make not in elsewhere) for weight, make in MIX])
    call = make(rng, latest)
    if make in SERVER_ONLY | HANDLER_ONLY:
        return call
    method = "HEAD" if call.method == "GET" and rng.random() < 0.03 else call.method
    return replace(call, method=method, gzip=rng.random() < 0.5, conditional=rng.random() < 0.3)


def other(rng: Random, latest: int) -> Call:
    kind, path = rng.choice(
        (
            ("day", "/today"),
            ("any", "/comic"),
            ("lasting", "/docs"),
            ("lasting", "/openapi.json"),
            ("health", "/health"),
        )
    )
    return Call(kind, path)


def preflight(rng: Random, latest: int) -> Call:
    return Call("preflight", rng.choice(("/comics", "/comics/614", "/health", "/614/info.0.json")), method="OPTIONS")


def wrong(rng: Random, latest: int) -> Call:
    return rng.choice(
        (
            Call("bad request", rng.choice(BAD_REQUESTS)),
            Call("bad request", rng.choice(BAD_REQUESTS)),
            Call("unknown path", rng.choice(UNKNOWN_PATHS)),
            Call("wrong method", "/comics", method="DELETE"),
        )
    )


def ping(rng: Random, latest: int) -> Call:
    return Call("ping", "ping", event={"source": rng.choice(("aws.events", "aws.scheduler"))})


def bad_event(rng: Random, latest: int) -> Call:
    return Call("bad event", "bad event", event={"Records": [rng.randint(0, 9)]})


def hang_up(rng: Random, latest: int) -> Call:
    return replace(comic_calls.listed(rng, latest), kind="hang up")


MIX: Sequence[tuple[int, Maker]] = [
    (17, comic_calls.listed),
    (8, comic_calls.ranged),
    (8, comic_calls.drawn),
    (2, comic_calls.five),
    (6, comic_calls.seeded),
    (5, comic_calls.newest),
    (4, comic_calls.since),
    (4, comic_calls.few_fields),
    (14, comic_calls.comic),
    (5, comic_calls.image),
    (8, comic_calls.record),
    (5, comic_calls.page),
    (2, comic_calls.feed),
    (1, comic_calls.embedded),
    (6, other),
    (2, preflight),
    (5, wrong),
    (1, ping),
    (1, bad_event),
    (1, hang_up),
]
"""The makers of calls, each with its share in hundredths."""

HANDLER_ONLY = {ping, bad_event}
SERVER_ONLY = {hang_up}
