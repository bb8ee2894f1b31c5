"""Settings: what the environment says, read once and passed in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process is to behave; times are in seconds."""

    xkcd_url: str = "https://xkcd.com"
    """Where xkcd answers: scheme, host and port, nothing behind them."""
    ca_file: str | None = None
    """PEM file of the authorities trusted for TLS; None trusts certifi's."""
    deadline: float = 8.0
    """How long a request may take before it answers with what it has."""
    attempt: float = 3.0
    """How long one answer of xkcd's may take, from connecting to its last byte."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.xkcd_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise ValueError(
                f"XKCD_URL is {self.xkcd_url!r}, but must be like 'https://xkcd.com': "
                "http or https, a host, perhaps a port, and nothing after it"
            )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The settings of this process; an empty variable counts as absent.

        Raises ValueError, naming the variable, when one makes no sense.
        """
        return cls(
            xkcd_url=environ.get("XKCD_URL", "").removesuffix("/") or cls().xkcd_url,
            ca_file=environ.get("SSL_CERT_FILE") or None,
        )
