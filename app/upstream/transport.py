"""httpx's transport interface over our own connections: requests without a body, responses read to their end."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from app.connections.connection_pool import ConnectionPool
from app.connections.no_answer import Lost, NoAnswer, TooLarge
from app.connections.request import written


class ResponseTooLarge(httpx.RemoteProtocolError):
    """The response has more bytes than are read."""


class KeepAliveTransport(httpx.AsyncBaseTransport):
    """A transport for one origin that keeps its connections.

    httpx's `read` timeout is the time for a whole answer over one connection, from connecting to the last byte. An
    extension of ours, "enough", is the number of bytes of a body that are read at most.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the response.

        Raises httpx.ConnectError, ReadTimeout, ReadError or RemoteProtocolError, of which ResponseTooLarge is one.
        """
        seconds, enough = request.extensions["timeout"]["read"], request.extensions.get("enough")
        target = request.extensions.get("target", request.url.raw_path)
        with _as_httpx_errors():
            answer = await self._pool.exchange(written(request.method, target, request.headers.raw), seconds, enough)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=httpx.ByteStream(answer.body),
            extensions={"connection": answer.connection},
        )

    async def connect(self, count: int) -> None:
        """Open connections until `count` are idle. Raises httpx.ConnectError."""
        with _as_httpx_errors():
            await self._pool.connect(count)

    def discard(self, response: httpx.Response) -> None:
        """Close the connection that this response came over, so that no other request uses it."""
        response.extensions["connection"].close()

    async def aclose(self) -> None:
        """Close the idle connections of the running event loop."""
        await self._pool.aclose()


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except TooLarge as error:
        raise ResponseTooLarge(str(error)) from error
    except Lost as error:
        raise httpx.ReadError(str(error)) from error
    except NoAnswer as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except TimeoutError as error:
        raise httpx.ReadTimeout("no whole answer in time") from error
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
