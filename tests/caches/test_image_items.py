"""What is known of images, as attributes of the table's items and as rows of the archive, and back."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.caches import image_items, items
from app.caches.archive import Archive
from app.caches.attributes import Item
from app.comics.found import Found
from app.comics.image import LARGEST_SIDE, Image, Size
from tests.archives import alter, write_archive
from tests.records import NOW, found

SIDES = st.integers(1, LARGEST_SIDE)
WOODPECKER = "https://imgs.xkcd.com/comics/woodpecker.png"
FACTS = Image(WOODPECKER, Size(740, 280), True, NOW - 5)


def with_image(image: Image | None, num: int = 614) -> Found:
    return replace(found(num), image=image)


def item(image: Image | None, num: int = 614) -> Item:
    made = items.of_comic(with_image(image, num))
    assert made is not None
    return made


def test_facts_are_optional_attributes_of_a_comics_item() -> None:
    plain = item(None)
    assert item(FACTS) == {
        **plain,
        "image": {
            "M": {
                "width": {"N": "740"},
                "height": {"N": "280"},
                "has_2x": {"BOOL": True},
                "looked_at": {"N": "1794999995"},
            }
        },
        "looked_until": {"N": str(int(with_image(FACTS).looked_until))},
    }
    assert items.to_comic(plain, NOW) == replace(found(614), source="table")


@given(width=SIDES, height=SIDES, has_2x=st.booleans(), looked_at=st.integers(0, int(NOW)))
def test_facts_come_out_of_an_item_as_they_went_in(width: int, height: int, has_2x: bool, looked_at: int) -> None:
    facts = Image(WOODPECKER, Size(width, height), has_2x, float(looked_at))
    back = items.to_comic(item(facts), NOW)
    assert back is not None
    assert back.image == facts


@pytest.mark.parametrize(("num", "img"), [(614, WOODPECKER), (1608, None)])
def test_so_does_that_there_is_no_image(num: int, img: str | None) -> None:
    facts = Image(img, None, False, NOW)
    back = items.to_comic(item(facts, num), NOW)
    assert back is not None
    assert back.image == facts


@pytest.mark.parametrize(
    "malformed",
    [
        {"S": "large"},
        {"M": {}},
        {"M": {"has_2x": {"BOOL": True}}},
        {"M": {"looked_at": {"N": "1"}}},
        {"M": {"has_2x": {"BOOL": True}, "looked_at": {"S": "1"}}},
        {"M": {"has_2x": {"BOOL": True}, "looked_at": {"N": "1"}, "width": {"N": "1"}}},
        {"M": None},
    ],
)
def test_malformed_facts_are_none_and_do_not_hinder_the_comic(malformed: dict[str, object]) -> None:
    back = items.to_comic({**item(FACTS), "image": malformed}, NOW)
    assert back == replace(found(614), source="table")


def test_a_page_of_items_tells_until_when_images_need_not_be_looked_up() -> None:
    written = {"num": {"N": "1"}}, item(FACTS), {**item(None, 2), "looked_until": {"S": "soon"}}
    assert image_items.looked(written) == {1: 0.0, 614: float(int(with_image(FACTS).looked_until)), 2: 0.0}


def archived(path: Path) -> dict[int, Found]:
    async def read() -> dict[int, Found]:
        archive = Archive(path)
        try:
            return dict(await archive.comics([1, 614, 1608]))
        finally:
            await archive.aclose()

    return asyncio.run(read())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive that knows of an image, of no image and of nothing."""
    comics = [with_image(FACTS), with_image(Image(None, None, False, NOW), 1608), found(1)]
    return write_archive(tmp_path / "archive.sqlite", comics)


def test_facts_come_out_of_an_archive_as_they_went_in(path: Path) -> None:
    images = {num: comic.image for num, comic in archived(path).items()}
    assert images == {614: FACTS, 1608: Image(None, None, False, NOW), 1: None}


def test_facts_about_another_image_say_nothing(path: Path) -> None:
    alter(path, "UPDATE images SET img = ?", "https://imgs.xkcd.com/comics/another.png")
    assert [comic.image for comic in archived(path).values()] == [None] * 3


@pytest.mark.parametrize(
    "damage",
    ["img = x'ff'", "img = 614", "width = 'wide'", "width = 0", "looked_at = 'soon'", "height = x'00'"],
)
def test_damaged_rows_do_not_hinder_the_comic(path: Path, damage: str) -> None:
    comics = archived(alter(path, f"UPDATE images SET {damage} WHERE num = 614"))  # noqa: S608 - our own damage
    assert comics.keys() == {1, 614, 1608}
    image = comics[614].image
    assert image is None or image.size is None
