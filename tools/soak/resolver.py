"""A resolver that knows the name by which the service calls the stand-in, and fails on command."""

import socket
import time
from typing import Any

NAME = "xkcd.test"

ADDRESSES = {"works": ["127.0.0.1"], "second": ["127.0.0.2", "127.0.0.1"], "elsewhere": ["127.0.0.2"]}
"""What the name resolves to in each mode. Nothing listens at 127.0.0.2."""

SLOW = 4.0
"""Seconds of a slow lookup: longer than an attempt at xkcd."""


class Resolver:
    """Takes the place of socket.getaddrinfo. `mode` is a key of ADDRESSES, "fails" or "slow"."""

    def __init__(self) -> None:
        self.mode = "works"
        self._getaddrinfo = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *arguments: Any, **named: Any) -> list[Any]:
        if host != NAME:
            return self._getaddrinfo(host, port, *arguments, **named)
        mode = self.mode
        if mode == "fails":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        if mode == "slow":
            time.sleep(SLOW)
        addresses = ADDRESSES.get(mode, ADDRESSES["works"])
        return [found for each in addresses for found in self._getaddrinfo(each, port, *arguments, **named)]
