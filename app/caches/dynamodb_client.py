"""DynamoDB's operations through boto3. Importing this imports boto3, so only a process with a table does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ConnectionClosedError

from app.caches.threads import Threads
from app.errors import TableError

REQUEST_TIMEOUT = 0.25
"""Seconds for connecting, and for each read from the connection, while a request waits."""

SCAN_TIMEOUT = 5.0
"""The same for a Scan, for which only pings wait: one page of it is a megabyte."""

MOST_CALLS = 50
"""Calls that may be under way at a time."""


class DynamoDb:
    """The account and region of the environment, for async callers. Raises TableError if they are incomplete.

    boto3 blocks, so each call has a thread. Each event loop has a client of its own, because a forked child must not
    touch its parent's sockets.
    """

    def __init__(self) -> None:
        self._clients: dict[asyncio.AbstractEventLoop, Any] = {}
        self._unused = [_connect(REQUEST_TIMEOUT)]  # made at the start, because it takes longer than a request may
        self._threads = Threads(MOST_CALLS)

    async def call(self, operation: str, expected: str, **arguments: Any) -> Mapping[str, Any]:
        """The answer to an operation, such as "batch_get_item". It has the expected member. Raises TableError."""
        return await self._call(getattr(self._client(), operation), expected, arguments)

    async def scan(self, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        """The pages of a Scan. Raises TableError."""
        client = await self._threads.run(partial(_connect, SCAN_TIMEOUT))
        try:
            page = await self._call(client.scan, "Items", arguments)
            yield page
            while page.get("LastEvaluatedKey"):
                page = await self._call(
                    client.scan, "Items", {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}
                )
                yield page
        finally:
            client.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            client.close()

    async def _call(
        self, operation: Callable[..., Any], expected: str, arguments: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = await self._threads.run(partial(_on_a_live_connection, operation, arguments))
        except Exception as error:  # botocore lets its parsers' errors out: AttributeError, UnicodeDecodeError, …
            raise TableError(f"{operation.__name__} failed: {error}") from error
        if expected not in answer:  # and it takes a body that is not JSON for an answer without members
            raise TableError(f"{operation.__name__} failed: the answer has no {expected}")
        return answer

    def _client(self) -> Any:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._unused.pop() if self._unused else _connect(REQUEST_TIMEOUT)
        return self._clients[loop]


def _on_a_live_connection(operation: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Call it, and once more over a new connection if an idle one turns out closed, as after a freeze."""
    try:
        return operation(**arguments)
    except ConnectionClosedError:
        operation.__self__.close()  # type: ignore[attr-defined] # it drops its connections and stays usable
        return operation(**arguments)


def _connect(seconds: float) -> Any:
    config = Config(
        connect_timeout=seconds,
        read_timeout=seconds,
        retries={"total_max_attempts": 1},
        max_pool_connections=MOST_CALLS,
    )
    try:
        return boto3.client("dynamodb", config=config)
    except BotoCoreError as error:
        raise TableError(f"The table cannot be used: {error}") from error
