"""Pure: the facts about a comic's image, as attributes of the comic's item and back.

`image` is a map of `width` and `height` if they are known, `has_2x`, and `looked_at` (Unix time). `looked_until`
repeats what follows from that and the record, for a Scan that leaves both out. Without them, nothing is known.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from app.caches.attributes import BadItem, Item, integer, integer_or_0, number
from app.comics.found import Found
from app.comics.image import Image, Size


def of_image(found: Found) -> dict[str, Mapping[str, Any]]:
    """The attributes for what is known of this comic's image; none if that is nothing."""
    if found.image is None:
        return {}
    size = found.image.size
    sides = {} if size is None else {"width": number(size.width), "height": number(size.height)}
    facts = {**sides, "has_2x": {"BOOL": found.image.has_2x}, "looked_at": number(int(found.image.looked_at))}
    return {"image": {"M": facts}, "looked_until": number(int(found.looked_until))}


def to_image(item: Item, img: str | None) -> Image | None:
    """The facts about the image at `img` in the comic's item; None if there are none, or if they are malformed."""
    try:
        facts = item["image"]["M"]
        size = Size.of(integer(facts, "width"), integer(facts, "height")) if "width" in facts else None
        return Image(img, size, facts["has_2x"]["BOOL"] is True, float(integer(facts, "looked_at")))
    except (KeyError, TypeError, BadItem):
        return None


def looked(page: Iterable[Item]) -> dict[int, float]:
    """Until when each comic's image need not be looked up (Unix time), by number."""
    return {integer_or_0(item, "num"): float(integer_or_0(item, "looked_until")) for item in page}
