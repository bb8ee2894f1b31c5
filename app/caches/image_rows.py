"""Pure: the facts about a comic's image, as rows of the archive's table `images` and back.

`img` is the address that they are about, `width` and `height` are null if unknown, and `looked_at` is Unix time.
"""

from typing import Any

from app.comics.found import Found
from app.comics.image import Image, Size

TABLE = """
CREATE TABLE images (
    num INTEGER PRIMARY KEY, img TEXT, width INTEGER, height INTEGER,
    has_2x INTEGER NOT NULL, looked_at INTEGER NOT NULL
)
"""

COLUMNS = "CAST(img AS BLOB), width, height, has_2x, looked_at"
"""The columns that `to_image` reads. A damaged address does not hinder reading others, because it comes as bytes."""


def of_image(found: Found) -> tuple[Any, ...] | None:
    """The row for what is known of this comic's image; None if that is nothing."""
    image = found.image
    if image is None:
        return None
    width, height = (None, None) if image.size is None else (image.size.width, image.size.height)
    return found.comic.num, image.img, width, height, image.has_2x, int(image.looked_at)


def to_image(img: bytes | None, width: Any, height: Any, has_2x: Any, looked_at: Any) -> Image | None:
    """The facts in such columns; None if there is no row, or if they are malformed."""
    try:
        size = None if width is None or height is None else Size.of(width, height)
        return Image(None if img is None else img.decode(errors="replace"), size, bool(has_2x), float(looked_at))
    except (TypeError, ValueError):
        return None
