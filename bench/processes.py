"""The processes of a measurement: servers, and workers that invoke a handler."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from bench import cores
from bench.lineup import ROOT
from tools import proc
from tools.piped import Piped
from tools.serverless_yml import variable

AS_DEPLOYED = {"CONNECT_AT_START": variable("CONNECT_AT_START"), "ARCHIVE": ""}
"""The settings in serverless.yml that affect speed, and no archive. The other ways ignore them."""

BROWSERS_ENCODINGS = "gzip, deflate, br, zstd"
"""What browsers accept. This service compresses its answers with gzip. The other ways do not compress theirs."""


class Invocation(NamedTuple):
    """One invocation: seconds on the wall clock and of CPU."""

    wall: float
    cpu: float


class Worker(Piped):
    """A process that invokes a handler on command. Entered once the handler is imported; killed on exit.

    Its environment is `environ` with our PATH, and nothing else of ours. `on_cores` is how many cores it may use,
    and `cpu_of_start` the seconds of CPU time until it was entered.
    """

    def __init__(
        self, command: Sequence[str], environ: Mapping[str, str], directory: Path = ROOT, on_cores: int = 1
    ) -> None:
        alone = {"PATH": os.environ["PATH"], **AS_DEPLOYED, "COMICS_IN_MEMORY": "0", **environ}
        super().__init__((*cores.for_worker(on_cores), *command), alone, directory)

    def __enter__(self) -> Self:
        super().__enter__()
        self.cpu_of_start: float = self.hear()["cpu"]
        return self

    def invoke(self, count: int, source: str = "xkcd", accept_encoding: str = BROWSERS_ENCODINGS) -> Invocation:
        """Let it gather the comics 1 to `count`. Raises RuntimeError if it brings others, or from elsewhere."""
        said = self.ask(event(count, accept_encoding))
        if said["nums"] != list(range(1, count + 1)) or said["sources"] != [source]:
            raise RuntimeError(f"{self._command} was asked for {count} comics from {source} and answered {said}")
        return Invocation(said["wall"], said["cpu"])

    def invoke_random(self) -> Invocation:
        """Let it gather five random comics. Raises RuntimeError if it brings fewer."""
        said = self.ask(request("/comics"))
        if len(said["nums"]) != 5:
            raise RuntimeError(f"{self._command} was asked for five random comics and answered {said}")
        return Invocation(said["wall"], said["cpu"])

    @property
    def peak_megabytes(self) -> float:
        """Its peak memory, from Linux; rusage would include its parent's."""
        return proc.status(self.pid, "VmHWM") * 1024 / 1e6


def event(count: int, accept_encoding: str = BROWSERS_ENCODINGS) -> dict[str, Any]:
    """API Gateway's event for the comics 1 to `count`."""
    asked = request("/comics", f"n=1-{count}", accept_encoding=accept_encoding)
    return {**asked, "queryStringParameters": {"n": f"1-{count}"}}


def request(
    path: str, query: str = "", accept: str = "application/json", accept_encoding: str = BROWSERS_ENCODINGS
) -> dict[str, Any]:
    """API Gateway's event for a browser's GET, payload 2.0. This service does not read `queryStringParameters`."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {
            "accept": accept,
            "accept-encoding": accept_encoding,
            "host": "example.execute-api.eu-central-1.amazonaws.com",
        },
        "requestContext": {
            "domainName": "example.execute-api.eu-central-1.amazonaws.com",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[str]:
    """Run one of our servers in a process of its own, and yield the line that it prints once it serves."""
    command = [*cores.for_servers(), sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own program
        try:
            yield server.stdout.readline().strip() if server.stdout else ""
        finally:
            server.terminate()


@contextmanager
def serving_from_afar(url: str, round_trip: float) -> Iterator[str]:
    """Put that many seconds and TCP's slow start before a server, and yield the address there."""
    server = urlsplit(url)
    with serving("tools.far", "--round-trip", str(round_trip), server.netloc) as address:
        yield f"{server.scheme}://{address}"


@contextmanager
def serving_table() -> Iterator[dict[str, str]]:
    """Run a table played by moto, and yield the environment in which it is found."""
    with serving("tools.table") as printed:
        yield dict(variable.split("=", 1) for variable in printed.split())
