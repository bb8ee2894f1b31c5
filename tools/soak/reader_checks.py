"""Checks of what feed readers, and pages that embed a comic, get. Each raises Wrong."""

from collections.abc import Callable, Mapping

from tools.soak.calls import Call
from tools.soak.checks import check_caching, check_page_numbers
from tools.soak.failures import check_one, check_problem, parsed, selection_of
from tools.soak.fronts import Answer
from tools.soak.truth import Sky, comic, expect


def feed(call: Call, answer: Answer, sky: Sky) -> None:
    """A JSON Feed of the newest comics. Those that failed are missing from it, and then it is not cacheable."""
    if answer.status != 200:
        return check_problem(call, answer, sky)
    items = parsed(answer, "application/feed+json")["items"]
    nums = [int(item["id"].split("/")[-2]) for item in items]
    for num, item in zip(nums, items, strict=True):
        expect(sky.exists(num), f"there is no comic {num}")
        expect(item["title"] == comic(num)["title"], f"comic {num} has another title")
    cacheable = answer.headers["cache-control"] != "no-store"
    expect(cacheable or sky.statuses, "the feed is not cacheable, and nothing is wrong")
    if cacheable:
        check_page_numbers(selection_of(call), nums, [], sky)
    else:
        expect(nums == sorted(set(nums), reverse=True), f"{nums} are not newest first")


def embedded(call: Call, answer: Answer, sky: Sky) -> None:
    """How to show one comic, or its problem."""
    if answer.status != 200:
        return check_problem(call, answer, sky)
    num, document = int(call.path.split("%2F")[-2]), parsed(answer)
    check_one(call, num, sky)
    true = comic(num)
    shown = [document.get(name) for name in ("title", "alt", "url")]
    expect(shown == [true["title"], true["alt"], true["img"]], f"comic {num} is {true}")
    check_caching(selection_of(call), answer, document["cache_age"] == 0, True)


CHECKS: Mapping[str, Callable[[Call, Answer, Sky], None]] = {"feed": feed, "embedded": embedded}
