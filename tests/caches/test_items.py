"""Comics as items of the table, and back."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.caches import items
from app.caches.attributes import BadItem, Item
from app.comics.comic import Comic
from app.comics.found import KEPT_FOR, Found, LatestNumber
from tests.records import NOW, found
from tools.stand_in import records


def item(num: int = 614) -> dict[str, object]:
    made = items.of_comic(found(num))
    assert made is not None
    return dict(made)


def changed(**attributes: object) -> Item:
    """Comic 614's item with some attributes changed, or without those that are None."""
    merged = {**item(), **attributes}
    return {name: value for name, value in merged.items() if isinstance(value, dict)}


def test_an_item_has_the_record_whole_and_says_when_it_came_and_when_it_goes() -> None:
    assert item() == {
        "num": {"N": "614"},
        "version": {"N": "1"},
        "fetched_at": {"N": "1795000000"},
        "fresh_until": {"N": str(int(found(614).fresh_until))},
        "expires_at": {"N": str(int(found(614).fresh_until) + 180 * 86400)},
        "record": {"S": json.dumps(json.loads(records()[614]))},
    }


@pytest.mark.parametrize("num", [1, 404 + 1, 1037, 1663, 2665])
def test_what_is_written_comes_back_as_from_the_table(num: int) -> None:
    assert items.to_comic(changed(**item(num)), NOW) == found(num, source="table")


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.booleans()), max_size=3))
def test_whatever_else_a_record_has_comes_back_too(more: dict[str, object]) -> None:
    record = {**more, **json.loads(records()[614]), "extra_parts": {"pre": "<b>\ud800"}}
    written = items.of_comic(Found(Comic.from_record(record), NOW))
    assert written is not None
    json.dumps(written).encode()
    read = items.to_comic(written, NOW)
    assert read is not None
    assert read.comic.record == record


def test_a_record_that_does_not_fit_makes_no_item() -> None:
    record = {**json.loads(records()[614]), "transcript": "x" * items.LARGEST_RECORD}
    assert items.of_comic(Found(Comic.from_record(record), NOW)) is None


def test_a_record_nested_too_deep_to_be_written_makes_no_item() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    record = {**json.loads(records()[614]), "extra_parts": deep}
    assert items.of_comic(Found(Comic.from_record(record), NOW)) is None


def test_an_item_that_expires_later_than_it_should_is_none_all_the_same() -> None:
    later = changed(expires_at={"N": str(10**11)})
    assert items.to_comic(later, found(614).fresh_until + KEPT_FOR) is None


@pytest.mark.parametrize("fetched_at", [-(10**12), 0])
def test_an_item_from_before_time_is_none(fetched_at: int) -> None:
    assert items.to_comic(changed(fetched_at={"N": str(fetched_at)}), NOW) is None


def test_an_item_of_a_clock_a_little_ahead_is_taken() -> None:
    assert items.to_comic(changed(fetched_at={"N": str(int(NOW) + 300)}), NOW) is not None


def test_an_expired_item_is_none_although_it_is_still_there() -> None:
    kept_until = found(614).fresh_until + KEPT_FOR
    assert items.to_comic(changed(), kept_until - 2) is not None
    assert items.to_comic(changed(), kept_until) is None


@pytest.mark.parametrize("version", ["0", "2"])
def test_an_item_of_another_version_is_none_whatever_it_has(version: str) -> None:
    other = changed(version={"N": version}, record=None, expires_at=None)
    assert items.to_comic(other, NOW) is None


RUBBISH = {
    "no version": changed(version=None),
    "version is text": changed(version={"S": "1"}),
    "no expiry": changed(expires_at=None),
    "no time": changed(fetched_at=None),
    "time is a fraction": changed(fetched_at={"N": "1.5"}),
    "time is no time": changed(fetched_at={"N": "1" + "0" * 30}),
    "time is to come": changed(fetched_at={"N": str(int(NOW) + 301)}),
    "no record": changed(record=None),
    "record is a number": changed(record={"N": "1"}),
    "record is no text": changed(record={"S": 614}),
    "record is no JSON": changed(record={"S": "<html>"}),
    "record is too deep": changed(record={"S": "[" * 100_000}),
    "record is a list": changed(record={"S": "[]"}),
    "record has a number that JSON has not": changed(record={"S": records()[614].decode()[:-1] + ', "x": 1e999}'}),
    "record has no number": changed(record={"S": records()[614].decode()[:-1] + ', "x": NaN}'}),
    "record has infinity": changed(record={"S": records()[614].decode()[:-1] + ', "x": -Infinity}'}),
    "record has no title": changed(record={"S": '{"num": 614, "img": ""}'}),
    "record is another comic's": changed(record={"S": records()[1].decode()}),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused(name: str) -> None:
    with pytest.raises(BadItem):
        items.to_comic(RUBBISH[name], NOW)


def test_the_latest_number_is_an_item_too() -> None:
    latest = LatestNumber(2665, NOW)
    written = items.of_latest(latest)
    assert written == {
        "num": {"N": "0"},
        "version": {"N": "1"},
        "fetched_at": {"N": "1795000000"},
        "expires_at": {"N": str(1795000000 + 180 * 86400)},
        "newest": {"N": "2665"},
    }
    assert items.to_latest(written, NOW) == latest
    assert items.to_latest(written, NOW + KEPT_FOR) is None


@pytest.mark.parametrize("number", ["0", "-1", "1000000", "many"])
def test_a_latest_number_that_is_no_comics_is_refused(number: str) -> None:
    with pytest.raises(BadItem):
        items.to_latest({**items.of_latest(LatestNumber(1, NOW)), "newest": {"N": number}}, NOW)


def test_what_is_held_counts_later_versions_and_takes_what_cannot_be_read_for_old() -> None:
    def holding(**attributes: str) -> Item:
        return {name: {"N": value} for name, value in attributes.items()}

    page = [
        holding(num="1", version="1", fetched_at="99", fresh_until="100"),
        holding(num="2", version="2", fetched_at="99", fresh_until="200"),
        holding(num="3", version="0", fetched_at="99", fresh_until="300"),
        holding(num="4", version="1", fetched_at="99"),
        holding(num="5"),
        holding(num="6", version="1", fetched_at=str(10**12), fresh_until=str(10**12)),
        holding(num="1.5", version="1", fetched_at="99", fresh_until="600"),
    ]
    assert items.held(page, NOW) == {1: 100.0, 2: 200.0, 3: 0.0, 4: 0.0, 5: 0.0, 6: 0.0, 0: 600.0}
