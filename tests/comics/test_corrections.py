"""Corrected texts, held against all real records."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comics.comic import Comic
from app.comics.corrections import corrected_alt, corrected_transcript, partner
from tools.stand_in import records

EXPECTED: dict[str, list[dict[str, Any]]] = json.loads(Path(__file__).with_name("corrected.json").read_text())
"""The corrected texts and some that look wrong but are jokes, as hashes: see `digest`."""


def digest(text: str | None) -> str | None:
    """The first 16 hexadecimal digits of its SHA-256; None for no text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else None


@cache
def alone() -> dict[int, Comic]:
    """Every comic, by its own record."""
    return {num: Comic.from_json(record) for num, record in records().items()}


@cache
def complete() -> dict[int, Comic]:
    """Every comic, with its partner's record at hand."""
    comics = alone()
    return {num: comic.with_partner(comics[p]) if (p := comic.partner) else comic for num, comic in comics.items()}


def changed(comic: Comic) -> list[dict[str, Any]]:
    """The corrections of a comic, as `EXPECTED` has them."""
    fields = dict.fromkeys(correction.field for correction in comic.corrections)
    return [
        {
            "num": comic.num,
            "field": field,
            "kinds": [each.kind for each in comic.corrections if each.field == field],
            **({} if (source := max(each.source or 0 for each in comic.corrections)) == 0 else {"from": source}),
            "was": digest(comic.record[field]),
            "becomes": digest(getattr(comic, field)),
        }
        for field in fields
    ]


def test_every_text_that_is_known_to_be_wrong_is_corrected_and_no_other() -> None:
    assert [each for comic in complete().values() for each in changed(comic)] == EXPECTED["corrected"]


def test_texts_without_a_correction_are_as_xkcd_sent_them() -> None:
    corrected = {(each["num"], each["field"]) for each in EXPECTED["corrected"]}
    others = [(comic, field) for comic in complete().values() for field in ("alt", "transcript")]
    assert [
        comic.num
        for comic, field in others
        if (comic.num, field) not in corrected and (getattr(comic, field) or "") != comic.record[field]
    ] == []


@pytest.mark.parametrize("kept", EXPECTED["kept"], ids=lambda kept: f"{kept['num']}-{kept['field']}")
def test_a_joke_that_looks_like_a_fault_stays(kept: dict[str, Any]) -> None:
    assert digest(getattr(complete()[kept["num"]], kept["field"])) == kept["is"]


def test_without_its_partner_a_comic_has_its_own_transcript_or_none() -> None:
    differing = {num for num, comic in complete().items() if comic.transcript != alone()[num].transcript}
    moved = {each["num"] for each in EXPECTED["corrected"] if "moved" in each["kinds"]}
    assert differing == moved
    assert [num for num in moved if alone()[num].transcript is not None] == []


def test_a_mended_record_switches_its_correction_off() -> None:
    moved = complete()[1613]
    mended = Comic.from_record({**moved.record, "transcript": moved.transcript})
    assert (mended.transcript, mended.corrections) == (moved.transcript, ())


def test_the_record_itself_stays() -> None:
    assert [comic.record for comic in complete().values()] == [json.loads(record) for record in records().values()]


def test_partners_are_two_later_and_then_three() -> None:
    assert [partner(num) for num in (581, 1608, 1609, 1662, 1663, 1677, 1678)] == [
        None,
        None,
        1611,
        1664,
        1666,
        1680,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "corrected", "kinds"),
    [
        pytest.param("na\xc3\xafve", "naïve", ["misread_utf8"], id="UTF-8 read as Latin-1"),
        pytest.param("\xe2\x99\xab la \xf0\x9f\x90\x88", "♫ la 🐈", ["misread_utf8"], id="of three and four bytes"),
        pytest.param("it\x92s", "it’s", ["misread_cp1252"], id="a control of cp1252"),
        pytest.param("\xc3\xa9 \x85", "é …", ["misread_utf8", "misread_cp1252"], id="both"),
        pytest.param("â€™", "â€™", [], id="mojibake on purpose"),
        pytest.param("Ã la carte", "Ã la carte", [], id="no byte of UTF-8 follows"),
        pytest.param("\xe0\xa0 \xc0\x80", "\xe0\xa0 \xc0€", ["misread_cp1252"], id="not the bytes of a character"),
        pytest.param("\xed\xa0\xbd", "\xed\xa0\xbd", [], id="half a surrogate pair"),
        pytest.param("\x81\x8d", "\x81\x8d", [], id="controls that cp1252 has not"),
        pytest.param("Title: and\nor", "Title: and/or", ["lost_slashes"], id="the title text without its slash"),
        pytest.param("and\nor and\nor", "and/or and/or", ["lost_slashes"], id="twice"),
        pytest.param("and or", "and or", [], id="no title text"),
    ],
)
def test_a_transcript_has_the_characters_that_were_written(text: str, corrected: str, kinds: list[str]) -> None:
    written, corrections = corrected_transcript(1, "and/or", text, "")
    assert (written, [correction.kind for correction in corrections]) == (corrected, kinds)


def test_the_title_text_is_html_only_where_the_title_is() -> None:
    alt = "A clich&eacute; &amp; more"
    assert corrected_alt(alt, "Clich&eacute;d")[0] == "A cliché & more"
    assert corrected_alt(alt, "D&D Roll") == (alt, [])


@given(st.text(st.characters(max_codepoint=255)), st.text())
def test_other_comics_have_their_own_transcript_whatever_a_partner_has(own: str, partners: str) -> None:
    assert corrected_transcript(1, "", own, partners) == corrected_transcript(1, "", own, "")


@given(st.text(max_size=20), st.text(max_size=9), st.integers(1, 3000))
def test_text_of_ascii_without_slashes_is_never_changed_outside_the_moved_ones(text: str, alt: str, num: int) -> None:
    ascii_text = text.encode("ascii", "ignore").decode()
    if num != 581 and num not in range(1609, 1678):
        assert corrected_transcript(num, alt.replace("/", ""), ascii_text, "") == (ascii_text, [])
