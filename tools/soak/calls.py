"""A call of the soak."""

from dataclasses import dataclass

from app.comics.selection import Selection
from app.comics.written import FIELDS


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `kind` says how its answer is checked, and `selection` which comics it asks for."""

    kind: str
    path: str
    """The path with its query."""
    selection: Selection | None = None
    fields: tuple[str, ...] = FIELDS
    method: str = "GET"
    gzip: bool = False
    """Whether the client accepts gzip."""
    conditional: bool = False
    """Whether the client sends the ETag that it has, if it has one."""
    seconds: float = 29.0
    """The time that Lambda leaves for the invocation."""
    event: object = None
    """What the handler gets if it is not a request. Such a call is for the handler only."""
