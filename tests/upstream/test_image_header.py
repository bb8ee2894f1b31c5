"""The size of an image, from its first bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comics.image import Size
from app.upstream import image_header
from tools.stand_in.images import draw

SIZE = Size(740, 280)


def drawn(form: str, **options: object) -> bytes:
    return draw(SIZE, 0, form, **options)


@pytest.mark.parametrize(
    ("file", "needed"),
    [
        pytest.param(drawn("PNG"), 30, id="png"),
        pytest.param(drawn("GIF"), 10, id="gif"),
        pytest.param(drawn("JPEG"), 200, id="jpg"),
        pytest.param(drawn("JPEG", progressive=True), 200, id="progressive jpg"),
        pytest.param(drawn("JPEG", comment=b"x" * 3000), 3300, id="jpg with a long comment"),
        pytest.param(drawn("JPEG", icc_profile=b"x" * 20_000), 20_300, id="jpg with a profile"),
    ],
)
def test_the_size_is_in_the_first_bytes(file: bytes, needed: int) -> None:
    assert image_header.size(file) == SIZE
    assert image_header.size(file[:needed]) == SIZE
    assert image_header.size(file[:9]) is None


def test_the_size_is_the_one_that_browsers_show() -> None:
    """A photo may say that it is to be turned."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    assert image_header.size(drawn("JPEG", exif=exif)) == Size(280, 740)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><title>xkcd</title>",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="740" height="280"></svg>',
        b"P6 740 280 255 ",
        b"GIF89a",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\0" * 700,
        b"\xff\xd8\xff" * 1000,
        drawn("PNG")[:8] + bytes(30),
        drawn("PNG")[:16] + b"\xff" * 8 + drawn("PNG")[24:],
        drawn("GIF")[:6] + bytes(4),
    ],
)
def test_what_is_no_image_has_no_size(body: bytes) -> None:
    assert image_header.size(body) is None


@given(kind=st.sampled_from(image_header.KINDS), rest=st.binary(max_size=200))
def test_no_bytes_do_harm(kind: bytes, rest: bytes) -> None:
    size = image_header.size(kind + rest)
    assert size is None or size == Size.of(size.width, size.height)


def test_only_a_jpeg_may_have_its_size_further_on() -> None:
    assert [image_header.may_follow(drawn(form)) for form in ("PNG", "GIF", "JPEG")] == [False, False, True]
