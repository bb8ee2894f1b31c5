"""What the environment asks of the soak."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tools.failing import number
from tools.soak.forecasts import FORECASTS

MOST_CLIENTS = 200


@dataclass(frozen=True, slots=True)
class Options:
    """How much to play, and what."""

    invocations: int
    """Calls through the handler, and as many through the server."""
    clients: int
    """Clients of the server."""
    seed: str
    weather: tuple[str, ...]
    """Names in FORECASTS."""
    report: Path | None
    """The file for the report in JSON."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The options that the variables set. Raises ValueError, naming the variable."""
        names = [name.strip() for name in (environ.get("WEATHER") or ",".join(FORECASTS)).split(",")]
        for name in names:
            if name not in FORECASTS:
                raise ValueError(f"WEATHER has {name!r}, but must have names from: {', '.join(FORECASTS)}")
        return cls(
            invocations=number(environ, "INVOCATIONS", default=10_000, least=1, most=10_000_000),
            clients=number(environ, "CLIENTS", default=64, least=1, most=MOST_CLIENTS),
            seed=environ.get("SEED") or "1",
            weather=tuple(names),
            report=_writable(environ.get("JSON")),
        )


def _writable(name: str | None) -> Path | None:
    """The file, empty, so that a name that cannot be used is noticed before the run."""
    if not name:
        return None
    try:
        Path(name).write_text("")
    except OSError as error:
        raise ValueError(f"JSON is {name!r}, but must name a file to write: {error.strerror}") from error
    return Path(name)
