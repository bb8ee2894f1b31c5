"""Words near a misspelt one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comics.spelling import near


@pytest.mark.parametrize("meant", ["standards", "standrad", "standradsx", "standraas", "tsandrads"])
def test_a_letter_swapped_left_out_added_or_changed_is_near(meant: str) -> None:
    assert meant in near("standrads")


def test_two_edits_are_not_near() -> None:
    assert "standard" not in near("standrads")


@given(st.text("abcde", min_size=1, max_size=3))
def test_nearness_is_mutual(word: str) -> None:
    assert all(word in near(other) for other in near(word))
    assert word not in near(word)
