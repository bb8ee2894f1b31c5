"""Pure: the attributes of DynamoDB items."""

from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Mapping[str, Any]]


class BadItem(Exception):
    """An item that claims our format and does not have it."""


def number(number: int) -> Mapping[str, str]:
    """An attribute with that number."""
    return {"N": str(number)}


def integer(item: Item, name: str) -> int:
    """The number in the attribute of that name. Raises BadItem."""
    try:
        return int(item[name]["N"])
    except (KeyError, TypeError, ValueError) as error:
        raise BadItem from error


def integer_or_0(item: Item, name: str) -> int:
    """The number in the attribute of that name; 0 if it is missing or malformed."""
    try:
        return integer(item, name)
    except BadItem:
        return 0
