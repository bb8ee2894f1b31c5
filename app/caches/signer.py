"""Requests to DynamoDB with AWS's signature, by aiodynamo.

Importing this imports aiodynamo, which takes 20 ms, so a process does it only when it needs its table.
"""

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiodynamo.credentials import ContainerMetadataCredentials, EnvironmentCredentials, Key
from aiodynamo.http.types import Request, RequestFailed, Response
from aiodynamo.sign import signed_dynamo_request
from yarl import URL

from app.caches.endpoint import Endpoint
from app.connections.connection_pool import ConnectionPool
from app.connections.no_answer import NoAnswer
from app.connections.request import written
from app.errors import TableError
from app.runtime.per_loop import PerLoop

FETCH_TIMEOUT = 2.0
"""Seconds for the container's credentials. They come from this machine or its host."""


class Signer:
    """Signs with the credentials in the environment, as they are now, or else with those of the container.

    Lambda puts them into the environment, except with SnapStart: there they expire, and come from the endpoint that
    AWS_CONTAINER_CREDENTIALS_FULL_URI names.
    """

    def __init__(self, endpoint: Endpoint, ca_file: str | None) -> None:
        self._region = endpoint.region
        self._url = URL(endpoint.url)
        self._host = str(self._url.host_port_subcomponent)  # without the scheme's own port, which is not signed
        self._ca_file = ca_file
        self._container = PerLoop(ContainerMetadataCredentials)

    async def request(self, operation: str, arguments: Mapping[str, Any]) -> bytes:
        """The bytes of a request. Raises TableError if there are no credentials, or none that can be sent."""
        # It signs the host without the port. An endpoint with a port that checks signatures refuses that.
        signed = signed_dynamo_request(
            key=await self._key(), payload=arguments, action=operation, region=self._region, endpoint=self._url
        )
        headers = {"Host": self._host, **signed.headers, "Content-Length": str(len(signed.body))}
        return written("POST", b"/", _as_bytes(headers), signed.body)

    async def _key(self) -> Key:
        key = EnvironmentCredentials().key
        if key is not None and key.id and key.secret:
            return _checked(key)
        try:
            # Shielded, because one fetch is for all requests that wait for it, and cancelling one would cancel it.
            key = await asyncio.shield(self._container.get().get_key(self._fetch))
        except Exception as error:  # aiodynamo lets the errors of its parsers out: KeyError, ValueError, …
            raise TableError(f"the container's credentials could not be fetched: {error!r}") from error
        if key is None:
            raise TableError("there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        return _checked(key)

    async def _fetch(self, request: Request) -> Response:
        """Send a request of aiodynamo's over a connection for it alone, because the next one is hours away."""
        url, pool = urlsplit(request.url), ConnectionPool(request.url, self._ca_file)
        headers = {"Host": url.netloc, **(request.headers or {})}
        target = f"{url.path or '/'}?{url.query}".removesuffix("?").encode("ascii")
        try:
            answer = await pool.exchange(written(request.method, target, _as_bytes(headers)), FETCH_TIMEOUT)
        except (NoAnswer, OSError) as error:
            raise RequestFailed(error) from error
        finally:
            await pool.aclose()
        return Response(answer.status, answer.body)


def _checked(key: Key) -> Key:
    """The credentials. Raises TableError if a header cannot hold them: the end of a line would end the header."""
    for name, text in (("key's id", key.id), ("secret key", key.secret), ("session token", key.token or "")):
        if not (isinstance(text, str) and text.isascii() and text.isprintable()):  # a container may send anything
            raise TableError(f"the {name} in the credentials is not one line of ASCII")
    return key


def _as_bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
