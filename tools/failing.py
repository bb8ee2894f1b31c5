"""Ends a tool with one clear line when its environment or arguments are wrong."""

import sys
from collections.abc import Iterator
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
