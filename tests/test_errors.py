"""The exception tree and its drawing."""

import inspect
import re

from app import errors


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"([│├└─ ]*)([A-Z]\w+)(?: {2,}|$)", line):
            depth = len(match[1]) // 4
            above[depth:] = [match[2]]
            drawn[match[2]] = above[depth - 1] if depth else "Exception"
    classes = inspect.getmembers(errors, inspect.isclass)
    assert drawn == {name: kind.__mro__[1].__name__ for name, kind in classes}
