"""Checks of the answers to each kind of call. Each raises Wrong."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import escape

from app.comics.comic import CREDIT, LICENSE
from app.comics.selection import Listed, Selection
from tools.soak.calls import Call
from tools.soak.failures import (
    check_failures,
    check_latest,
    check_one,
    check_order,
    check_problem,
    check_text,
    parsed,
    selection_of,
)
from tools.soak.fronts import Answer
from tools.soak.truth import Sky, Wrong, about_image, comic, expect, record


def comics(call: Call, answer: Answer, sky: Sky) -> None:
    """A document with the comics and the failures, or a problem if there is no comic."""
    if answer.status != 200:
        return check_problem(call, answer, sky)
    document = parsed(answer)
    found, failures, latest = document["comics"], document["failures"], document["latest"]
    check_latest(call, latest, sky)
    for each in found:
        check_comic(each, call.fields, sky)
    check_failures(failures, sky)
    there, missing = ([each["num"] for each in part] for part in (found, failures))
    check_order(selection_of(call), there, missing, latest, sky)
    expect(found or not failures, "a 200 without a comic is a problem")
    expect(document["complete"] is (not failures), "complete does not fit the failures")
    expect((document["credit"], document["license"]) == (CREDIT, LICENSE), "the comics are not credited")
    passing = any(each["status"] != 404 for each in failures) or any(each.get("stale") for each in found)
    check_caching(selection_of(call), answer, passing, not failures)


def one(call: Call, answer: Answer, sky: Sky) -> None:
    """One comic as a bare object, or its problem."""
    if answer.status != 200:
        return check_problem(call, answer, sky)
    found = parsed(answer)
    check_comic(found, call.fields, sky)
    check_one(call, found["num"], sky)
    check_caching(selection_of(call), answer, found["stale"], True)


def image(call: Call, answer: Answer, sky: Sky) -> None:
    """A redirect to the comic's image, or a problem."""
    if answer.status not in (302, 404):
        return check_problem(call, answer, sky)
    selection = selection_of(call)
    nums = selection.items if isinstance(selection, Listed) else range(1, sky.high + 1)
    images = {comic(num)["img"] for num in nums if type(num) is int and sky.exists(num)}
    if answer.status == 302:
        to = answer.headers["location"]
        expect(to in images - {None}, f"the image is not at {to}")
    elif None in images:
        check_text(parsed(answer, "application/problem+json"), 404)
    else:
        check_problem(call, answer, sky)


def record_of_xkcd(call: Call, answer: Answer, sky: Sky) -> None:
    """xkcd's record as xkcd sends it, xkcd's 404 in HTML, or a problem."""
    if answer.status == 200:
        found = parsed(answer)
        check_one(call, found.get("num"), sky)
        expect(sky.exists(found["num"]) and found == record(found["num"]), "the record is not xkcd's")
    elif answer.status == 404:
        selection = selection_of(call)
        expect(answer.headers["content-type"].startswith("text/html"), "xkcd's 404 is HTML")
        expect(isinstance(selection, Listed) and all(map(sky.may_be_absent, selection.items)), "there is such a comic")
    else:
        check_problem(call, answer, sky)


def page(call: Call, answer: Answer, sky: Sky) -> None:
    """A page with the comics, and with the failures."""
    expect(answer.headers["content-type"].startswith("text/html"), "a page is HTML")
    text = answer.body.decode()
    there = re.findall(r'<article( class="failure")? id="comic-(\d+)"', text)
    found, failed = ([int(num) for failure, num in there if bool(failure) is which] for which in (False, True))
    for num in found:
        title = comic(num)["title"] if sky.exists(num) else ""
        expect(title and f"<bdi>{escape(title)}</bdi>" in text, f"comic {num} has another title")
    statuses = {404, *sky.statuses} if all(map(sky.may_be_absent, failed)) else {*sky.statuses}
    expect(not failed or statuses, f"{failed} failed in a weather that has no such")
    expect(answer.status == 200 if found else answer.status in {*statuses, 502}, f"{answer.status} does not fit")
    if found or failed:
        check_page_numbers(selection_of(call), found, failed, sky)


def own_page(call: Call, answer: Answer, sky: Sky) -> None:
    """The page of one comic, or its problem."""
    if answer.status != 200:
        return check_problem(call, answer, sky)
    (num,) = (int(each) for each in re.findall(rb'<article class="one" id="comic-(\d+)"', answer.body))
    check_one(call, num, sky)
    title = comic(num)["title"] if sky.exists(num) else ""
    expect(title and f"<bdi>{escape(title)}</bdi>" in answer.body.decode(), f"comic {num} has another title")


def check_page_numbers(selection: Selection, found: list[int], failed: list[int], sky: Sky) -> None:
    """The numbers on a page, which does not say what the latest is, are the selection's."""
    wrong: Wrong | None = None
    for latest in sky.latest if selection.needs_latest else (0,):
        try:
            return check_order(selection, found, failed, latest, sky)
        except Wrong as error:
            wrong = error
    raise wrong or AssertionError("there is a latest number")


def check_comic(found: Mapping[str, Any], fields: tuple[str, ...], sky: Sky) -> None:
    """The comic has these fields, and they are true."""
    num = found.get("num")
    expect(type(num) is int and sky.exists(num), f"there is no comic {num}")
    expect(found.keys() == set(fields), f"comic {num} has the fields {list(found)}")
    true = {**comic(int(num or 0)), **{name: found.get(name) for name in ("source", "fetched_at", "stale")}}
    true |= {name: None for name in about_image(num) if found.get(name) is None}  # until a ping has looked it up
    expect(all(found[name] == true[name] for name in fields), f"comic {num} is {true}")
    expect(found.get("source", "xkcd") in {"memory", "table", "archive", "xkcd"}, f"comic {num} has another source")
    expect(not found.get("stale") or sky.statuses, f"comic {num} is stale, and nothing is wrong")
    expect("fetched_at" not in found or datetime.fromisoformat(found["fetched_at"]), "fetched_at is no time")


def check_caching(selection: Selection, answer: Answer, passing: bool, complete: bool) -> None:
    """What may change soon is not cacheable, and fixed comics are for a day."""
    cacheable = answer.headers["cache-control"]
    if passing or not selection.repeatable:
        expect(cacheable == "no-store", f"{cacheable} is too long for this")
    elif complete and not selection.needs_latest:
        expect(cacheable.startswith("public, max-age=86400"), f"{cacheable} is too short for this")


CHECKS: Mapping[str, Callable[[Call, Answer, Sky], None]] = {
    "comics": comics,
    "comic": one,
    "image": image,
    "record": record_of_xkcd,
    "page": page,
    "own page": own_page,
}
