"""Calls for comics, drawn at random. `latest` is the latest comic's number."""

from dataclasses import replace
from random import Random

from app.comics.selection import Item, Latest, Listed, Randomly, Selection, Since
from app.comics.written import FIELDS
from tools.soak.calls import Call

POPULAR = 40
"""Comics that are asked for again and again: 1 to this."""


def number(rng: Random, latest: int) -> int:
    """A comic's number: often a popular one, and now and then one that does not exist."""
    chance = rng.random()
    if chance < 0.04:
        return rng.choice((404, latest + rng.randint(1, 300)))
    return rng.randint(1, POPULAR if chance < 0.3 else latest)


def listed(rng: Random, latest: int) -> Call:
    items: list[Item] = [number(rng, latest) for _ in range(rng.randint(1, 8))]
    if rng.random() < 0.2:
        items.append("latest")
    return comics(f"n={','.join(map(str, items))}", Listed(tuple(dict.fromkeys(items))))


def ranged(rng: Random, latest: int) -> Call:
    first, count = rng.randint(1, latest), rng.choice((10, 25, 25, 100))
    last = first + count - 1
    return comics(f"n={first}-{last}", Listed(tuple(range(first, last + 1))))


def drawn(rng: Random, latest: int) -> Call:
    count = rng.choice((1, 5, 25))
    return comics(f"random={count}", Randomly(count))


def five(rng: Random, latest: int) -> Call:
    return comics("", Randomly(5))


def seeded(rng: Random, latest: int) -> Call:
    count, seed = rng.choice((1, 5, 25)), f"seed-{rng.randint(1, 8)}"
    return comics(f"random={count}&seed={seed}", Randomly(count, seed))


def newest(rng: Random, latest: int) -> Call:
    count = rng.choice((1, 5, 25))
    return comics(f"latest={count}", Latest(count))


def since(rng: Random, latest: int) -> Call:
    num = latest - rng.randint(0, 12)
    return comics(f"since={num}", Since(num))


def few_fields(rng: Random, latest: int) -> Call:
    call = listed(rng, latest)
    fields = tuple(name for name in FIELDS if name == "num" or rng.random() < 0.3)
    return replace(call, path=f"{call.path}&fields={','.join(fields)}", fields=fields)


def comics(query: str, selection: Selection) -> Call:
    """A call of /comics."""
    return Call("comics", f"/comics?{query}" if query else "/comics", selection)


def one(rng: Random, latest: int) -> tuple[str, Selection]:
    """One comic, as a path names it."""
    name = rng.choice(("number", "number", "number", "latest", "random"))
    num = number(rng, latest)
    selections: dict[str, Selection] = {"number": Listed((num,)), "latest": Latest(1), "random": Randomly(1)}
    return str(num) if name == "number" else name, selections[name]


def comic(rng: Random, latest: int) -> Call:
    name, selection = one(rng, latest)
    return Call("comic", f"/comics/{name}", selection)


def image(rng: Random, latest: int) -> Call:
    name, selection = one(rng, latest)
    return Call("image", f"/comics/{name}/image", selection)


def record(rng: Random, latest: int) -> Call:
    num = number(rng, latest)
    if rng.random() < 0.3:
        return Call("record", "/info.0.json", Latest(1))
    return Call("record", f"/{num}/info.0.json", Listed((num,)))


def feed(rng: Random, latest: int) -> Call:
    count = rng.choice((1, 5, 25))
    return Call("feed", f"/feed.json?latest={count}", Latest(count))


def embedded(rng: Random, latest: int) -> Call:
    num = number(rng, latest)
    return Call("embedded", f"/oembed?url=https:%2F%2Fxkcd.com%2F{num}%2F", Listed((num,)))


def page(rng: Random, latest: int) -> Call:
    if rng.random() < 0.4:
        num = number(rng, latest)
        return Call("own page", f"/{num}/", Listed((num,)))
    call = rng.choice((listed, seeded, newest))(rng, latest)
    return replace(call, kind="page", path=call.path.replace("/comics", "/"))
