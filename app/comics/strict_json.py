"""Pure: JSON as its standard has it."""

import json
from math import isfinite


def loads(text: str | bytes) -> object:
    """The value of a JSON text. Raises ValueError or RecursionError if there is none.

    Python itself reads 1e999, NaN and Infinity, and would write JSON that no other program reads.
    """
    return _DECODER.decode(text.decode() if isinstance(text, bytes) else text)


def dumps(document: object, escape: bool = False) -> str:
    """A document as JSON without spaces.

    With `escape` it is ASCII like xkcd's own, which can carry half a surrogate pair.
    """
    return _ENCODERS[escape].encode(document)


def _finite(text: str) -> float:
    number = float(text)
    return number if isfinite(number) else _refuse(text)


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
_ENCODERS = {escape: json.JSONEncoder(ensure_ascii=escape, separators=(",", ":")) for escape in (False, True)}
