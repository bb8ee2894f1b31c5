"""The two ways to the service: its Lambda handler, and its threaded server."""

import base64
import gzip
import http.client
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tools.soak.calls import Call
from tools.soak.remote import Remote

PATIENCE = 60.0
"""Seconds that a client of the server waits for an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. The body is unpacked, and the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    report: Any = None
    """What the handler returned for an event that is not a request, or the name of the error that it raised."""


class Front(Protocol):
    """A way to the service."""

    name: str
    clients: int

    def send(self, call: Call, etag: str | None) -> Answer:
        """The answer to that call, which is sent with this ETag. Raises OSError, HTTPException or RuntimeError."""


class HandlerFront:
    """Events through the Lambda handler, one at a time."""

    name = "handler"
    clients = 1

    def __init__(self, worker: Remote) -> None:
        self._worker = worker

    def send(self, call: Call, etag: str | None) -> Answer:
        event = call.event or _event(call, _headers(call, etag))
        outcome = self._worker.call("invoke", event, call.seconds)
        if call.event is not None:
            return Answer(0, {}, b"", outcome.get("returned", outcome.get("raised")))
        if "raised" in outcome:
            raise RuntimeError(f"the handler raised {outcome['raised']}: {outcome['detail']}")
        return _from_gateway(outcome["returned"])


class ServerFront:
    """Requests to the threaded server. Each client has a thread and a connection that it keeps."""

    name = "server"

    def __init__(self, worker: Remote, clients: int) -> None:
        self.clients = clients
        self._port = worker.call("listen")
        self._local = threading.local()

    def send(self, call: Call, etag: str | None) -> Answer:
        if call.kind == "hang up":
            return self._hang_up(call)
        try:
            return self._exchange(call, etag, self._connection())
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # The server may close a connection between two requests.
            self._local.connection.close()
            return self._exchange(call, etag, self._connection())
        except BaseException:
            self._local.connection.close()
            raise

    def _hang_up(self, call: Call) -> Answer:
        """Send the request, and leave without its answer."""
        with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as connection:
            connection.sendall(f"{call.method} {call.path} HTTP/1.1\r\nHost: soak\r\n\r\n".encode())
        return Answer(0, {}, b"")

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection: http.client.HTTPConnection = self._local.connection
        return connection

    def _exchange(self, call: Call, etag: str | None, connection: http.client.HTTPConnection) -> Answer:
        connection.request(call.method, call.path, headers=_headers(call, etag))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, _unpacked(headers, response.read()))


def _headers(call: Call, etag: str | None) -> dict[str, str]:
    return {
        "accept": "*/*",
        "accept-encoding": "gzip" if call.gzip else "identity",
        **({"if-none-match": etag} if etag else {}),
    }


def _event(call: Call, headers: Mapping[str, str]) -> dict[str, Any]:
    """API Gateway's event, payload 2.0."""
    path, _, query = call.path.partition("?")
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "abc123.execute-api.eu-central-1.amazonaws.com", **headers},
        "requestContext": {
            "http": {"method": call.method, "path": path},
            "stage": "$default",
            "requestId": "JKJaXmPLvHcESHA=",
        },
        "isBase64Encoded": False,
    }


def _from_gateway(answer: Mapping[str, Any]) -> Answer:
    headers = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    text = answer.get("body", "")
    body = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
    return Answer(answer["statusCode"], headers, _unpacked(headers, body))


def _unpacked(headers: Mapping[str, str], body: bytes) -> bytes:
    return gzip.decompress(body) if body and headers.get("content-encoding") == "gzip" else body
