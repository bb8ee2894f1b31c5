"""xkcd's images, as the stand-in sends them: sketches, as real PNG, JPEG and GIF files."""

import io
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import repeat
from typing import Any

from PIL import Image as Picture
from PIL import ImageDraw

from app.comics import image
from app.comics.comic import Comic
from app.comics.image import Size
from tools.faults import FAULTS, Fault, Step, answer
from tools.stand_in import sketch
from tools.stand_in.records import records

FIRST_2X = 1084
"""The first comic whose image there is in twice the resolution too, and so with all later ones."""

KINDS = {"png": ("PNG", "image/png"), "jpg": ("JPEG", "image/jpeg"), "gif": ("GIF", "image/gif")}
"""The format of each kind of file, as Pillow calls it and as HTTP does."""

_RANGE = re.compile("bytes=0-([0-9]{1,9})")


def size(path: str) -> Size | None:
    """The size of the image at that path; None if there is none."""
    single = path.replace("_2x.", ".")
    num = _numbers().get(single)
    if num is None or (path != single and num < FIRST_2X):
        return None
    width, height = sketch.size(sketch.of(single))
    return Size(width, height) if path == single else Size(2 * width, 2 * height)


def drawing(path: str) -> bytes | None:
    """The file at that path; None if there is none."""
    drawn = size(path)
    return None if drawn is None else draw(drawn, sketch.of(path.replace("_2x.", ".")), KINDS[_kind(path)][0])


@cache
def draw(size: Size, num: int, form: str, **options: Any) -> bytes:
    """The sketch with that number, as wide as this. `form` and `options` are Pillow's."""
    picture, file = Picture.new("L" if form == "JPEG" else "1", (size.width, size.height), "white"), io.BytesIO()
    pen, scale = ImageDraw.Draw(picture), size.width / sketch.size(num)[0]
    for line in sketch.sketch(num):
        pen.line([(x * scale, y * scale) for x, y in line], "black", round(2 * scale), "curve")
    picture.save(file, form, **options)
    return file.getvalue()


def mimetype(path: str) -> str:
    """The type of the file at that path."""
    return KINDS[_kind(path)][1]


def answered(path: str, headers: Mapping[str, str], fault: str | None) -> Iterator[Step] | list[Step]:
    """The answer to a request with these headers (in lower case).

    There may be a fault: a name in IMAGE_FAULTS or LONG_HEADERS.
    """
    if fault in LONG_HEADERS:
        file = draw(Size(321, 123), 0, "JPEG", icc_profile=bytes(LONG_HEADERS[fault]))
    else:
        file = drawing(path) or b""
    if fault in IMAGE_FAULTS:
        return IMAGE_FAULTS[fault](file)
    if not file:
        return [answer(b"<h1>404 Not Found</h1>", "404 Not Found", kind="text/html")]
    wanted = _RANGE.fullmatch(headers.get("range", ""))
    if not wanted:
        return [answer(file, kind=mimetype(path))]
    part = file[: int(wanted[1]) + 1]
    place = f"Content-Range: bytes 0-{len(part) - 1}/{len(file)}"
    return [answer(part, "206 Partial Content", place, kind=mimetype(path))]


def _huge(file: bytes) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 999999999\r\n\r\n" + file
    yield from repeat(bytes(65536))


def _of_beginning(fault: Fault, file: bytes) -> Iterator[Step]:
    """The fault of a record, with less than is read of an image."""
    return fault(file[:4000])


IMAGE_FAULTS: dict[str, Fault] = {
    **{name: partial(_of_beginning, fault) for name, fault in FAULTS.items()},
    "huge": _huge,
    "ignores-range": lambda file: iter([answer(file + bytes(300_000), kind="image/png")]),
    "cut-header": lambda file: iter([answer(file[:10], "206 Partial Content", kind="image/png")]),
    "impossible-size": lambda file: iter([answer(file[:16] + b"\xff" * 8 + file[24:], kind="image/png")]),
}
"""Faults of images: those of records, which get the beginning of the file instead, and others."""

LONG_HEADERS = {"long-header": 20_000, "longer-header": 100_000}
"""Images, named like faults, with so many bytes in front of their size: a profile, as a JPEG may have."""


@cache
def _numbers() -> Mapping[str, int]:
    """The number of the comic whose image is at each path."""
    comics = map(Comic.from_json, records().values())
    return {path: comic.num for comic in comics if (path := image.path(comic.img)) is not None}


def _kind(path: str) -> str:
    return path.rpartition(".")[2]
