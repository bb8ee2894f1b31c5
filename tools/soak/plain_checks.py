"""Checks of the answers that have no comics. Each raises Wrong."""

import re
from collections.abc import Callable, Mapping

from tools.soak.calls import Call
from tools.soak.failures import check_text, parsed
from tools.soak.fronts import Answer
from tools.soak.truth import Sky, expect


def day(call: Call, answer: Answer, sky: Sky) -> None:
    """A redirect to the comic of the day."""
    to = answer.headers.get("location", "")
    expect(answer.status == 302 and re.search(r"/\?random=1&seed=\d{4}-\d\d-\d\d$", to), f"{to} is not that comic")


def random_page(call: Call, answer: Answer, sky: Sky) -> None:
    """A redirect to a random comic's page."""
    to = answer.headers.get("location", "")
    expect(answer.status == 302 and re.search(r"/[1-9]\d*/$", to), f"{to} is not a comic's page")


def lasting(call: Call, answer: Answer, sky: Sky) -> None:
    """The documentation, or the contract."""
    expect(answer.status == 200 and b"xkcd-gather" in answer.body, "this is not our documentation")


def health(call: Call, answer: Answer, sky: Sky) -> None:
    """Well, with the latest number that was learnt; or unwell, if the weather excuses it."""
    if answer.status == 200:
        document = parsed(answer)
        latest, caches = document["latest"], document["caches"]
        expect(latest is None or sky.shown <= latest <= sky.high, f"the latest comic is not {latest}")
        expect(caches[0] == "memory" and caches[-1] == "table", f"the caches are {caches}")
    else:
        expect(answer.status == 503 and sky.statuses, f"a health of {answer.status}, and nothing is wrong")
        check_text(parsed(answer, "application/problem+json"), 503)


def preflight(call: Call, answer: Answer, sky: Sky) -> None:
    """Every method of ours is allowed to every page."""
    allowed = set(answer.headers.get("access-control-allow-methods", "").split(", "))
    expect((answer.status, allowed) == (204, {"GET", "HEAD", "OPTIONS"}), f"{allowed} are allowed")


def refused(status: int) -> Callable[[Call, Answer, Sky], None]:
    """A problem of that status."""

    def check(call: Call, answer: Answer, sky: Sky) -> None:
        expect(answer.status == status, f"the status is not {status}")
        if call.path.startswith("/?"):
            expect(answer.headers["content-type"].startswith("text/html"), "a page is HTML")
        else:
            check_text(parsed(answer, "application/problem+json"), status)

    return check


def ping(call: Call, answer: Answer, sky: Sky) -> None:
    """A report, with a problem only if the weather or the table excuses it."""
    report = answer.report
    latest, problem = report["latest"], report["problem"]
    expect(latest is None or latest in sky.latest, f"the latest comic is not {latest}")
    excused = problem is None or sky.statuses or sky.table or "table" in problem
    expect(excused, f"the ping reports {problem!r}, and nothing is wrong")
    expect(latest is not None or problem, "the ping reports neither the latest number nor a problem")
    expect("bug" not in (problem or ""), problem or "")


def bad_event(call: Call, answer: Answer, sky: Sky) -> None:
    """An error that says what is accepted."""
    expect(answer.report == "BadEvent", f"the handler answered {answer.report}")


def nothing(call: Call, answer: Answer, sky: Sky) -> None:
    """The client did not wait for an answer."""


CHECKS: Mapping[str, Callable[[Call, Answer, Sky], None]] = {
    "day": day,
    "any": random_page,
    "lasting": lasting,
    "health": health,
    "preflight": preflight,
    "bad request": refused(400),
    "unknown path": refused(404),
    "wrong method": refused(405),
    "ping": ping,
    "bad event": bad_event,
    "hang up": nothing,
}
