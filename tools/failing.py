"""Ends a tool with one clear line when its environment or arguments are wrong, and reads numbers from there."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from app.errors import GatherError


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print a ValueError or GatherError as one line on stderr, and exit with status 2."""
    try:
        yield
    except (ValueError, GatherError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """The variable's number; `default` if it is absent or empty. Raises ValueError, naming the variable."""
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
        raise ValueError(f"{name} is {text!r}, but must be a number from {least} to {most}")
    return int(text)
