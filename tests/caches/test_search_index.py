"""Searching the index of an archive: what is found, in which order, and why."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.caches.search_index import SearchIndex
from app.comics.comic import Comic
from app.comics.found import Found
from app.comics.search import Days
from app.comics.search_query import parse
from app.comics.snippets import Match
from app.errors import BadRequest, NoArchive
from tests.archives import alter, write_archive
from tests.records import NOW, found

MakeIndex = Callable[..., SearchIndex]


def comic(num: int, title: str = "A title", alt: str = "", transcript: str = "", year: int = 2010) -> Comic:
    """A made-up comic of the first day of that year."""
    texts = {"title": title, "alt": alt, "transcript": transcript}
    return Comic.from_record(
        {**found(614).comic.record, "num": num, **texts, "year": str(year), "month": "1", "day": "1"}
    )


@pytest.fixture
def make_index(tmp_path: Path) -> MakeIndex:
    """Makes the index of an archive of these comics."""

    def make(*comics: Comic) -> SearchIndex:
        made = [Found(each, NOW) for each in comics]
        return SearchIndex(write_archive(tmp_path / "archive.sqlite", made, latest=max(each.num for each in comics)))

    return make


@pytest.fixture(scope="module")
def whole(whole_archive: Path) -> SearchIndex:
    """The index of all comics of the stand-in."""
    return SearchIndex(whole_archive)


def numbers(index: SearchIndex, text: str, days: Days | None = None) -> list[int]:
    return list(index.search(parse(text), days).numbers)


def matches(index: SearchIndex, text: str) -> dict[int, Match]:
    hits = index.search(parse(text))
    return index.matches(hits, hits.numbers)


def test_a_comic_is_found_by_title_title_text_and_transcript(make_index: MakeIndex) -> None:
    index = make_index(comic(1, title="A word"), comic(2, alt="a word"), comic(3, transcript="a word"), comic(4))
    assert numbers(index, "word") == [1, 2, 3]


def test_all_words_must_match_in_whatever_fields(make_index: MakeIndex) -> None:
    index = make_index(comic(1, title="bobby", alt="tables"), comic(2, alt="tables"))
    hits = index.search(parse("tables bobby"))
    assert (hits.numbers, hits.relaxed) == ([1], False)


def test_if_no_comic_has_all_words_some_are_enough(make_index: MakeIndex) -> None:
    index = make_index(comic(1, alt="bobby"), comic(2, alt="tables"), comic(3, alt="other"))
    hits = index.search(parse("bobby tables sqlite"))
    assert (sorted(hits.numbers), hits.relaxed) == ([1, 2], True)


def test_where_some_words_are_enough_those_in_very_many_comics_do_not_count(make_index: MakeIndex) -> None:
    common = [comic(num, alt="the man") for num in range(1, 10)]
    index = make_index(*common, comic(10, alt="velociraptor"))
    assert numbers(index, "the velociraptor") == [10]
    assert len(numbers(index, "the man sqlite")) == 9


def test_nothing_is_found_where_there_is_nothing(make_index: MakeIndex) -> None:
    hits = make_index(comic(1)).search(parse("bobby sqlite"))
    assert (hits.numbers, hits.relaxed, hits.replaced) == ([], False, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"make me"', [1]),
        ("sandwich -bacon", [1]),
        ("sandwich -title:lunch", [1]),
        ("bacon OR make", [1, 2]),
        ("sandw*", [1, 2]),
        ("sandwiches", [1, 2]),
        ("SANDWICH", [1, 2]),
        ("sand", [1, 2]),
        ("title:sandwich", []),
        ("title:lunch", [2]),
        ("alt:sandwich", [1]),
        ("transcript:sandwich", [2]),
        ("naive", [2]),
        ("naïve", [2]),
    ],
)
def test_the_language_reaches_the_index(make_index: MakeIndex, text: str, expected: list[int]) -> None:
    index = make_index(
        comic(1, title="Dinner", alt="make me a sandwich"),
        comic(2, title="Lunch", transcript="a naïve sandwich, me make, bacon"),
    )
    assert sorted(numbers(index, text)) == expected


def test_the_order_is_title_number_all_in_title_all_in_order_and_the_rest(make_index: MakeIndex) -> None:
    index = make_index(
        comic(1, alt="seven words and 12 more"),
        comic(2, alt="12 seven"),
        comic(3, title="Seven and 12"),
        comic(4, title="12, Seven!"),
        comic(12, alt="seven"),
    )
    assert numbers(index, "12 seven")[:2] == [4, 3]
    assert numbers(index, "12 seven")[2:] == [2, 1]
    assert numbers(index, "12")[0] == 12


def test_a_comic_is_found_by_its_number_alone(make_index: MakeIndex) -> None:
    index = make_index(comic(614), comic(2, alt="614 birds"))
    assert numbers(index, "#614") == [614, 2]
    assert matches(index, "614") == {614: Match("num", "614", ((0, 3),)), 2: Match("alt", "614 birds", ((0, 3),))}


def test_a_title_without_words_is_found_too(make_index: MakeIndex) -> None:
    index = make_index(comic(1, title="("), comic(2))
    assert matches(index, " ( ") == {1: Match("title", "(", ((0, 1),))}


def test_a_word_that_occurs_nowhere_is_replaced_by_the_most_usual_near_one(make_index: MakeIndex) -> None:
    index = make_index(comic(1, alt="standards"), comic(2, alt="standards"), comic(3, alt="standrans"))
    hits = index.search(parse("standrads"))
    assert (hits.numbers, hits.replaced) == ([2, 1], {"standrads": "standards"})


@pytest.mark.parametrize("text", ["standards", "stand", '"standrads"', "standrads*", "abd", "standratz"])
def test_a_word_that_occurs_begins_one_is_quoted_short_or_far_is_not_replaced(make_index: MakeIndex, text: str) -> None:
    assert make_index(comic(1, alt="standards abc")).search(parse(text)).replaced == {}


def test_a_word_that_occurs_in_another_field_is_not_replaced(make_index: MakeIndex) -> None:
    hits = make_index(comic(1, title="here", alt="there")).search(parse("title:there"))
    assert (hits.numbers, hits.replaced) == ([], {})


def test_a_word_that_is_too_long_for_any_word_is_not_replaced(whole: SearchIndex) -> None:
    for text in ("x" * 500, "\ufdfa" * 500):
        hits = whole.search(parse(text))
        assert (hits.numbers, hits.replaced) == ([], {})


def test_a_comic_that_has_changed_since_it_was_found_has_its_title_without_marks(make_index: MakeIndex) -> None:
    index = make_index(comic(1, title="old"))
    hits = index.search(parse("old"))
    index.add([comic(1, title="new")])
    assert index.matches(hits, hits.numbers) == {1: Match("title", "new", ())}


def test_only_comics_of_the_given_days_are_found(make_index: MakeIndex) -> None:
    index = make_index(*(comic(num, title=f"word {num}", year=2000 + num) for num in (1, 2, 3)))
    assert numbers(index, "word", (date(2002, 1, 1), date(2002, 12, 31))) == [2]
    assert numbers(index, "3", (date(2002, 1, 1), date(2002, 12, 31))) == []
    assert numbers(index, "(", (date(2002, 1, 1), date(2002, 12, 31))) == []


def test_newer_comics_are_searched_once_they_are_added(make_index: MakeIndex) -> None:
    index = make_index(comic(1, alt="word"))
    index.add([comic(2, alt="word"), comic(3)])
    assert (numbers(index, "word"), index.count) == ([2, 1], 3)


def test_a_comic_that_is_added_again_replaces_itself(make_index: MakeIndex) -> None:
    index = make_index(comic(1))
    index.add([comic(2, alt="a typo")])
    index.add([comic(2, alt="a word")])
    index.add([comic(2, alt="a word")])
    assert (numbers(index, "typo"), numbers(index, "word"), index.count) == ([], [2], 2)


def test_corrected_texts_are_searched(whole: SearchIndex) -> None:
    assert whole.transcripts_until == 1674
    assert 259 in numbers(whole, "title:cliched")


def test_a_text_cannot_forge_a_mark(make_index: MakeIndex) -> None:
    index = make_index(comic(1, alt="a \x02forged\x03 mark\0"))
    assert matches(index, "mark") == {1: Match("alt", "a forged mark", ((9, 13),))}


def test_without_a_transcript_there_is_none_to_tell_of(make_index: MakeIndex) -> None:
    assert make_index(comic(1)).transcripts_until is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [("DROP TABLE texts", "no such table: texts"), ("DROP TABLE words", "no such table: words")],
)
def test_an_archive_without_an_index_cannot_be_searched(tmp_path: Path, statement: str, why: str) -> None:
    path = alter(write_archive(tmp_path / "archive.sqlite", [1]), statement)
    with pytest.raises(NoArchive, match=f"^This service cannot search, because its archive has no usable index: {why}"):
        SearchIndex(path).search(parse("nothing that occurs"))


def test_a_file_that_cannot_be_read_cannot_be_searched(tmp_path: Path) -> None:
    with pytest.raises(NoArchive, match="unable to open database file"):
        SearchIndex(tmp_path / "none.sqlite")


BEGINNINGS = ["the", "and", "you", "wha", "con", "com", "int", "pro", "eve", "som", "whi", "man", "wom", "rea", "lik"]

ODD = [
    " OR ".join(f"{letters}*" for letters in BEGINNINGS), " ".join(f"zqx{chr(97 + n)}jv" for n in range(26)),
    '"', '"' * 300, "'", "NEAR(", "NEAR(a b)", "title:", "*", "^", "a*b*", "- -", "()", "a:b", "{title}:a", "\0", "a\0",
    "😀", "😀 a", "\U00010940", "a AND", "NOT", "AND OR NOT", "ﬀ", "\u202e", "٣", "\ud83d", "x" * 500, "%", "_",
    "e\u0301",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_an_odd_search_is_a_search(whole: SearchIndex, text: str) -> None:
    hits = whole.search(parse(text.encode("utf-8", "replace").decode()))
    assert whole.matches(hits, hits.numbers[:10]).keys() == set(hits.numbers[:10])


@given(
    st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["", "sandwich ", "the OR ", "-the ", "title:"])
)
def test_every_text_is_a_search_and_every_find_has_a_match(whole: SearchIndex, text: str, before: str) -> None:
    try:
        query = parse(before + text)
    except BadRequest:
        return
    hits = whole.search(query)
    found = whole.matches(hits, hits.numbers[:5])
    assert [*found] == [*hits.numbers[:5]]
    assert all(match.marks or match.snippet for match in found.values())
