"""The addresses of the requested comics, for all ways in Python."""

import os


def addresses(n: str) -> list[str]:
    """The address of each comic of a range such as "1-25"."""
    first, last = map(int, n.split("-"))
    return [f"{os.environ['XKCD_URL']}/{num}/info.0.json" for num in range(first, last + 1)]
