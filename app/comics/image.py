"""Pure: what is known of a comic's image, and where it is looked up."""

from typing import NamedTuple, Self
from urllib.parse import urlsplit

from app.settings import IMAGES

LARGEST_SIDE = 65535
"""Pixels of a side, as JPEG and GIF allow. A PNG that claims more is not believed."""


class Size(NamedTuple):
    """Width and height of an image in pixels."""

    width: int
    height: int

    @classmethod
    def of(cls, width: int, height: int) -> Self | None:
        """That size; None if no image has it."""
        return cls(width, height) if 1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE else None


class Image(NamedTuple):
    """The facts about the image at the address `img`, and the Unix time when they were looked up.

    `size` is None if there is no image at that address, or none whose size can be told.
    """

    img: str | None
    size: Size | None
    has_2x: bool
    looked_at: float

    @property
    def img_2x(self) -> str | None:
        """The address of the same image in twice the resolution, if there is one."""
        return doubled(self.img) if self.has_2x and self.img is not None else None


def path(img: str | None) -> str | None:
    """The path at which IMAGES has this image; None if it has not, so that it is not looked up."""
    parts = urlsplit(img or "")
    is_there = img is not None and img.startswith(f"{IMAGES}/") and not parts.query and not parts.fragment
    return parts.path if is_there else None


def shown(img: str, images_url: str) -> str:
    """The address from which a page shows this image, where `images_url` stands in for IMAGES."""
    where = path(img)
    return img if where is None or images_url == IMAGES else images_url + where


def doubled(address: str) -> str | None:
    """The address or path of the same image in twice the resolution, if it has one; None for an unusual name."""
    folder, slash, name = address.rpartition("/")
    stem, dot, kind = name.rpartition(".")
    return f"{folder}{slash}{stem}_2x{dot}{kind}" if stem and kind else None
