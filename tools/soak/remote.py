"""Calls methods of an object in a process of its own: one JSON document per line, there and back."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self


def serve(target: object) -> None:
    """In the process: call methods of `target` until stdin ends."""
    for line in sys.stdin:
        method, arguments = json.loads(line)
        try:
            said = {"value": getattr(target, method)(*arguments)}
        except Exception as error:
            said = {"error": repr(error)}
        print(json.dumps(said), flush=True)


class Remote:
    """The process, as its owner sees it: `with Remote("tools.soak.xkcd") as xkcd:` starts it and kills it at the end.

    `environ` is added to the environment. Calls from several threads take turns.
    """

    def __init__(self, module: str, environ: Mapping[str, str] | None = None) -> None:
        self._module = module
        self._environ = {**os.environ, **(environ or {})}
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", self._module],
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C interrupts its owner alone
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def call(self, method: str, *arguments: object) -> Any:
        """The value that the method returns. Raises RuntimeError if it raises, or if the process has ended."""
        commands, said = self._process.stdin, self._process.stdout
        if commands is None or said is None:
            raise AssertionError("the process has pipes")
        with self._turn:
            commands.write(json.dumps([method, arguments]) + "\n")
            commands.flush()
            line = said.readline()
        if not line:
            raise RuntimeError(f"{self._module} ended with {self._process.wait()}")
        outcome = json.loads(line)
        if "error" in outcome:
            raise RuntimeError(f"{self._module}: {method} raised {outcome['error']}")
        return outcome["value"]

    def freeze(self, seconds: float) -> None:
        """Stop the process for that long, as Lambda freezes one."""
        self.stop()
        time.sleep(seconds)
        self.resume()

    def stop(self) -> None:
        """Stop the process until `resume`."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process run again, if it was stopped."""
        os.kill(self.pid, signal.SIGCONT)
