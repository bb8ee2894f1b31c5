"""Comics as the JSON text of answers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.comics.comic import Comic
from app.comics.found import Found
from app.comics.image import Image, Size
from app.comics.written import FIELDS
from tests.records import NOW, found
from tools.stand_in import records

FACTS = Image("https://imgs.xkcd.com/comics/woodpecker.png", Size(740, 280), True, NOW)


def text(found: Found) -> bytes:
    """The comic as Python's own writer has it."""
    comic = found.to_json()
    return json.dumps({name: comic[name] for name in FIELDS}, ensure_ascii=False, separators=(",", ":")).encode()


def changed(**fields: Any) -> Found:
    """Comic 614 with some fields of xkcd's record changed."""
    return Found(Comic.from_record({**json.loads(records()[614]), **fields}), NOW)


def test_every_real_comic_is_written_with_all_its_fields_in_their_order() -> None:
    comics = [found(num) for num in records()]
    assert [comic.written.text for comic in comics] == [text(comic) for comic in comics]
    assert {comic.to_json().keys() == set(FIELDS) for comic in comics} == {True}


ODD = [
    pytest.param('"\\/', id="what JSON escapes"),
    pytest.param("\x00\x1f\x7f", id="control characters"),
    pytest.param("é\u2028\u202e\ufffd😀", id="beyond ASCII"),
    pytest.param('","source":"memory","stale":true}', id="what looks like the end"),
]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("field", ["title", "alt", "transcript", "news"])
def test_texts_are_written_whatever_is_in_them(field: str, odd: str) -> None:
    comic = changed(**{field: odd})
    assert json.loads(comic.written.text)[field] == odd
    assert comic.written.text == text(comic)


def test_what_no_encoding_can_carry_is_written_as_a_question_mark() -> None:
    assert json.loads(changed(alt="Half \ud83d a pair").written.text)["alt"] == "Half ? a pair"


OTHERS: list[dict[str, Any]] = [{"source": "memory"}, {"fetched_at": NOW - 9}, {"stale": True}, {"image": FACTS}]


@pytest.mark.parametrize("other", OTHERS, ids=[*map(next, map(iter, OTHERS))])
def test_another_copy_is_written_anew(other: dict[str, Any]) -> None:
    first = found(614)
    before = first.written
    copy = replace(first, **other)
    assert copy.written.text == text(copy) != before.text
    assert first.written == before


@pytest.mark.parametrize("odd", ["", *ODD])
def test_the_digest_is_the_same_wherever_the_comic_came_from(odd: str) -> None:
    comic = changed(alt=odd)
    elsewhere = replace(comic, source="memory", fetched_at=NOW - 9, stale=True)
    assert elsewhere.written.digest == comic.written.digest


@pytest.mark.parametrize(
    "other",
    [
        changed(title="Edited"),
        changed(day="25"),
        changed(alt="Edited"),
        changed(img="https://imgs.xkcd.com/comics/edited.png"),
        changed(transcript="Edited"),
        changed(link="https://xkcd.com/1/"),
        changed(news="Edited"),
        changed(extra_parts={}),
        changed(alt='","source":"memory'),
        replace(found(614), image=FACTS),
        found(615),
    ],
    ids=["title", "date", "alt", "img", "transcript", "link", "news", "interactive", "source", "image", "num"],
)
def test_and_another_if_any_other_field_differs(other: Found) -> None:
    assert other.written.digest != found(614).written.digest
