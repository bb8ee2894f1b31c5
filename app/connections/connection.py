"""One HTTP/1.1 connection: an asyncio protocol around llhttp, Node's parser, from httptools."""

import asyncio
import socket
import ssl
from typing import NamedTuple, Self, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from app.connections.no_answer import Lost, NoAnswer, NotHttp, TooLarge

LARGEST_ANSWER = 1024 * 1024 + 64 * 1024
"""Bytes of one answer that are read, unless a pool reads more: a body of 1 MiB and its headers."""

MOST_HEADERS = 1000
"""Headers of one answer. Each takes over 100 bytes in memory however short, so the limit of bytes alone is no bound."""

FRAMING_HEADERS = {b"content-length", b"transfer-encoding"}
"""Headers that say where a body ends. Without them it ends with the connection."""


class Answer(NamedTuple):
    """A whole answer. `body` still has its content encoding, and `connection` is the one it came over."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    connection: "Connection"


class Connection(asyncio.Protocol):
    """One TCP or TLS connection, for one request at a time, which reads up to `largest` bytes of an answer.

    It sets no timeouts: callers do. Bytes beyond an answer end the connection, whether they come with it or later. So
    no bytes are ever taken for the answer to another request.
    """

    def __init__(self, largest: int) -> None:
        self.received = 0
        """Bytes received since the latest request."""
        self._transport: asyncio.Transport  # set by connection_made
        self._parser, self._largest = HttpResponseParser(self), largest
        self._end: asyncio.Future[None] | None = None
        """Done when the answer is whole or failed; None between requests."""
        self._answer: Answer | None = None
        self._failure: NoAnswer | None = None
        self._status, self._keeps_alive = 0, False
        self._headers: list[tuple[bytes, bytes]] = []
        self._head: list[tuple[bytes, bytes]] | None = None
        """The headers, once they are complete."""
        self._enough: int | None = None
        self._body = bytearray()

    @classmethod
    async def open(cls, connected: socket.socket, host: str, ssl_context: ssl.SSLContext | None, largest: int) -> Self:
        """A connection over this socket, over TLS with that host if there is a context. Raises OSError."""
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(largest), sock=connected, ssl=ssl_context, server_hostname=host if ssl_context else None
        )
        return connection

    @property
    def is_open(self) -> bool:
        """Whether another request can be sent."""
        return not self._transport.is_closing()

    async def exchange(self, request: bytes, enough: int | None = None) -> Answer:
        """Send a request and return its answer. Raises NoAnswer, having closed the connection.

        A body that goes on after `enough` bytes is cut off there, and the connection is closed.
        """
        self._reset()
        self.received, self._enough = 0, enough
        self._end = asyncio.get_running_loop().create_future()
        try:
            if self.is_open:
                self._transport.write(request)
                await self._end
            if self._answer is None:
                raise self._failure or Lost("the connection was closed before the end of the answer")
            return self._answer
        except BaseException:
            self.close()
            raise
        finally:
            # An idle connection must not hold its last answer: a hundred of them could hold a hundred MiB.
            self._reset()

    def close(self) -> None:
        """Close at once, without waiting for the other side."""
        self._transport.abort()

    def _reset(self) -> None:
        self._end = self._answer = self._failure = self._head = None
        self._status, self._headers, self._body = 0, [], bytearray()

    def _finish(self, failure: NoAnswer | None = None) -> None:
        if failure is not None:
            self._failure = failure
        if self._end is not None and not self._end.done():
            self._end.set_result(None)

    # Called by asyncio:

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._end is None or self._end.done():
            self.close()  # no request is waiting for these bytes
            return
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.close()
            self._finish(NotHttp(str(error)))  # an answer that was whole before the fault still counts
        if self._answer is None and self._enough is not None and len(self._body) > self._enough:
            del self._body[self._enough :]
            self.on_message_complete()
            self.close()
        if self._answer is not None:
            self._finish()
        elif self.received > self._largest:
            self._finish(TooLarge(f"the answer has more than {self._largest} bytes"))

    def connection_lost(self, error: Exception | None) -> None:
        if error is None and self._end is not None and self._head is not None and not _is_framed(self._head):
            self.on_message_complete()
        self._finish(Lost(str(error)) if error is not None else None)

    # Called by llhttp:

    def on_message_begin(self) -> None:
        if self._answer is not None:
            self.close()  # these bytes are beyond the answer

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) == MOST_HEADERS:
            raise NotHttp(f"the answer has more than {MOST_HEADERS} headers")  # becomes an HttpParserError
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        self._keeps_alive = self._parser.should_keep_alive()
        self._head, self._headers = self._headers, []  # trailers after a chunked body are not headers

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        if self._status < 200 or self._head is None or self._answer is not None:
            return  # such as "103 Early Hints", which comes before the answer
        self._answer = Answer(self._status, self._head, bytes(self._body), self)
        if not self._keeps_alive:
            self.close()


def _is_framed(headers: list[tuple[bytes, bytes]]) -> bool:
    return not FRAMING_HEADERS.isdisjoint(name.lower() for name, _ in headers)
