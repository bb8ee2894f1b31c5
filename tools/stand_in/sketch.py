"""Sketches in place of comics: made-up panels with stick figures, one of some for each name.

They have the sizes that comics have, so that pages look as they do with real ones.
"""

from collections.abc import Iterator
from itertools import accumulate
from math import cos, pi, sin
from random import Random
from zlib import crc32

PANELS = ((3, 1), (1, 1), (2, 2), (4, 1), (2, 3), (1, 2))
"""Columns and rows."""

COLUMNS = {1: 420, 2: 330, 3: 240, 4: 182}
"""The width of a panel, by how many are beside each other."""

HEIGHT = 270
GAP = 8
MARGIN = 4

COUNT = 24
"""How many different sketches there are. Drawing one takes milliseconds, and thousands are asked for in tests."""

Point = tuple[float, float]
Line = list[Point]
"""The points that a stroke of the pen goes through, in pixels."""


def of(name: str) -> int:
    """The number of the sketch in place of the comic of that name, 0 to COUNT - 1."""
    return crc32(name.encode()) % COUNT


def size(num: int) -> tuple[int, int]:
    """Width and height in pixels."""
    columns, rows = PANELS[num % len(PANELS)]
    return columns * (COLUMNS[columns] + GAP) - GAP + 2 * MARGIN, rows * (HEIGHT + GAP) - GAP + 2 * MARGIN


def sketch(num: int) -> Iterator[Line]:
    """The strokes of the sketch with that number."""
    rng, (columns, rows) = Random(num), PANELS[num % len(PANELS)]
    width = COLUMNS[columns]
    for row in range(rows):
        for column in range(columns):
            yield from _panel(rng, MARGIN + column * (width + GAP), MARGIN + row * (HEIGHT + GAP), width)


def _panel(rng: Random, x: float, y: float, width: float) -> Iterator[Line]:
    yield _stroke((x, y), (width, 0), (0, HEIGHT), (-width, 0), (0, -HEIGHT))
    figures = rng.sample((0.25, 0.5, 0.75), rng.choice((1, 2, 2)))
    yield from _words(rng, x + 14, y + 20, width - 28)
    for place in figures:
        yield from _figure(rng, x + width * place, y + HEIGHT - 130)


def _figure(rng: Random, x: float, y: float) -> Iterator[Line]:
    """A head, a body, two legs, two arms that go somewhere."""
    left, right = (rng.randint(-18, 26) for _ in range(2))
    yield [(x + 15 * sin(turn * pi / 12), y - 15 + 15 * cos(turn * pi / 12)) for turn in range(25)]
    yield _stroke((x, y), (0, 58), (-15, 56))
    yield _stroke((x, y + 58), (16, 56))
    yield _stroke((x, y + 12), (-20, left), (-10, left // 2))
    yield _stroke((x, y + 12), (20, right), (9, right // 2 - 9))


def _words(rng: Random, x: float, y: float, width: float) -> Iterator[Line]:
    """Lines that look like writing from afar."""
    for line in range(rng.randint(1, 4)):
        at, end = x, x + width - rng.randint(0, int(width) // 2)
        while at < end - 10:
            letters = min(rng.randint(2, 8), int(end - at) // 7 + 1)
            for letter in range(letters):
                yield _stroke((at + 7 * letter, y + 15 * line), (2, -9), (3, rng.randint(4, 9)))
            at += 7 * letters + 8


def _stroke(start: Point, *moves: Point) -> Line:
    return list(accumulate(moves, lambda point, move: (point[0] + move[0], point[1] + move[1]), initial=start))
