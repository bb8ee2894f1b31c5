"""httpx's transport interface over kept httpcore connections: a free list, the last used first.

httpcore's own pool does work that grows with the square of its size at every request: a hundred comics
take it ten round trips' time. Here a request takes the connection used last, or opens one, and gives it
back when the answer is read.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import httpcore
import httpx

from app.stream import Stream


class KeepAliveTransport(httpx.AsyncBaseTransport):
    """Requests to one origin over at most `limit` connections, which stay open in between.

    Belongs to the event loop on which it is first used. Sets no timeouts: whoever waits says how long.
    """

    def __init__(self, ssl_context: ssl.SSLContext | None, limit: int = 100) -> None:
        self._ssl_context = ssl_context
        self._slots = asyncio.Semaphore(limit)
        self._free: list[_Connection] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the answer's head; reading or closing its stream ends it.

        Raises httpx.ConnectError, ReadError or RemoteProtocolError.
        """
        await self._slots.acquire()
        try:
            with _as_httpx_errors():
                connection, response = await self._exchange(_to_httpcore(request))
        except BaseException:
            self._slots.release()
            raise
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(self, connection, response),
            extensions=response.extensions,
        )

    async def connect(self, url: httpx.URL, count: int) -> None:
        """Open connections to that origin until `count` are kept, in turn. Raises httpx.ConnectError."""
        async with AsyncExitStack() as stack:
            for _ in range(count):  # so that all together stay within the limit
                await stack.enter_async_context(self._slots)
            closed = [kept for kept in self._free if not kept.can_be_used_again()]
            self._free = [kept for kept in self._free if kept not in closed]
            for kept in closed:
                await kept.aclose()
            with _as_httpx_errors():
                while len(self._free) < count:
                    self._free.append(await self._open(_url(url).origin))

    async def aclose(self) -> None:
        """Close the connections that are kept; one in use is closed by its user."""
        while self._free:
            await self._free.pop().aclose()

    async def give_back(self, connection: "_Connection") -> None:
        """Keep the connection for the next request if its answer was read to the end."""
        self._slots.release()
        if connection.is_idle():
            self._free.append(connection)
        else:
            await connection.aclose()

    async def _exchange(self, request: httpcore.Request) -> tuple["_Connection", httpcore.Response]:
        kept = await self._take()
        if kept is not None:
            try:
                return kept, await kept.exchange(request)
            except (httpcore.NetworkError, httpcore.RemoteProtocolError):
                # The other side closed it while it was kept. To send the request again is no retry,
                # because it was not answered; where a part of an answer came, it would be one.
                if kept.has_unparsed():
                    raise
        connection = await self._open(request.url.origin)
        return connection, await connection.exchange(request)

    async def _take(self) -> "_Connection | None":
        while self._free:
            connection = self._free.pop()
            if connection.can_be_used_again():
                return connection
            await connection.aclose()
        return None

    async def _open(self, origin: httpcore.Origin) -> "_Connection":
        return _Connection(origin, await Stream.open(origin.host.decode("ascii"), origin.port, self._ssl_context))


class _Connection(httpcore.AsyncHTTP11Connection):
    """An httpcore connection that does not leak, and knows of bytes which no answer accounts for."""

    def __init__(self, origin: httpcore.Origin, stream: Stream) -> None:
        super().__init__(origin, stream)
        self._stream = stream

    async def exchange(self, request: httpcore.Request) -> httpcore.Response:
        """Send the request and read the answer's head; whatever hinders that closes the connection."""
        try:
            return await self.handle_async_request(request)
        except BaseException:
            await self.aclose()  # httpcore 1.0.9 does not when cancelled before the first byte is sent
            raise

    def can_be_used_again(self) -> bool:
        """Whether it is open and nothing came that h11 would hand the next request as its answer."""
        return self._stream.quiet and not self.has_unparsed()

    def has_unparsed(self) -> bool:
        """Whether bytes were read that belong to no answer; httpcore has no public way to see them."""
        unparsed, _ = self._h11_state.trailing_data
        return bool(unparsed)


class _Body(httpx.AsyncByteStream):
    """An answer's body, whose end or closing gives the connection back."""

    def __init__(self, transport: KeepAliveTransport, connection: _Connection, response: httpcore.Response) -> None:
        self._transport = transport
        self._connection = connection
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx_errors():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        try:
            await self._response.aclose()
        finally:
            await self._transport.give_back(self._connection)


def _to_httpcore(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(request.method, _url(request.url), headers=request.headers.raw, content=request.stream)


def _url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except httpcore.ConnectError as error:
        raise httpx.ConnectError(str(error)) from error
    except httpcore.NetworkError as error:
        raise httpx.ReadError(str(error)) from error
    except httpcore.ProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
