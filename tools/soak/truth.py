"""What answers are held against: the true comics, and what the weather excuses."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.comics import image
from app.comics.comic import Comic
from app.comics.selection import MISSING
from tools.stand_in import images, records


class Wrong(Exception):
    """An answer is wrong; the text says why."""


def expect(condition: object, why: str) -> None:
    """Raise Wrong unless the condition is true."""
    if not condition:
        raise Wrong(why)


@dataclass(frozen=True, slots=True)
class Sky:
    """What an answer may be in this weather."""

    statuses: Collection[int]
    """Statuses with which existing comics may fail. Without any, every answer must be complete and fresh."""
    low: int
    """The latest number when it was learnt at the earliest."""
    shown: int
    """The highest latest number that an earlier answer had: no later one falls below it."""
    high: int
    """The latest number."""
    seconds: float
    """How long an answer may take."""
    table: bool
    """Whether the table is in trouble."""

    @property
    def latest(self) -> range:
        """The latest numbers that an answer may have."""
        return range(self.shown if self.statuses else max(self.low, self.shown), self.high + 1)

    def exists(self, num: object) -> bool:
        """Whether there is a comic of that number."""
        return type(num) is int and 1 <= num <= self.high and num not in MISSING

    def may_be_absent(self, num: object) -> bool:
        """Whether the service may know no comic of that number."""
        return not self.exists(num) or (type(num) is int and num > self.latest.start)


@cache
def record(num: int) -> Mapping[str, Any]:
    """xkcd's record of that comic. Raises KeyError if there is none."""
    found: Mapping[str, Any] = json.loads(records()[num])
    return found


@cache
def comic(num: int) -> Mapping[str, Any]:
    """The fields of that comic, but for those that tell how it was gathered. Raises KeyError if there is none."""
    return {**Comic.from_record(record(num)).to_json(), **about_image(num)}


@cache
def about_image(num: int) -> Mapping[str, Any]:
    """What there is to know of that comic's image."""
    img = Comic.from_record(record(num)).img
    path = image.path(img)
    size, address_2x = images.size(path or ""), image.doubled(img or "")
    has_2x = path is not None and images.size(image.doubled(path) or "") is not None
    return {
        "img_2x": address_2x if has_2x else None,
        "width": size and size.width,
        "height": size and size.height,
    }
