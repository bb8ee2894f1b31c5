"""The language of searches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comics.search_query import MOST_TERMS, SearchQuery, Term, parse, words
from app.errors import BadRequest


def word(text: str, field: str | None = None) -> Term:
    return Term(text, field)


def phrase(text: str, field: str | None = None) -> Term:
    return Term(text, field, is_phrase=True)


def beginning(text: str, field: str | None = None) -> Term:
    return Term(text, field, is_prefix=True)


@pytest.mark.parametrize(
    ("text", "required", "excluded"),
    [
        ("bobby tables", [[word("bobby")], [word("tables")]], []),
        ('sudo "make me"', [[word("sudo")], [phrase("make me")]], []),
        ("sandwich -bacon", [[word("sandwich")]], [word("bacon")]),
        ('-"two words" sandwich', [[word("sandwich")]], [phrase("two words")]),
        ("sandwich -title:time", [[word("sandwich")]], [word("time", "title")]),
        ("-foo", [[word("foo")]], []),
        ("-foo -bar", [[word("foo")], [word("bar")]], []),
        ("one OR another", [[word("one"), word("another")]], []),
        ("a OR b OR c d", [[word("a"), word("b"), word("c")], [word("d")]], []),
        ("a OR OR b OR a", [[word("a"), word("b")]], []),
        ("OR a OR", [[word("OR")], [word("a")]], []),
        ("or a", [[word("or")], [word("a")]], []),
        ("velo*", [[beginning("velo")]], []),
        ("ve*", [[word("ve*")]], []),
        (
            'title:time alt:velo* transcript:"a b"',
            [[word("time", "title")], [beginning("velo", "alt")], [phrase("a b", "transcript")]],
            [],
        ),
        ("title: time", [[word("title:")], [word("time")]], []),
        ("Title:time ALT:a", [[word("time", "title")], [word("a", "alt")]], []),
        ("C++ what if? $5", [[word("C++")], [word("what")], [word("if?")], [word("$5")]], []),
        ('"unfinished phrase', [[word('"unfinished')], [word("phrase")]], []),
        (
            "NEAR( a ^b + c AND d",
            [[word("NEAR(")], [word("a")], [word("^b")], [word("c")], [word("AND")], [word("d")]],
            [],
        ),
        ("again and again", [[word("again")], [word("and")]], []),
        ("a\0b", [[word("a")], [word("b")]], []),
        ("xkcd standards", [[word("standards")]], []),
        ("xkcd", [[word("xkcd")]], []),
        ("xkcd OR other", [[word("xkcd"), word("other")]], []),
        ('… ( "" "?" -', [], []),
    ],
)
def test_a_text_is_a_search(text: str, required: list[list[Term]], excluded: list[Term]) -> None:
    assert parse(text) == SearchQuery(text, tuple(map(tuple, required)), tuple(excluded))


@pytest.mark.parametrize(
    ("text", "num"),
    [
        ("614", 614),
        ("#614", 614),
        ("xkcd 0614", 614),
        ("614 woodpecker", None),
        ("614th", None),
        ("0", None),
        ("1234567", None),
        ("title:614", None),
        ("614 -woodpecker", None),
        ('"614"', None),
        ("614*", None),
        ("1 OR 2", None),
    ],
)
def test_a_number_alone_names_a_comic(text: str, num: int | None) -> None:
    assert parse(text).number == num


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("bobby tab", "tab"),
        ("bobby ta", None),
        ("bobby tab ", None),
        ("bobby tab1", None),
        ('"bobby tab"', None),
        ("bobby tab*", None),
        ("(", None),
    ],
)
def test_a_plain_word_at_the_end_may_be_unfinished(text: str, last: str | None) -> None:
    term = parse(text).last
    assert (term and term.text) == last


def test_words_are_replaced_where_they_are_plain() -> None:
    replaced = parse('standrads "standrads" standrads* OR title:standrads').with_words({"standrads": "standards"})
    assert replaced.required == (
        (word("standards"),),
        (phrase("standrads"),),
        (beginning("standrads"), word("standards", "title")),
    )


def test_a_title_is_compared_by_its_words() -> None:
    assert words("Clichéd  Exchanges!") == words("cliched-exchanges") == "cliched exchanges"
    assert parse("xkcd Ten Thousand").title == words("Ten Thousand")
    assert parse(" ( ").title == "("


def test_a_search_has_a_limited_number_of_words() -> None:
    assert len(parse(" ".join(f"w{n}" for n in range(MOST_TERMS))).required) == MOST_TERMS
    with pytest.raises(BadRequest, match=r"^'q' has 33 words: give it up to 32\.$"):
        parse("word " * (MOST_TERMS + 1))


@given(st.text())
def test_every_text_is_a_search_or_has_too_many_words(text: str) -> None:
    try:
        query = parse(text)
    except BadRequest:
        return
    terms = [*query.terms, *query.excluded]
    assert all(words(term.text) for term in terms)
    assert not any("\0" in term.text for term in terms)
    assert bool(query.required) == bool(terms)


PLAIN = st.text(st.characters(categories=["Ll", "Nd"], max_codepoint=0x250), min_size=1, max_size=9).filter(words)


@given(st.lists(PLAIN, min_size=1, max_size=9, unique=True))
def test_plain_words_are_all_required_as_they_are(plain: list[str]) -> None:
    kept = [word for word in plain if word != "xkcd"] or plain
    assert parse(" ".join(plain)).required == tuple((Term(each),) for each in kept)


@given(PLAIN, PLAIN, st.sampled_from(["title", "alt", "transcript"]))
def test_a_search_means_what_it_was_written_for(one: str, other: str, field: str) -> None:
    query = parse(f'{field}:{one} OR "{other} {one}" -{field}:"{other}"')
    assert query.required == ((Term(one, field), phrase(f"{other} {one}")),)
    assert query.excluded == (phrase(other, field),)
