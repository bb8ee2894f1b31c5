"""One HTTP/1.1 connection: an asyncio protocol around llhttp, the parser of Node, which httptools brings."""

import asyncio
import ssl
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

LARGEST = 1024 * 1024 + 64 * 1024
"""Bytes of one answer that are read at most, whatever they are: a body of 1 MiB and what stands around it."""

MOST_HEADERS = 1000
"""Headers of one answer. In memory each takes more than a hundred bytes, though it be of four: LARGEST is no bound."""

LENGTHS = {b"content-length", b"transfer-encoding"}
"""Headers that say where a body ends; without them it ends with the connection."""


class Answer(NamedTuple):
    """An answer, read to its end: the body as it was sent, still packed if it was packed, and over what it came."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    connection: "Connection"


class NoAnswer(Exception):
    """There is no answer to a request; one of:"""


class Lost(NoAnswer):
    """The connection was closed or reset before the answer's end."""


class NotHttp(NoAnswer):
    """What came is not HTTP."""


class TooLarge(NoAnswer):
    """The answer goes on after LARGEST bytes."""


class Connection(asyncio.Protocol):
    """One TCP or TLS connection, for one request after the other. It sets no timeouts: whoever waits says how long.

    Bytes beyond an answer, whether they come with it or after it, end the connection: nothing that comes is ever
    taken for the answer to another request.
    """

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._over: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport

    @classmethod
    async def open(cls, host: str, port: int, ssl_context: ssl.SSLContext | None) -> "Connection":
        """Connect, over TLS if there is a context. Raises OSError."""
        # Without happy_eyeballs_delay: with it, connections stayed open when cancelled (seen on CPython 3.11).
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port, ssl=ssl_context)
        return connection

    @property
    def is_open(self) -> bool:
        """Whether nothing is in the way of the next request."""
        return not self._transport.is_closing()

    @property
    def heard(self) -> bool:
        """Whether anything came in answer to the last request."""
        return self._received > 0

    async def exchange(self, request: bytes) -> Answer:
        """Send a request that has no body, and return its answer. Raises NoAnswer; when it raises, it has closed."""
        self._begin()
        self._over = asyncio.get_running_loop().create_future()
        try:
            if self.is_open:
                self._transport.write(request)
                await self._over
            if self._answer is None:
                raise self._why
            return self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._forget()

    def close(self) -> None:
        """Close at once, not waiting for the other side to agree."""
        self._transport.abort()

    def _begin(self) -> None:
        self._received = 0
        self._status = 0
        self._head: list[tuple[bytes, bytes]] | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = bytearray()
        self._answer: Answer | None = None
        self._why: NoAnswer = Lost("the connection was closed before the answer's end")

    def _forget(self) -> None:
        # While it is kept it would keep the answer too: together, connections could hold a hundred times LARGEST.
        self._over = self._answer = self._head = None
        self._headers, self._body = [], bytearray()

    def _end(self) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _fail(self, why: NoAnswer) -> None:
        self._why = why
        self._end()

    # asyncio calls these.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._over is None or self._over.done():
            self.close()  # nobody asked for it
            return
        self._received += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.close()  # where the answer came whole before that, it is one nevertheless
            self._fail(NotHttp(str(error)))
        if self._answer is not None:
            self._end()
        elif self._received > LARGEST:
            self._fail(TooLarge(f"the answer has more than {LARGEST} bytes"))

    def connection_lost(self, error: Exception | None) -> None:
        if error is not None:
            self._fail(Lost(str(error)))
        elif self._over is not None and self._head is not None and self._ends_with_the_connection(self._head):
            self.on_message_complete()
        self._end()

    # llhttp calls these.

    def on_message_begin(self) -> None:
        if self._answer is not None:
            self.close()  # it goes on beyond the answer

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) == MOST_HEADERS:
            raise NotHttp(f"the answer has more than {MOST_HEADERS} headers")  # llhttp raises its own for it
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        self._keeps_alive = self._parser.should_keep_alive()
        self._head, self._headers = self._headers, []  # what comes behind a body in chunks is no header

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        if self._status < 200 or self._head is None or self._answer is not None:
            return  # "103 Early Hints" and the like come before the answer
        self._answer = Answer(self._status, self._head, bytes(self._body), self)
        if not self._keeps_alive:
            self.close()

    @staticmethod
    def _ends_with_the_connection(headers: list[tuple[bytes, bytes]]) -> bool:
        return LENGTHS.isdisjoint(name.lower() for name, _ in headers)
