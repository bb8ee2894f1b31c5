"""The tag of an answer: the same for the same, another for another and in another build."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.application import XkcdGather
from app.comics.comic import Comic
from app.comics.found import Found
from app.comics.image import Image, Size
from app.comics.selection import Latest, Listed, Selection
from app.comics.written import FIELDS
from app.errors import BadAnswer, NoSuchComic
from app.gathering.gathered import Failure, Gathered, Timing
from app.web import http_caching
from tests.records import NOW, found
from tools.stand_in import records

GATHERED = Gathered(
    comics=(found(1), found(2)),
    failures=(Failure(404, NoSuchComic("xkcd has no comic 404.")),),
    timings=(),
    latest=None,
    seconds=0.1,
    cache_seconds=0.0,
    xkcd_seconds=0.1,
    retried=0,
    reasons={},
    hedged=0,
)
SELECTION = Listed((1, 2, 404))


def etag(gathered: Gathered = GATHERED, selection: Selection = SELECTION, fields: tuple[str, ...] = ("num",)) -> str:
    return http_caching.etag(selection, fields, gathered)


def edited(num: int) -> Found:
    return Found(Comic.from_record({**json.loads(records()[num]), "title": "Edited"}), NOW)


SHOWN = [("num",), FIELDS]
"""Fields of which none is about the image, and all."""


@pytest.mark.parametrize("fields", SHOWN, ids=["some", "all"])
@pytest.mark.parametrize(
    "same",
    [
        GATHERED._replace(comics=(found(1, NOW - 9, "memory"), found(2, NOW - 9, "table"))),
        GATHERED._replace(comics=tuple(replace(found, stale=True) for found in GATHERED.comics)),
        GATHERED._replace(timings=(Timing(1, 0.0, 0.1),), seconds=9.0, cache_seconds=1.0, xkcd_seconds=8.0),
        GATHERED._replace(latest=2665, failures=(Failure(404, NoSuchComic("xkcd has no comic 404: so it is.")),)),
    ],
    ids=["elsewhere and earlier", "stale", "slower", "latest known"],
)
def test_where_when_and_how_fast_make_no_difference(same: Gathered, fields: tuple[str, ...]) -> None:
    assert etag(same, fields=fields) == etag(fields=fields)


@pytest.mark.parametrize("fields", SHOWN, ids=["some", "all"])
@pytest.mark.parametrize(
    "other",
    [
        GATHERED._replace(comics=GATHERED.comics[::-1]),
        GATHERED._replace(comics=GATHERED.comics[:1]),
        GATHERED._replace(comics=(found(1), edited(2))),
        GATHERED._replace(failures=()),
        GATHERED._replace(failures=(Failure(405, NoSuchComic("xkcd has no comic 404.")),)),
        GATHERED._replace(failures=(Failure(404, BadAnswer("It is rubbish.")),)),
    ],
    ids=["order", "one less", "a record edited", "no failure", "another failure", "another reason"],
)
def test_anything_else_does(other: Gathered, fields: tuple[str, ...]) -> None:
    assert etag(other, fields=fields) != etag(fields=fields)


@pytest.mark.parametrize("other", [etag(selection=Latest(2)), etag(fields=("num", "title")), etag(fields=FIELDS)])
def test_so_do_the_selection_and_the_fields(other: str) -> None:
    assert other != etag()


@pytest.mark.parametrize(
    ("fields", "differs"), [(("num",), False), (("num", "width"), True), (("img_2x",), True), (FIELDS, True)]
)
def test_what_is_known_of_an_image_makes_a_difference_where_it_is_shown(fields: tuple[str, ...], differs: bool) -> None:
    first, second = GATHERED.comics
    known = replace(first, image=Image(first.comic.img, Size(740, 280), True, NOW))
    assert (etag(GATHERED._replace(comics=(known, second)), fields=fields) != etag(fields=fields)) is differs


TAGGED = [
    "/comics?n=1,404",
    "/comics/1",
    "/comics/latest",
    "/1/info.0.json",
    "/?n=1",
    "/docs",
    "/openapi.json",
    "/atom.xml",
    "/rss.xml",
    "/feed.json",
    "/oembed?url=https://xkcd.com/1/",
    "/robots.txt",
]


def status(path: str, before: XkcdGather, now: XkcdGather) -> int:
    """What one app answers to a client that has the other's answer already."""
    etag = before.test_client().get(path).headers["ETag"]
    return now.test_client().get(path, headers={"If-None-Match": etag}).status_code


@pytest.mark.parametrize("path", TAGGED)
def test_an_answer_of_one_build_does_not_hold_in_another(make_app: Callable[..., XkcdGather], path: str) -> None:
    assert status(path, make_app(build_id="yesterday"), make_app(build_id="today")) == 200


@pytest.mark.parametrize("path", TAGGED)
def test_an_answer_of_one_process_holds_in_another_of_its_build(make_app: Callable[..., XkcdGather], path: str) -> None:
    assert status(path, make_app(build_id="today"), make_app(build_id="today")) == 304


def test_without_a_build_an_answer_holds_in_its_own_process_only(make_app: Callable[..., XkcdGather]) -> None:
    """In development: a changed template is seen after the next start."""
    app = make_app()
    assert [status("/docs", app, app), status("/docs", app, make_app())] == [304, 200]
