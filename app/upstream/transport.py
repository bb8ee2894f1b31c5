"""httpx's transport interface over the kept connections: requests without a body, answers read to their end."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from app.upstream.connection import Answer, Lost, NoAnswer, TooLarge
from app.upstream.connection_pool import Connections


class AnswerTooLarge(httpx.RemoteProtocolError):
    """The answer goes on after the bytes that are read of one at most."""


class KeepAliveTransport(httpx.AsyncBaseTransport):
    """What an httpx client of one origin sends its requests through. Sets no timeouts: whoever waits says how long."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the answer. Its extension `connection` can be closed if it is not to be trusted.

        Raises httpx.ConnectError, ReadError, RemoteProtocolError or AnswerTooLarge.
        """
        with _as_httpx_errors():
            answer = await self._connections.exchange(_written(request))
        return _response(answer)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self._connections.aclose()


def _written(request: httpx.Request) -> bytes:
    target = request.extensions.get("target", request.url.raw_path)
    lines = [b"%s %s HTTP/1.1" % (request.method.encode("ascii"), target)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    return b"\r\n".join([*lines, b"", b""])


def _response(answer: Answer) -> httpx.Response:
    return httpx.Response(
        answer.status,
        headers=answer.headers,
        stream=httpx.ByteStream(answer.body),
        extensions={"connection": answer.connection},
    )


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    try:
        yield
    except TooLarge as error:
        raise AnswerTooLarge(str(error)) from error
    except Lost as error:
        raise httpx.ReadError(str(error)) from error
    except NoAnswer as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except OSError as error:
        raise httpx.ConnectError(str(error)) from error
