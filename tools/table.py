"""DynamoDB on 127.0.0.1, played by moto, with the table that serverless.yml defines, and with faults for tests.

    python -m tools.table --port 8002

prints the environment with which a process uses it, and stops at Ctrl-C. Its items end with it.
"""

import argparse
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from typing import Any, Self

import boto3
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug import Response

from tools.serverless_yml import serverless
from tools.waiting import wait_for_interrupt

Ask = Callable[[dict[str, Any]], Response]
"""Answers a request with that body as DynamoDB would."""

Player = Callable[[dict[str, str], str], Response]
"""What plays DynamoDB: answers a request with these headers and that body."""

Fault = Callable[[dict[str, Any], Ask], Response]
"""Answers a request with that body in some other way."""

_numbers = count(1)


def moto() -> Player:
    """moto's DynamoDB, without any table."""
    app = create_backend_app("dynamodb")
    return lambda headers, body: app.test_client().post("/", headers=headers, data=body)


class LocalTable:
    """A table of comics. `with LocalTable() as table:` serves it in a thread; `table.environ` is how to use it.

    `faults` maps the name of an operation, such as "BatchGetItem", to its fault, and may be changed at any time.
    `asked` counts operations. `connections` are those over which requests came.
    """

    def __init__(self, port: int = 0, player: Player | None = None) -> None:
        self.name = f"comics-{next(_numbers)}"
        self.faults: dict[str, Fault] = {}
        self.asked: Counter[str] = Counter()
        self.connections: set[object] = set()
        self._lost: set[object] = set()
        self._play = player or moto()
        self._server = _Server(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="table")
        self.environ = {
            "COMICS_TABLE": self.name,
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self._server.server_port}",
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }

    def client(self) -> Any:
        """A client of boto3's for it, to be closed after use."""
        return boto3.client(
            "dynamodb",
            endpoint_url=self.environ["AWS_ENDPOINT_URL_DYNAMODB"],
            region_name=self.environ["AWS_REGION"],
            aws_access_key_id=self.environ["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environ["AWS_SECRET_ACCESS_KEY"],
        )

    def items(self) -> dict[int, dict[str, Any]]:
        """Its items, by number."""
        client = self.client()
        pages = client.get_paginator("scan").paginate(TableName=self.name)
        held = {int(item["num"]["N"]): item for page in pages for item in page["Items"]}
        client.close()
        return held

    def lose_connections(self) -> None:
        """Close each idle connection, but only when it is used again, as after a freeze."""
        self._lost |= self.connections

    def __enter__(self) -> Self:
        self._thread.start()
        self._create()
        self.asked.clear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _create(self) -> None:
        """Create it as serverless.yml defines it, but for the time to live, which only some players know."""
        properties = {**definition(), "TableName": self.name}
        del properties["TimeToLiveSpecification"]
        client = self.client()
        client.create_table(**properties)
        client.close()

    def answer(self, connection: object, headers: Message, body: dict[str, Any]) -> Response | None:
        """The answer to a request over that connection; None closes the connection."""
        if connection in self._lost:
            return None
        self.connections.add(connection)
        operation = headers["X-Amz-Target"].rpartition(".")[2]
        self.asked[operation] += 1

        def ask(body: dict[str, Any]) -> Response:
            return self._play(dict(headers), json.dumps(body))

        return self.faults[operation](body, ask) if operation in self.faults else ask(body)


class _Server(ThreadingHTTPServer):
    """Serves a table to clients that keep connections, which werkzeug's server does not."""

    request_queue_size = 128

    def __init__(self, port: int, table: LocalTable) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.table = table


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart: the body would wait 40 ms for the head's ACK
    server: _Server

    def do_POST(self) -> None:
        """Answer one operation: all of DynamoDB's are POST."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.table.answer(self.client_address, self.headers, body)
        if answer is None:
            self.close_connection = True
            return
        content = answer.get_data()
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are counted, not logged."""


def definition() -> dict[str, Any]:
    """The properties of the table in serverless.yml."""
    properties: dict[str, Any] = serverless()["resources"]["Resources"]["ComicsTable"]["Properties"]
    return properties


def refusal(kind: str, status: int = 400) -> Fault:
    """DynamoDB's error of that name."""
    document = {"__type": f"com.amazonaws.dynamodb.v20120810#{kind}", "message": f"This is a {kind}."}
    return lambda body, ask: Response(json.dumps(document), status, mimetype="application/x-amz-json-1.0")


def says(body: bytes) -> Fault:
    """These bytes, for every request."""
    return lambda asked, ask: Response(body, mimetype="application/x-amz-json-1.0")


def unprocessed(body: dict[str, Any], ask: Ask) -> Response:
    """DynamoDB's answer to a batch of which it processes only the first item."""
    ((table, wanted),) = body["RequestItems"].items()
    keys = isinstance(wanted, dict)
    batch = wanted["Keys"] if keys else wanted
    first, others = ({"Keys": part} if keys else part for part in (batch[:1], batch[1:]))
    answer = json.loads(ask({**body, "RequestItems": {table: first}}).get_data())
    left = {table: others} if batch[1:] else {}
    return Response(json.dumps({**answer, "UnprocessedKeys" if keys else "UnprocessedItems": left}))


@contextmanager
def table_environ() -> Iterator[dict[str, str]]:
    """The variables to add to the environment: none if COMICS_TABLE names a table, else those of a local one."""
    if os.environ.get("COMICS_TABLE"):
        yield {}
    else:
        with LocalTable() as table:
            yield table.environ


def main() -> None:
    """Serve until Ctrl-C or a termination signal."""
    parser = argparse.ArgumentParser(prog="python -m tools.table", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    options = parser.parse_args()
    try:
        with LocalTable(options.port) as table:
            print(" ".join(f"{name}={value}" for name, value in table.environ.items()), flush=True)
            wait_for_interrupt()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
