"""The selection language and the numbers it means."""

import re
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comics import selection
from app.comics.comic import HIGHEST
from app.comics.selection import MOST, Latest, Listed, Randomly, Selection, Since
from app.errors import BadRequest
from app.web.query import parse, parse_number, parse_numbers, quoted


def numbers(selection: Selection, latest: int = 3290) -> list[int]:
    return list(selection.numbers(latest, chance=614))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("614", [614]),
        ("614,1-3", [614, 1, 2, 3]),
        ("614,1-3,latest", [614, 1, 2, 3, 3290]),
        ("latest", [3290]),
        ("3,1,2,3,1-3", [3, 1, 2]),
        ("3290,latest", [3290]),
        ("5-5", [5]),
        (" 614 , 1 - 3 , latest ", [614, 1, 2, 3]),
        ("614 1 - 3  latest, 7", [614, 1, 2, 3, 3290, 7]),
        ("007", [7]),
        ("1-100", list(range(1, 101))),
        ("1-100,100,50-60", list(range(1, 101))),
        ("404,5000", [404, 5000]),
    ],
)
def test_listed_numbers_keep_their_order_and_come_once(text: str, expected: list[int]) -> None:
    assert numbers(parse({"n": [text]}))[: len(expected)] == expected


def test_a_repeated_parameter_is_one_list() -> None:
    assert parse({"n": ["614,latest", "1-2"]}) == Listed((614, "latest", 1, 2))


@pytest.mark.parametrize("text", ["614,latest", "1-3"])
def test_the_latest_number_is_needed_only_where_it_is_named(text: str) -> None:
    assert parse({"n": [text]}).needs_latest is ("latest" in text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Each part of 'n' must be a number from 1 to 999999, such as 614, 1-5 or latest, not ''."),
        ("abc", "such as 614, 1-5 or latest, not 'abc'."),
        ("0", "not '0'."),
        ("-1", "not '-1'."),
        ("1,,2", "not ''."),
        ("1 2 x", "not 'x'."),
        ("1.5", "not '1.5'."),
        ("LATEST", "not 'LATEST'."),
        ("1-", "Each end of a range in 'n' must be a number from 1 to 999999, not ''."),
        ("1-2-3", "not '2-3'."),
        ("0-5", "not '0'."),
        ("1-latest", "not 'latest'."),
        ("5-1", "The range '5-1' in 'n' runs backwards. Write 1-5."),
        ("1-1000", "With '1-1000', 'n' selects more than 100 comics: ask for up to 100 at a time."),
        ("1-100,101", "With '101', 'n' selects more than 100 comics"),
        ("1-100,latest", "With 'latest', 'n' selects more than 100 comics"),
        ("1-999999", "With '1-999999', 'n' selects more than 100 comics"),
        (str(10**40), "not '100000000000000000000000000000000000000…'."),
        ("1000000", "not '1000000'."),
        ("٣", "not '٣'."),
        ("１", "not '１'."),
        ("²", "not '²'."),
        ("1\n", "not '1\\n'."),
        ("\x00\x1b[31m", "not '\\x00\\x1b[31m'."),
        ("1\t-2", "not '1\\t'."),
    ],
)
def test_what_is_no_list_is_refused_with_the_wrong_part_quoted(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(message) + ("$" if message.endswith(".") else "")):
        parse({"n": [text]})


@given(st.text() | st.text(alphabet="0123456789-, latest", max_size=30))
def test_whatever_the_text_it_is_some_numbers_or_an_error_that_quotes_the_wrong_part(text: str) -> None:
    refusal = None
    try:
        items = parse_numbers(text)
    except BadRequest as error:
        refusal = str(error)
    if refusal is not None:
        parts = re.split("[ ,]", re.sub(" *- *", "-", text))
        ends = [end for part in parts for end in part.partition("-")[::2]]
        assert any(quoted(wrong) in refusal for wrong in parts + ends)
        assert refusal.isprintable()
    else:
        assert 1 <= len(items) == len(set(items)) <= MOST
        assert all(item == "latest" or 1 <= item <= HIGHEST for item in items)
        assert parse_numbers(",".join(map(str, items))) == items


def test_a_quotation_is_short_and_printable() -> None:
    assert quoted("a" * 40) == "'" + "a" * 40 + "'"
    assert quoted("a" * 41) == "'" + "a" * 39 + "…'"
    assert quoted("\u202e\ud800\r") == "'\\u202e\\ud800\\r'"


@pytest.mark.parametrize("text", ["", "latest", "1-2", "1,2", "0"])
def test_one_number_is_one_number(text: str) -> None:
    with pytest.raises(
        BadRequest, match=re.escape(f"A comic's number must be a number from 1 to 999999, not '{text}'.")
    ):
        parse_number(text)


@pytest.mark.parametrize(
    ("query", "selection"),
    [
        ({}, Randomly(5)),
        ({"fields": ["num"]}, Randomly(5)),
        ({"random": ["100"]}, Randomly(100)),
        ({"random": ["5"], "seed": ["2026-11-22"]}, Randomly(5, "2026-11-22")),
        ({"random": ["5"], "seed": [" "]}, Randomly(5, " ")),
        ({"latest": ["3"]}, Latest(3)),
        ({"since": ["3000"]}, Since(3000)),
        ({"since": ["0"]}, Since(0)),
    ],
)
def test_parameters_make_a_selection(query: dict[str, list[str]], selection: Selection) -> None:
    assert parse(query) == selection


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"n": ["1"], "random": ["1"]}, "'n' and 'random' cannot be combined: give one of them."),
        ({"latest": ["1"], "since": ["1"]}, "'latest' and 'since' cannot be combined: give one of them."),
        ({"random": ["0"]}, "'random' must be a number from 1 to 100, not '0'."),
        ({"random": ["101"]}, "'random' must be a number from 1 to 100, not '101'."),
        ({"random": ["1000"]}, "'random' must be a number from 1 to 100, not '1000'."),
        ({"random": [""]}, "'random' must be a number from 1 to 100, not ''."),
        ({"latest": ["٣"]}, "'latest' must be a number from 1 to 100, not '٣'."),
        ({"since": ["-1"]}, "'since' must be a number from 0 to 999999, not '-1'."),
        ({"random": ["1", "2"]}, "'random' is given 2 times: give it once."),
        ({"random": ["1"], "seed": ["a", "b"]}, "'seed' is given 2 times: give it once."),
        ({"random": ["1"], "seed": [""]}, "'seed' is empty: give it a text, such as 2026-11-22."),
        ({"seed": ["a"]}, "'seed' works with 'random': say how many comics, as in random=5&seed=2026-11-22."),
        ({"n": ["1"], "seed": ["a"]}, "'seed' works with 'random', not with 'n'."),
        ({"since": ["1"], "seed": ["a"]}, "'seed' works with 'random', not with 'since'."),
    ],
)
def test_parameters_that_make_none_are_refused(query: dict[str, list[str]], message: str) -> None:
    with pytest.raises(BadRequest, match=f"^{re.escape(message)}$"):
        parse(query)


@pytest.mark.parametrize(
    ("selection", "latest", "expected"),
    [
        (Latest(3), 3290, [3290, 3289, 3288]),
        (Latest(3), 405, [405, 403, 402]),
        (Latest(5), 3, [3, 2, 1]),
        (Since(3287), 3290, [3288, 3289, 3290]),
        (Since(402), 406, [403, 405, 406]),
        (Since(3290), 3290, []),
        (Since(9999), 3290, []),
        (Since(400), 3290, [401, 402, 403, *range(405, 502)]),
    ],
)
def test_latest_and_since_leave_out_what_does_not_exist(selection: Selection, latest: int, expected: list[int]) -> None:
    assert numbers(selection, latest) == expected


@pytest.mark.parametrize("selection", [Latest(7), Randomly(7), Randomly(7, "a"), Since(1), Listed((1, 2))])
def test_a_selection_knows_how_many_it_can_be(selection: Selection) -> None:
    assert len(numbers(selection)) == selection.most


@given(st.integers(1, MOST), st.none() | st.text(), st.integers(1, 1000), st.integers())
def test_random_ones_exist_and_are_distinct(count: int, seed: str | None, latest: int, chance: int) -> None:
    drawn = Randomly(count, seed).numbers(latest, chance)
    existing = set(range(1, latest + 1)) - {404}
    assert set(drawn) <= existing
    assert len(set(drawn)) == len(drawn) == min(count, len(existing))


@pytest.mark.parametrize("latest", [3, 4, 6])
def test_without_a_seed_all_that_can_be_drawn_is_drawn_as_often(latest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "SPAN", 5)
    draws = 20_000
    drawn = Counter(Randomly(2).numbers(latest, chance) for chance in range(draws))
    assert drawn.keys() == set(permutations(range(1, latest + 1), 2))
    assert all(count == pytest.approx(draws / len(drawn), rel=0.15) for count in drawn.values())


@given(st.integers(1, MOST), st.none() | st.text(), st.integers(1, 4000), st.integers(0, 4000), st.integers())
def test_with_a_later_latest_all_stay_but_for_those_in_whose_place_a_later_one_comes(
    count: int, seed: str | None, latest: int, later: int, chance: int
) -> None:
    before, after = (Randomly(count, seed).numbers(last, chance) for last in (latest, latest + later))
    stayed = [num for num in after if num <= latest]
    assert list(before[: len(stayed)]) == stayed
    assert len(after) == count or len(stayed) == len(before)


@pytest.mark.parametrize("chosen", [Randomly(50), Randomly(50, "a"), Listed((1, 2)), Since(3000), Latest(50)])
def test_it_is_known_whether_most_stay_with_a_later_latest(chosen: Selection) -> None:
    stayed = set(numbers(chosen)) & set(numbers(chosen, 3390))
    assert (len(stayed) > 0.8 * chosen.most) is chosen.steady


def test_a_seed_gives_the_same_ones_and_the_fewer_are_the_first_of_the_more() -> None:
    five = numbers(Randomly(5, "2026-11-22"))
    assert numbers(Randomly(5, "2026-11-22")) == five
    assert numbers(Randomly(3, "2026-11-22")) == five[:3]
    assert numbers(Randomly(5, "2026-11-23")) != five


@given(st.integers(1, 20), st.text(), st.integers(21, 1000))
def test_a_new_comic_changes_at_most_one_of_a_seeds(count: int, seed: str, latest: int) -> None:
    before, after = (set(numbers(Randomly(count, seed), last)) for last in (latest, latest + 1))
    assert len(before - after) <= 1
    assert after - before <= {latest + 1}
