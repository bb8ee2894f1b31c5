"""The size of an image, from its first bytes.

Importing this imports imagesize, which takes 13 ms, so only a process that looks images up does.
"""

import io

import imagesize

from app.comics.image import Size

KINDS = (b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"\xff\xd8\xff")
"""How the files of xkcd's kinds of images begin. imagesize reads others too, such as SVG, which is a page."""


def size(first_bytes: bytes) -> Size | None:
    """The size as browsers show it; None if it is not in these bytes, or if they are not of an image."""
    if not first_bytes.startswith(KINDS):
        return None
    return Size.of(*imagesize.get(io.BytesIO(first_bytes)))  # which are -1 if it does not know


def may_follow(first_bytes: bytes) -> bool:
    """Whether later bytes may have the size if these have not: a JPEG can begin with a thumbnail and a profile."""
    return first_bytes.startswith(KINDS[-1])
