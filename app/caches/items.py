"""Pure: comics and the latest number, as items of the DynamoDB table and back.

An item has the key `num`, the `version` of the format, `fetched_at` and `expires_at` (Unix time), and xkcd's record as
JSON text. `fresh_until` repeats what follows from the record, for a Scan that leaves the records out. It may have facts
about the image, as in image_items.py. The item with `num` 0 has the latest comic's number instead of a record.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.caches import image_items
from app.caches.attributes import BadItem, Item, integer, integer_or_0, number
from app.comics.comic import HIGHEST, Comic
from app.comics.found import CLOCK_SKEW, KEPT_FOR, Found, LatestNumber
from app.errors import BadAnswer

VERSION = 1
"""The version of the format. A program with another version ignores these items."""

LATEST = 0
"""The `num` of the item for the latest comic's number."""

LARGEST_RECORD = 350_000
"""Bytes of a record. DynamoDB allows items of 400 KB, including attribute names."""

HOLDING = ("num", "version", "fetched_at", "fresh_until", "looked_until")
HOLDING_QUERY = {
    "ProjectionExpression": ", ".join(f"#{name}" for name in HOLDING),
    "ExpressionAttributeNames": {f"#{name}": name for name in HOLDING},
}
"""Arguments of a Scan for the attributes that `held` and image_items.looked read."""


def of_comic(found: Found) -> Item | None:
    """The item for a comic; None if its record is too large, or nested too deep to be written."""
    try:
        record = json.dumps(found.comic.record)
    except RecursionError:
        return None
    if len(record) > LARGEST_RECORD:
        return None
    item = _item(found.comic.num, found.fetched_at, found.kept_until)
    fresh_until = number(int(found.fresh_until))
    return {**item, "fresh_until": fresh_until, "record": {"S": record}, **image_items.of_image(found)}


def of_latest(latest: LatestNumber) -> Item:
    """The item for the latest comic's number."""
    return {**_item(LATEST, latest.learnt_at, latest.learnt_at + KEPT_FOR), "newest": number(latest.num)}


def to_comic(item: Item, now: float) -> Found | None:
    """The comic in an item; None if it has another version or has expired (DynamoDB deletes expired items late).

    Raises BadItem if it is malformed.
    """
    fetched_at = _fetched_at(item, now)
    if fetched_at is None:
        return None
    try:
        comic = Comic.from_json(item["record"]["S"])
    except (KeyError, TypeError, ValueError, RecursionError, BadAnswer) as error:
        raise BadItem from error
    if comic.num != integer(item, "num"):
        raise BadItem
    found = Found(comic, fetched_at, "table", image=image_items.to_image(item, comic.img))
    return found if now < found.kept_until else None


def to_latest(item: Item, now: float) -> LatestNumber | None:
    """The latest comic's number in its item; None and BadItem as for a comic."""
    learnt_at = _fetched_at(item, now)
    if learnt_at is None:
        return None
    latest = integer(item, "newest")
    if not 1 <= latest <= HIGHEST:
        raise BadItem
    number = LatestNumber(latest, learnt_at)
    return number if number.is_kept(now) else None


def key(num: int) -> Item:
    """The key of the item for a comic."""
    return {"num": number(num)}


def held(page: Iterable[Item], now: float) -> dict[int, float]:
    """Until when each comic is fresh (Unix time), by number; 0 if malformed. HOLDING_QUERY's attributes are enough.

    Later versions count too: two versions of this program side by side must not overwrite each other's items.
    """
    return {integer_or_0(item, "num"): _held_until(item, now) for item in page}


def _item(num: int, fetched_at: float, expires_at: float) -> dict[str, Mapping[str, Any]]:
    return {
        **key(num),
        "version": number(VERSION),
        "fetched_at": number(int(fetched_at)),
        "expires_at": number(int(expires_at)),
    }


def _held_until(item: Item, now: float) -> float:
    usable = integer_or_0(item, "fetched_at") <= now + CLOCK_SKEW and integer_or_0(item, "version") >= VERSION
    return float(integer_or_0(item, "fresh_until")) if usable else 0.0


def _fetched_at(item: Item, now: float) -> float | None:
    if integer(item, "version") != VERSION:
        return None
    fetched_at, expires_at = integer(item, "fetched_at"), integer(item, "expires_at")
    if fetched_at > now + CLOCK_SKEW:
        raise BadItem
    return float(fetched_at) if now < expires_at else None
