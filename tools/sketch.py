"""Sketches in place of comics: made-up panels with stick figures, always the same ones for the same name.

They have the sizes that comics have, so that pages look as they do with real ones.
"""

from collections.abc import Iterator
from random import Random

PANELS = ((3, 1), (1, 1), (2, 2), (4, 1), (2, 3), (1, 2))
"""Columns and rows."""

COLUMNS = {1: 420, 2: 330, 3: 240, 4: 182}
"""The width of a panel, by how many are beside each other."""

HEIGHT = 270
GAP = 8
MARGIN = 4


def size(name: str) -> tuple[int, int]:
    """Width and height in pixels."""
    columns, rows = _panels(name)
    return columns * (COLUMNS[columns] + GAP) - GAP + 2 * MARGIN, rows * (HEIGHT + GAP) - GAP + 2 * MARGIN


def sketch(name: str) -> bytes:
    """The sketch of that name, as an SVG."""
    rng, (columns, rows), (width, height) = Random(name), _panels(name), size(name)
    drawn = "".join(
        _panel(rng, MARGIN + column * (COLUMNS[columns] + GAP), MARGIN + row * (HEIGHT + GAP), COLUMNS[columns])
        for row in range(rows)
        for column in range(columns)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'<path d="{drawn}" fill="none" stroke="#000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>'
        "</svg>"
    ).encode()


def _panels(name: str) -> tuple[int, int]:
    return Random(name).choice(PANELS)


def _panel(rng: Random, x: int, y: int, width: int) -> str:
    frame = f"M{x} {y}h{width}v{HEIGHT}h-{width}z"
    figures = rng.sample((0.25, 0.5, 0.75), rng.choice((1, 2, 2)))
    bodies = (_figure(rng, x + width * place, y + HEIGHT - 130) for place in figures)
    return frame + "".join(_words(rng, x + 14, y + 20, width - 28)) + "".join(bodies)


def _figure(rng: Random, x: float, y: float) -> str:
    """A head, a body, two legs, two arms that go somewhere."""
    left, right = (rng.randint(-18, 26) for _ in range(2))
    return (
        f"M{x} {y}a15 15 0 1 1 .1 0M{x} {y}v58l-15 56M{x} {y + 58}l16 56"
        f"M{x} {y + 12}l-20 {left}l-10 {left // 2}M{x} {y + 12}l20 {right}l9 {right // 2 - 9}"
    )


def _words(rng: Random, x: int, y: int, width: int) -> Iterator[str]:
    """Lines that look like writing from afar."""
    for line in range(rng.randint(1, 4)):
        at, end = x, x + width - rng.randint(0, width // 2)
        while at < end - 10:
            letters = min(rng.randint(2, 8), (end - at) // 7 + 1)
            yield "".join(f"M{at + 7 * n} {y + 15 * line}l2 -9l3 {rng.randint(4, 9)}" for n in range(letters))
            at += 7 * letters + 8
