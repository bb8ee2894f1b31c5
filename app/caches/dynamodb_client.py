"""DynamoDB's operations, over our own connections."""

import json
from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from app.caches import endpoint
from app.connections.connection import Answer
from app.connections.connection_pool import ConnectionPool
from app.connections.no_answer import NoAnswer
from app.errors import TableError

if TYPE_CHECKING:
    from app.caches.signer import Signer

REQUEST_TIMEOUT = 0.25
"""Seconds for one attempt, from connecting to the last byte, while a request waits."""

SCAN_TIMEOUT = 5.0
"""The same for a page of a Scan, for which only pings wait: a page is a megabyte."""

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes of one answer that are read. A BatchGetItem has up to 16 MB of items, a Scan 1 MB. As JSON that may be twice as
much, because the records in it are JSON themselves: each of their quotes is escaped."""

LONGEST = 300
"""Characters of an error's name, and of its message, that are logged and reported."""

MEMBERS: dict[str, dict[str, type]] = {
    "BatchGetItem": {"Responses": dict, "UnprocessedKeys": dict},
    "BatchWriteItem": {"UnprocessedItems": dict},
    "Scan": {"Items": list},
}
"""The members that an operation's answer must have, and their types."""


class DynamoDb:
    """The account and region of the environment. Raises TableError if the environment is incomplete.

    Each call is one attempt. `ca_file` is as in ConnectionPool.
    """

    def __init__(self, ca_file: str | None) -> None:
        self._endpoint = endpoint.from_environ()
        self._ca_file = ca_file
        self._pool = ConnectionPool(self._endpoint.url, ca_file, LARGEST_ANSWER)

    async def call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """The answer to an operation, such as "BatchGetItem", with all its MEMBERS. Raises TableError."""
        return await self._call(operation, arguments, REQUEST_TIMEOUT)

    async def scan(self, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        """The pages of a Scan. Raises TableError."""
        page = await self._call("Scan", arguments, SCAN_TIMEOUT)
        yield page
        while page.get("LastEvaluatedKey"):
            page = await self._call("Scan", {**arguments, "ExclusiveStartKey": page["LastEvaluatedKey"]}, SCAN_TIMEOUT)
            yield page

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._pool.aclose()

    @cached_property
    def _signer(self) -> "Signer":
        from app.caches.signer import Signer  # imports aiodynamo

        return Signer(self._endpoint, self._ca_file)

    async def _call(self, operation: str, arguments: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        try:
            request = await self._signer.request(operation, arguments)
            return _read(await self._pool.exchange(request, seconds), MEMBERS[operation])
        except TimeoutError as error:
            raise TableError(f"{operation} failed: no whole answer in {seconds} s") from error
        except (NoAnswer, OSError, TableError, ValueError) as error:  # ValueError: ca_file cannot be read
            raise TableError(f"{operation} failed: {error}") from error


def _read(answer: Answer, members: Mapping[str, type]) -> Mapping[str, Any]:
    """The answer's content. Raises TableError if it is an error, or has not these members."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise TableError(f"the answer ({answer.status}) is not JSON") from error
    if not isinstance(content, dict):
        raise TableError(f"the answer ({answer.status}) is not an object")
    if answer.status != 200:
        # Such as "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException". Some errors have a capital Message.
        kind = str(content.get("__type", "an error")).rpartition("#")[2]
        message = content.get("message") or content.get("Message") or "it does not say which"
        raise TableError(f"{kind:.{LONGEST}} ({answer.status}): {message!s:.{LONGEST}}")
    for name, kind_of in members.items():
        if not isinstance(content.get(name), kind_of):
            raise TableError(f"the answer has no {name}")
    return content
