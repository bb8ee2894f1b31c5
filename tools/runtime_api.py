"""Lambda's Runtime API on 127.0.0.1: hands invocations to a runtime client, and passes on its answers."""

import json
import re
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any

FUNCTION = "xkcd-gather-local-api"
ARN = f"arn:aws:lambda:eu-central-1:123456789012:function:{FUNCTION}"


@dataclass(frozen=True, slots=True)
class Invocation:
    """One event on its way to the runtime client."""

    id: str
    event: bytes
    deadline: int
    """Milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event: "next", "response", "error" and "init error" are requests, "exit" is the end of the process."""

    what: str
    body: Any = None


class RuntimeApi(ThreadingHTTPServer):
    """The Runtime API: hands out invocations, and passes on their answers."""

    daemon_threads = False  # server_close waits for them

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.invocations: SimpleQueue[Invocation | None] = SimpleQueue()
        self.said: SimpleQueue[Said] = SimpleQueue()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the disconnect of a client that was killed; raise other errors."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html"""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart: the body would wait 40 ms for the head's ACK
    server: RuntimeApi

    def do_GET(self) -> None:
        """Hand out the next invocation once there is one; None disconnects."""
        if self.path != "/2018-06-01/runtime/invocation/next":
            self.send_error(404)
            return
        self.server.said.put(Said("next"))
        invocation = self.server.invocations.get()
        if invocation is None:
            self.close_connection = True
            return
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
        }
        self._answer(200, invocation.event, headers)

    def do_POST(self) -> None:
        """Receive an answer or an error."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = re.fullmatch(r"/2018-06-01/runtime/(init|invocation/[\w-]+)/(response|error)", self.path)
        if not said:
            self.send_error(404)
            return
        self._answer(202, b'{"status": "OK"}', {})
        self.server.said.put(Said("init error" if said[1] == "init" else said[2], body))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are passed on, not logged."""
