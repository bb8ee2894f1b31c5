"""Pure: comics and the latest one's number as items of the DynamoDB table, and back.

An item has the key `num`, the `version` of this form, `fetched_at` and `expires_at` in seconds since 1970, and for
a comic xkcd's record as JSON text; the item with `num` 0 has the number of the latest comic instead.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.comics.comic import HIGHEST, Comic
from app.comics.found import KEPT, Found, LatestNumber
from app.errors import BadAnswer

Item = Mapping[str, Mapping[str, Any]]

VERSION = 1
"""The form of items; a program that knows another one passes over these as if they were not there."""

LATEST = 0
"""The `num` of the item for the latest comic's number."""

LARGEST = 350_000
"""Bytes of a record that fits an item: one may have 400 KB, names of attributes included, says DynamoDB."""

SKEW = 300.0
"""Seconds by which another computer's clock may be ahead of ours."""

HOLDING_QUERY = {
    "ProjectionExpression": "#num, #version, #fetched_at",
    "ExpressionAttributeNames": {"#num": "num", "#version": "version", "#fetched_at": "fetched_at"},
}
"""Arguments of a Scan for the attributes that `held` reads."""


class BadItem(Exception):
    """An item that claims to have our form and has not."""


def of_comic(found: Found) -> Item | None:
    """The item for a comic; None when its record is too large for one, or nested too deep to be written."""
    try:
        record = json.dumps(found.comic.record)
    except RecursionError:
        return None
    if len(record) > LARGEST:
        return None
    return {**_item(found.comic.num, found.fetched_at), "record": {"S": record}}


def of_latest(latest: LatestNumber) -> Item:
    """The item for the latest comic's number."""
    return {**_item(LATEST, latest.learnt_at), "newest": _number(latest.num)}


def to_comic(item: Item, now: float) -> Found | None:
    """The comic in an item; None when it is of another version or has expired, as TTL deletes late.

    Raises BadItem when it is rubbish.
    """
    fetched_at = _fetched_at(item, now)
    if fetched_at is None:
        return None
    try:
        comic = Comic.from_record(json.loads(item["record"]["S"]))
    except (KeyError, TypeError, ValueError, RecursionError, BadAnswer) as error:
        raise BadItem from error
    if comic.num != _integer(item, "num"):
        raise BadItem
    return Found(comic, fetched_at, "table")


def to_latest(item: Item, now: float) -> LatestNumber | None:
    """The latest comic's number in its item; None and BadItem as for a comic."""
    learnt_at = _fetched_at(item, now)
    if learnt_at is None:
        return None
    latest = _integer(item, "newest")
    if not 1 <= latest <= HIGHEST:
        raise BadItem
    return LatestNumber(latest, learnt_at)


def key(num: int) -> Item:
    """The key of the item for a comic."""
    return {"num": _number(num)}


def held(page: Iterable[Item], now: float) -> dict[int, float]:
    """When each comic in these items, of which HOLDING is enough, was fetched, by number; 0 if that makes no sense.

    A later version counts as any other: of two programs side by side, none is to fill what the other has filled.
    """
    return {_integer_or_0(item, "num"): _held_since(item, now) for item in page}


def _item(num: int, fetched_at: float) -> dict[str, Mapping[str, Any]]:
    return {
        **key(num),
        "version": _number(VERSION),
        "fetched_at": _number(int(fetched_at)),
        "expires_at": _number(int(fetched_at + KEPT)),
    }


def _held_since(item: Item, now: float) -> float:
    fetched_at = float(_integer_or_0(item, "fetched_at"))
    return fetched_at if fetched_at <= now + SKEW and _integer_or_0(item, "version") >= VERSION else 0.0


def _number(number: int) -> Mapping[str, str]:
    return {"N": str(number)}


def _fetched_at(item: Item, now: float) -> float | None:
    if _integer(item, "version") != VERSION:
        return None
    fetched_at, expires_at = _integer(item, "fetched_at"), _integer(item, "expires_at")
    if fetched_at > now + SKEW:
        raise BadItem
    return float(fetched_at) if now < min(expires_at, fetched_at + KEPT) else None


def _integer(item: Item, name: str) -> int:
    try:
        return int(item[name]["N"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadItem from error


def _integer_or_0(item: Item, name: str) -> int:
    try:
        return _integer(item, name)
    except BadItem:
        return 0
