"""Searches find the comics that people mean."""

import re
from pathlib import Path

import pytest

from bench.relevance import QUERIES, by_bm25, main, ours, place, relevance


def test_the_comic_that_is_meant_is_among_the_first_and_more_often_than_by_plain_bm25(whole_archive: Path) -> None:
    queries = QUERIES["queries"]
    measured, plain = (relevance(queries, ranking(whole_archive)) for ranking in (ours, by_bm25))
    assert len(queries) >= 60
    assert measured.reciprocal_rank >= 0.93
    assert measured.in_top >= 0.96
    assert plain.reciprocal_rank < measured.reciprocal_rank


def test_a_place_is_that_of_the_first_comic_that_is_meant() -> None:
    assert [place([7, 8, 9], means) for means in ([7], [9, 8], [1])] == [1, 2, None]


def test_the_command_prints_how_good_both_rankings_are(capsys: pytest.CaptureFixture[str]) -> None:
    main()
    line = r"  {}  mean reciprocal rank [01]\.\d{{3}}, in the top five [01]\.\d{{3}}\n"
    begin = f"queries: {len(QUERIES['queries'])}\n"
    assert re.match(begin + line.format("this service") + line.format("plain bm25  "), capsys.readouterr().out)
