"""What is known of images, and where they are looked up."""

import pytest

from app.comics import image
from app.comics.image import Image, Size

IMGS = "https://imgs.xkcd.com"


@pytest.mark.parametrize(
    ("img", "path"),
    [
        (f"{IMGS}/comics/woodpecker.png", "/comics/woodpecker.png"),
        (f"{IMGS}/comics/%3F%3F%3F.png", "/comics/%3F%3F%3F.png"),
        (f"{IMGS}/comics/barrel_cropped_(1).jpg", "/comics/barrel_cropped_(1).jpg"),
        (None, None),
        ("https://xkcd.com/comics/woodpecker.png", None),
        ("https://www.xkcd.com/a.png", None),
        ("https://imgs.xkcd.com.example.org/a.png", None),
        ("https://imgs.xkcd.com:444/a.png", None),
        (f"{IMGS}/a.png?b", None),
        (f"{IMGS}/a.png#b", None),
    ],
)
def test_only_images_of_xkcds_image_server_are_looked_up(img: str | None, path: str | None) -> None:
    assert image.path(img) == path


@pytest.mark.parametrize(
    ("address", "doubled"),
    [
        ("/comics/woodpecker.png", "/comics/woodpecker_2x.png"),
        (f"{IMGS}/comics/a.b.jpg", f"{IMGS}/comics/a.b_2x.jpg"),
        ("/comics/(.png", "/comics/(_2x.png"),
        ("/comics/woodpecker", None),
        ("/comics.old/woodpecker", None),
        ("/comics/.png", None),
        ("/comics/a.", None),
    ],
)
def test_the_image_in_twice_the_resolution_has_a_name_that_says_so(address: str, doubled: str | None) -> None:
    assert image.doubled(address) == doubled


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(1, 65535, Size(1, 65535)), (0, 1, None), (1, 65536, None), (-1, -1, None)],
)
def test_a_size_that_no_image_has_is_none(width: int, height: int, size: Size | None) -> None:
    assert Size.of(width, height) == size


def test_an_image_has_another_address_in_twice_the_resolution_if_it_is_there() -> None:
    def img_2x(img: str | None, has_2x: bool) -> str | None:
        return Image(img, None, has_2x, 0.0).img_2x

    assert img_2x(f"{IMGS}/a.png", True) == f"{IMGS}/a_2x.png"
    assert img_2x(f"{IMGS}/a.png", False) is None
    assert img_2x(None, True) is None


def test_a_page_shows_images_from_the_server_that_stands_in() -> None:
    shown = [image.shown(img, "http://127.0.0.1:8001") for img in (f"{IMGS}/a.png", "https://www.xkcd.com/b.png")]
    assert shown == ["http://127.0.0.1:8001/a.png", "https://www.xkcd.com/b.png"]
    assert image.shown(f"{IMGS}/a.png", IMGS) == f"{IMGS}/a.png"
