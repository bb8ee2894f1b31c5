"""Where the bars of a gathering stand."""

from datetime import date

import pytest

from app.comics.comic import Comic
from app.comics.found import Found
from app.errors import NoSuchComic
from app.gathering.gathered import Failure, Gathered, Timing
from app.web.timeline import Bar, Tick, Timeline, timeline


def found(num: int, source: str = "xkcd") -> Found:
    comic = Comic(num, "A title", date(2026, 11, 23), "", None, None, None, None, interactive=False, record={})
    return Found(comic, 0.0, source)


def gathered(
    *comics: Found,
    failed: tuple[int, ...] = (),
    timings: tuple[Timing, ...] = (),
    seconds: float = 0.2,
    latest_stale: bool = False,
) -> Gathered:
    failures = tuple(Failure(num, NoSuchComic(f"xkcd has no comic {num}.")) for num in failed)
    return Gathered(comics, failures, timings, None, seconds, 0.0, seconds, 0, 0, {}, latest_stale)


def test_bars_stand_on_a_common_axis() -> None:
    asked = (Timing(1, 0.0, 0.1), Timing(2, 0.05, 0.2))
    assert timeline(gathered(found(1), found(2), timings=asked)) == Timeline(
        bars=(Bar(1, "xkcd", 0.0, 50.0, 100.0), Bar(2, "xkcd", 25.0, 75.0, 150.0)),
        ticks=(Tick(0.0, 0.0), Tick(25.0, 50.0), Tick(50.0, 100.0), Tick(75.0, 150.0), Tick(100.0, 200.0)),
        share=80.0,
    )


def test_what_was_remembered_is_a_mark_at_the_start() -> None:
    drawn = timeline(gathered(found(1, "memory"), found(2, "table")))
    assert drawn.bars == (Bar(1, "memory"), Bar(2, "table"))
    assert drawn.share == 100.0


def test_what_failed_comes_last_whether_xkcd_was_asked_or_not() -> None:
    drawn = timeline(gathered(found(1, "memory"), failed=(404, 7), timings=(Timing(7, 0.1, 0.2),)))
    assert drawn.bars == (Bar(1, "memory"), Bar(404, "failed"), Bar(7, "failed", 50.0, 50.0, 100.0))
    assert drawn.sources == ("memory", "failed")


def test_the_latest_comes_first_and_its_comic_when_it_came() -> None:
    drawn = timeline(gathered(found(2665), timings=(Timing(0, 0.0, 0.1),)))
    assert drawn.bars == (Bar(0, "xkcd", 0.0, 50.0, 100.0), Bar(2665, "xkcd", 0.0, 50.0, 100.0))


def test_a_latest_that_could_not_be_asked_for_has_failed() -> None:
    drawn = timeline(gathered(found(1, "memory"), timings=(Timing(0, 0.0, 0.1),), latest_stale=True))
    assert drawn.bars[0] == Bar(0, "failed", 0.0, 50.0, 100.0)


def test_the_axis_holds_a_bar_that_ends_after_the_gathering() -> None:
    (bar,) = timeline(gathered(found(1), timings=(Timing(1, 0.0, 0.3),))).bars
    assert (bar.x, bar.width) == (0.0, 100.0)


@pytest.mark.parametrize(
    ("seconds", "milliseconds"),
    [
        (0.0, [0, 0.5, 1]),
        (0.0012, [0, 0.5, 1]),
        (0.0021, [0, 0.5, 1, 1.5, 2]),
        (0.104, [0, 50, 100]),
        (0.26, [0, 100, 200]),
        (8.0, [0, 2000, 4000, 6000, 8000]),
    ],
)
def test_ticks_are_round_and_few(seconds: float, milliseconds: list[float]) -> None:
    assert [tick.milliseconds for tick in timeline(gathered(seconds=seconds)).ticks] == milliseconds
