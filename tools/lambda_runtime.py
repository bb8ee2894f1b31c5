"""A stand-in for Lambda: AWS's own runtime client runs the package, against the Runtime API of tools/runtime_api.py.

    with LambdaFunction(unpacked_package, python, xkcd.environ) as function:
        answer = function.invoke({"path": "/comics?n=1-5"}, seconds=29)

The Python is one that has awslambdaric installed, such as that of .venv-runtime. As in Lambda, an execution
environment answers one invocation at a time. It is killed when an invocation times out, and the next invocation starts
another one. It is not frozen between invocations here, and CPU and memory are not limited.

    Exception
     +-- InvocationError       the function's own error, or one of
          +-- InitError        it could not be started
          +-- TimedOut         its time was over
"""

import json
import os
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from queue import Empty
from types import TracebackType
from typing import IO, Any, Self

from tools.runtime_api import FUNCTION, Invocation, RuntimeApi, Said

HANDLER = "handler.handler"

INIT_SECONDS = 10.0
"""How long Lambda lets a function start."""

# What Lambda sets (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html), and nothing of ours.
ENVIRON = {
    "_HANDLER": HANDLER,
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
    "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "INFO",
    "AWS_REGION": "eu-central-1",
    "LANG": "en_US.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "TZ": ":UTC",
    # Lambda does not set this one: there the package cannot be written to. Here a start would help the next.
    "PYTHONDONTWRITEBYTECODE": "1",
}


class InvocationError(Exception):
    """The function answered with an error; `kind` is its errorType, `trace` its stack trace."""

    def __init__(self, message: str, kind: str = "", trace: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = trace


class InitError(InvocationError):
    """The function could not be started."""


class TimedOut(InvocationError):
    """The invocation timed out, and its environment was killed."""


class LambdaFunction:
    """The function. `init_milliseconds` and `answer_milliseconds` have one entry for each start and each answer."""

    def __init__(self, package: Path, python: Path, environ: Mapping[str, str]) -> None:
        self.init_milliseconds: list[float] = []
        self.answer_milliseconds: list[float] = []
        self._command = [str(python.absolute()), "-m", "awslambdaric", HANDLER]
        self._package = package
        self._environ = {**ENVIRON, "LAMBDA_TASK_ROOT": str(package), **environ}
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self._environment: _Environment | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()
        self._log.close()

    def invoke(self, event: object, seconds: float = 29.0) -> Any:
        """The function's answer to an event, within `seconds`. Starts the function unless it is running.

        Raises InvocationError.
        """
        environment = self.start()
        began = time.perf_counter()
        deadline = int((time.time() + seconds) * 1000)
        environment.api.invocations.put(Invocation(str(uuid.uuid4()), json.dumps(event).encode(), deadline))
        try:
            said = environment.hear(seconds, {"response", "error", "exit"})
        except Empty:
            self._end()
            raise TimedOut(f"Task timed out after {seconds:.2f} seconds", "Sandbox.Timedout") from None
        if said.what != "response":
            raise self._error(said, InvocationError)
        self.answer_milliseconds.append(1000 * (time.perf_counter() - began))
        return said.body

    def start(self) -> "_Environment":
        """The running environment; it is started if there is none. Raises InitError."""
        if self._environment is None:
            began = time.perf_counter()
            self._environment = _Environment(self._command, self._package, self._environ, self._log)
            try:
                said = self._environment.hear(INIT_SECONDS, {"next", "init error", "exit"})
            except Empty:
                self._end()
                raise InitError(f"Init timed out after {INIT_SECONDS:.2f} seconds", "Sandbox.Timedout") from None
            if said.what != "next":
                raise self._error(said, InitError)
            self.init_milliseconds.append(1000 * (time.perf_counter() - began))
        return self._environment

    @property
    def pid(self) -> int:
        """The id of the process that runs the function; it is started if there is none."""
        return self.start().process.pid

    @property
    def log(self) -> str:
        """All that the function wrote to stdout and stderr."""
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode()

    def _error(self, said: Said, of: type[InvocationError]) -> InvocationError:
        """The error to raise. An environment that has ended or could not start is removed."""
        if said.what != "error":
            self._end()
        if said.what == "exit":
            return of(f"Runtime exited with code {said.body}", "Runtime.ExitError")
        return of(said.body["errorMessage"], said.body["errorType"], tuple(said.body["stackTrace"] or ()))

    def _end(self) -> None:
        environment, self._environment = self._environment, None
        if environment is not None:
            environment.end()


class _Environment:
    """An execution environment: a Runtime API, and the process that uses it."""

    def __init__(self, command: list[str], package: Path, environ: Mapping[str, str], log: IO[bytes]) -> None:
        self.api = RuntimeApi()
        address = {"AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_port}"}
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own package
                command, cwd=package, env={**environ, **address}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        except OSError:
            self.api.server_close()
            raise
        self._threads = [
            threading.Thread(target=self.api.serve_forever, args=(0.02,), name="runtime api"),
            threading.Thread(target=self._wait, name="runtime process"),
        ]
        for thread in self._threads:
            thread.start()

    def hear(self, seconds: float, wanted: set[str]) -> Said:
        """The first of the wanted events. Raises Empty if none happens in time."""
        until = time.monotonic() + seconds
        while True:
            said = self.api.said.get(timeout=max(0.0, until - time.monotonic()))
            if said.what in wanted:
                return said

    def end(self) -> None:
        """Kill the process, and return when it has ended."""
        self.process.kill()
        self.process.wait()
        self.api.invocations.put(None)
        self.api.shutdown()
        for thread in self._threads:
            thread.join()
        self.api.server_close()

    def _wait(self) -> None:
        self.api.said.put(Said("exit", self.process.wait()))
