"""xkcd's records, as the stand-in sends them."""

import json
import sqlite3
from collections.abc import Mapping
from functools import cache

from xkcd_comicdb import XKCD_DATABASE_PATH


@cache
def records() -> Mapping[int, bytes]:
    """xkcd's record of each comic, as it sends it, by number."""
    with sqlite3.connect(f"file:{XKCD_DATABASE_PATH}?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        rows = database.execute("SELECT * FROM comics ORDER BY num").fetchall()
    database.close()
    return {row["num"]: _record(row) for row in rows}


def record(num: int) -> bytes:
    """The record of that comic, made up from the last one if it is above all of them. Empty for 0 and 404."""
    last = max(records())
    return json.dumps({**json.loads(records()[last]), "num": num}).encode() if num > last else records().get(num, b"")


def _record(row: sqlite3.Row) -> bytes:
    year, month, day = row["date"].split("-")
    texts = ("link", "news", "safe_title", "transcript", "alt", "img", "title")
    date = {"year": year, "month": month.lstrip("0"), "day": day.lstrip("0")}
    return json.dumps({"num": row["num"], **date, **{name: row[name] for name in texts}}).encode()
