"""The part of a text that shows a match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comics.snippets import END, LONGEST, START, Match, best


def marked(text: str) -> str:
    """The text with START and END in place of brackets."""
    return text.replace("[", START).replace("]", END)


def test_a_short_text_is_shown_whole_with_its_marks() -> None:
    assert best({"title": marked("[Ten] thousand [words]")}) == Match("title", "Ten thousand words", ((0, 3), (13, 18)))


@pytest.mark.parametrize(
    ("title", "alt", "field"),
    [("[a] b", "[a] b", "title"), ("[a] b", "[a] [b]", "alt"), ("[a] [A] [a]", "[a] [b]", "alt"), ("a", "[b]", "alt")],
)
def test_the_field_with_the_most_different_words_is_shown(title: str, alt: str, field: str) -> None:
    assert best({"title": marked(title), "alt": marked(alt), "transcript": ""}).field == field


def test_white_space_is_one_space() -> None:
    assert best({"alt": marked("\n a\n\n[b]\tc ")}) == Match("alt", "a b c", ((2, 3),))


def test_of_a_long_text_the_part_with_most_marks_is_shown() -> None:
    text = "[far] " + "word " * 50 + "here [one] and [two] " + "word " * 50
    match = best({"transcript": marked(text)})
    shown = [match.snippet[start:end] for start, end in match.marks]
    assert (shown, match.snippet[0], match.snippet[-1]) == (["one", "two"], "…", "…")
    assert len(match.snippet) <= LONGEST + 2
    assert set(match.snippet[1:-1].split()) == {"word", "here", "one", "and", "two"}


@pytest.mark.parametrize("text", ["[a] " + "word " * 50, "word " * 50 + "[a]"])
def test_an_end_of_the_text_has_no_ellipsis(text: str) -> None:
    match = best({"transcript": marked(text)})
    assert [match.snippet[start:end] for start, end in match.marks] == ["a"]
    assert (match.snippet.startswith("…"), match.snippet.endswith("…")) == (
        text.startswith("word"),
        text.endswith("word "[:-1] + " "),
    )


def test_a_text_without_spaces_is_cut_anywhere() -> None:
    match = best({"transcript": marked("x" * 500 + "[y]" + "x" * 500)})
    assert [match.snippet[start:end] for start, end in match.marks] == ["y"]
    assert len(match.snippet) == LONGEST + 2


@given(
    st.lists(st.tuples(st.text("ab \n", max_size=90), st.text("cd", min_size=1, max_size=9)), min_size=1, max_size=20)
)
def test_marks_are_in_order_and_around_what_matched(parts: list[tuple[str, str]]) -> None:
    match = best({"transcript": "".join(f"{before}{START}{word}{END}" for before, word in parts)})
    assert [*match.marks] == sorted(match.marks)
    assert match.marks
    assert {match.snippet[start:end] for start, end in match.marks} <= {word for _, word in parts}


def test_a_mark_that_is_longer_than_the_snippet_is_cut_with_it() -> None:
    match = best({"transcript": marked("[" + "word " * 60 + "]")})
    ((start, end),) = match.marks
    assert match.snippet[start:end] == match.snippet.removesuffix("…")
