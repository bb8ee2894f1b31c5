"""Checks of failures and problems, and of the numbers that an answer is about. Each raises Wrong."""

import json
from collections.abc import Sequence
from typing import Any

from app.comics.selection import Latest, Listed, Selection
from tools.soak.calls import Call
from tools.soak.fronts import Answer
from tools.soak.truth import Sky, Wrong, expect

STATUSES = {404, 502, 503, 504}


def parsed(answer: Answer, mimetype: str = "application/json") -> Any:
    """The answer's JSON."""
    kind = answer.headers.get("content-type", "")
    expect(kind.partition(";")[0] == mimetype, f"the answer is {kind}, not {mimetype}")
    try:
        return json.loads(answer.body)
    except ValueError as error:
        raise Wrong(f"the body is not JSON: {error}") from error


def selection_of(call: Call) -> Selection:
    """The selection of a call for comics."""
    if call.selection is None:
        raise AssertionError(f"{call} selects nothing")
    return call.selection


def check_problem(call: Call, answer: Answer, sky: Sky) -> None:
    """The problem says why no comic of the selection is there."""
    problem = parsed(answer, "application/problem+json")
    check_text(problem, answer.status)
    if "failures" in problem:
        failures, latest = problem["failures"], problem["latest"]
        check_latest(call, latest, sky)
        check_failures(failures, sky)
        check_order(selection_of(call), [], [each["num"] for each in failures], latest, sky)
        statuses = {each["status"] for each in failures}
        expect(answer.status == (min(statuses) if len(statuses) == 1 else 502), "the failures have other statuses")
    elif "num" in problem:
        check_one(call, problem["num"], sky)
        check_status(problem["num"], answer.status, sky)
    else:
        expect(selection_of(call).needs_latest, "the problem names no comic")
        check_status(None, answer.status, sky)


def check_text(problem: Any, status: int) -> None:
    """The problem has that status, a title and a detail."""
    expect(problem.get("status") == status, "the problem has another status than the answer")
    expect(all(type(problem.get(name)) is str and problem[name] for name in ("title", "detail")), "it has no text")


def check_failures(failures: Any, sky: Sky) -> None:
    """Each failure is whole and has a status that fits."""
    for each in failures:
        check_text(each, each.get("status"))
        check_status(each.get("num"), each["status"], sky)


def check_status(num: int | None, status: int, sky: Sky) -> None:
    """The comic may fail with that status. None stands for the latest comic."""
    expect(status in STATUSES, f"{status} is not the status of a failure")
    if status == 404:
        expect(num is not None and sky.may_be_absent(num), f"there is a comic {num}")
    else:
        expect(
            status in sky.statuses, f"{num or 'the latest comic'} failed with {status} in a weather that has no such"
        )


def check_latest(call: Call, latest: object, sky: Sky) -> None:
    """`latest` is the latest number if the selection depends on it, and otherwise null."""
    if selection_of(call).needs_latest:
        expect(latest in sky.latest, f"the latest comic is not {latest}, but in {sky.latest}")
    else:
        expect(latest is None, f"latest is {latest}, though the selection does not depend on it")


def check_one(call: Call, num: object, sky: Sky) -> None:
    """This is the one comic that was asked for."""
    selection = selection_of(call)
    if isinstance(selection, Listed):
        expect((num,) == selection.items, f"{num} is not the comic that was asked for")
    elif isinstance(selection, Latest):
        expect(num in sky.latest, f"the latest comic is not {num}, but in {sky.latest}")
    else:
        expect(sky.exists(num), f"there is no comic {num}")


def check_order(
    selection: Selection, found: Sequence[int], failed: Sequence[int], latest: int | None, sky: Sky
) -> None:
    """The comics found and those that failed are together the selection, each of both in its order."""
    numbers = {*found, *failed}
    expect(len(numbers) == len(found) + len(failed), "a comic is there twice")
    if not selection.repeatable:
        expect(len(numbers) == selection.most and all(map(sky.exists, numbers)), "these are no such random comics")
        return
    wanted = selection.numbers(latest or 0, chance=0)
    expect(set(wanted) == numbers, f"the selection is {wanted}")
    for part in (found, failed):
        expect([num for num in wanted if num in part] == list(part), "the order is not the selection's")
