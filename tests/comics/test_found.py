"""How long comics are fresh, and kept."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from app.comics.found import DAY, KEPT_FOR, Found
from app.comics.image import Image, Size
from tests.records import NOW, found
from tools.stand_in import records

TODAY = datetime.fromtimestamp(NOW, UTC).date()


def days_fresh(comic: Found) -> float:
    return (comic.fresh_until - comic.fetched_at) / DAY


def aged(days: int, num: int = 614) -> Found:
    """That comic, as if it had come out so many days before it was fetched."""
    comic = found(num).comic
    return Found(replace(comic, num=num, date=TODAY - timedelta(days)), NOW)


@pytest.mark.parametrize(
    ("age", "least", "most"),
    [(-400, 1, 1), (0, 1, 1), (1, 1, 1), (10, 1, 1.1), (100, 8, 10.1), (1000, 80, 100.1), (9999, 292, 365)],
)
def test_a_comic_is_fresh_for_about_a_tenth_of_its_age_from_a_day_to_a_year(
    age: int, least: float, most: float
) -> None:
    assert least <= days_fresh(aged(age)) <= most


def test_it_is_fresh_until_then_and_no_longer() -> None:
    comic = found(614)
    assert [comic.is_fresh(now) for now in (NOW, comic.fresh_until - 1, comic.fresh_until)] == [True, True, False]


def test_comics_that_were_fetched_together_fall_due_on_different_days() -> None:
    """All that are due after a year are spread over the fifth of a year before it."""
    old = [found(num) for num in records() if found(num).comic.date < date(2016, 1, 1)]
    due = Counter(int(days_fresh(comic)) for comic in old)
    assert due.keys() == set(range(292, 365))
    assert max(due.values()) < 1.3 * len(old) / 73


def test_a_comic_is_kept_for_half_a_year_more() -> None:
    assert found(614).kept_until == found(614).fresh_until + KEPT_FOR


@pytest.mark.parametrize("year", [1, 9999])
def test_a_date_that_makes_no_sense_does_no_harm(year: int) -> None:
    comic = Found(replace(found(614).comic, date=date(year, 1, 1)), NOW)
    assert 1 <= days_fresh(comic) <= 365


WOODPECKER = "https://imgs.xkcd.com/comics/woodpecker.png"
FACTS = Image(WOODPECKER, Size(740, 280), True, NOW)


def test_an_image_need_not_be_looked_up_for_as_long_as_a_comic_fetched_then_is_fresh() -> None:
    comic = replace(found(614, NOW - 50 * DAY), image=FACTS)
    assert comic.looked_until == found(614, NOW).fresh_until
    assert found(614).looked_until == 0.0


def test_facts_about_another_image_count_as_none() -> None:
    assert replace(found(614), image=FACTS).image == FACTS
    assert replace(found(1), image=FACTS).image is None


def test_a_comic_takes_over_what_another_copy_knows_of_the_same_image() -> None:
    older, newer = replace(found(614, NOW - DAY), image=FACTS), found(614)
    assert newer.with_image_of(older) == replace(newer, image=FACTS)
    assert newer.with_image_of(None) == newer
    assert newer.with_image_of(found(614)) == newer
    known = replace(newer, image=FACTS._replace(has_2x=False))
    assert known.with_image_of(older) == known
    assert found(1).with_image_of(older) == found(1)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (None, (None, None, None)),
        (FACTS, ("https://imgs.xkcd.com/comics/woodpecker_2x.png", 740, 280)),
        (Image(WOODPECKER, None, False, NOW), (None, None, None)),
    ],
)
def test_our_json_has_what_is_known_of_the_image_and_otherwise_null(
    image: Image | None, expected: tuple[object, ...]
) -> None:
    comic = replace(found(614), image=image)
    about = dict(zip(("img_2x", "width", "height"), expected, strict=True))
    passing = {"source": "xkcd", "fetched_at": "2026-11-18T11:06:40Z", "stale": False}
    assert comic.to_json() == {**comic.comic.to_json(), **about, **passing}
