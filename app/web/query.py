"""Pure: the selection that query parameters make, such as "n=614,1-5,latest"."""

import re
from collections.abc import Iterable, Mapping, Sequence

from app.comics.comic import HIGHEST
from app.comics.selection import MOST, Item, Latest, Listed, Randomly, Selection, Since
from app.errors import BadRequest

PARAMETERS = frozenset({"n", "random", "seed", "latest", "since"})


def parse(query: Mapping[str, Sequence[str]]) -> Selection:
    """The selection that these parameters make, each given as the list of its values.

    Other parameters than PARAMETERS are ignored, and without any the selection is five random comics.
    Raises BadRequest, which quotes the wrong part and says what would be right.
    """
    given = [name for name in ("n", "random", "latest", "since") if name in query]
    if len(given) > 1:
        raise BadRequest(f"'{given[0]}' and '{given[1]}' cannot be combined: give one of them.")
    if "n" in query:
        selection: Selection = Listed(parse_numbers(",".join(query["n"])))
    elif "latest" in query:
        selection = Latest(_count("latest", query))
    elif "since" in query:
        selection = Since(parse_since(query))
    else:
        return Randomly(_count("random", query) if "random" in query else 5, _seed(query))
    if "seed" in query:
        raise BadRequest(f"'seed' works with 'random', not with '{given[0]}'.")
    return selection


def parse_numbers(text: str) -> tuple[Item, ...]:
    """The distinct items of "614, 1-5 latest", in order, 1 to MOST of them. Raises BadRequest.

    Commas separate them, and so do spaces, except around the dash of a range.
    """
    items: dict[Item, None] = {}
    for part in _parts(text):
        items.update(dict.fromkeys(_items(part)))
        if len(items) > MOST:
            raise BadRequest(
                f"With {quoted(part)}, 'n' selects more than {MOST} comics: ask for up to {MOST} at a time."
            )
    return tuple(items)


def parse_number(text: str) -> int:
    """One comic's number, 1 to HIGHEST. Raises BadRequest."""
    return _number(text, "A comic's number")


def parse_since(query: Mapping[str, Sequence[str]]) -> int:
    """The number that `since` gives, 0 to HIGHEST. Raises BadRequest."""
    return _number(once("since", query), "'since'", lowest=0)


def parse_size(name: str, query: Mapping[str, Sequence[str]]) -> int | None:
    """The pixels that this parameter gives, 1 to HIGHEST; None without it. Raises BadRequest."""
    return _number(once(name, query), f"'{name}'") if name in query else None


def once(name: str, query: Mapping[str, Sequence[str]]) -> str:
    """The value of this parameter. Raises BadRequest if it has several."""
    if len(query[name]) > 1:
        raise BadRequest(f"'{name}' is given {len(query[name])} times: give it once.")
    return query[name][0]


def parse_resolution(query: Mapping[str, Sequence[str]]) -> str:
    """The resolution of an image that `size` gives, "1x" or "2x"; without it "1x". Raises BadRequest."""
    size = once("size", query) if "size" in query else "1x"
    if size not in ("1x", "2x"):
        raise BadRequest(f"'size' must be 1x or 2x, not {quoted(size)}.")
    return size


def quoted(text: str) -> str:
    """A caller's text for an error message: quoted, printable, and up to 40 characters."""
    shown = text if len(text) <= 40 else text[:39] + "…"
    return "'" + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown) + "'"


def _parts(text: str) -> Iterable[str]:
    for between_commas in text.split(","):
        tight = "-".join(end.strip(" ") for end in between_commas.split("-"))
        yield from [part for part in tight.split(" ") if part] or [""]


def _items(part: str) -> Iterable[Item]:
    if part == "latest":
        return ("latest",)
    first, dash, last = part.partition("-")
    if not (dash and first):
        return (_number(part, "Each part of 'n'", "such as 614, 1-5 or latest"),)
    low, high = (_number(end, "Each end of a range in 'n'") for end in (first, last))
    if high < low:
        raise BadRequest(f"The range {quoted(part)} in 'n' runs backwards. Write {high}-{low}.")
    return range(low, min(high, low + MOST) + 1)


def _number(text: str, what: str, hint: str = "", lowest: int = 1) -> int:
    # str.isdigit and int() accept the digits of other scripts too, such as "٣".
    digits = re.fullmatch("0*([0-9]{1,6})", text)
    if not digits or int(digits[1]) < lowest:
        form = f"a number from {lowest} to {HIGHEST}" + (f", {hint}" if hint else "")
        raise BadRequest(f"{what} must be {form}, not {quoted(text)}.")
    return int(digits[1])


def _count(name: str, query: Mapping[str, Sequence[str]]) -> int:
    text = once(name, query)
    if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= MOST:
        raise BadRequest(f"'{name}' must be a number from 1 to {MOST}, not {quoted(text)}.")
    return int(text)


def _seed(query: Mapping[str, Sequence[str]]) -> str | None:
    if "seed" not in query:
        return None
    if "random" not in query:
        raise BadRequest("'seed' works with 'random': say how many comics, as in random=5&seed=2026-11-22.")
    seed = once("seed", query)
    if not seed:
        raise BadRequest("'seed' is empty: give it a text, such as 2026-11-22.")
    return seed
