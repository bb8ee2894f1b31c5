"""A process that is spoken to in lines of JSON, over its stdin and stdout."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast


class Piped:
    """The process, started when entered and killed on exit. It answers each line with one line.

    `directory` is where it runs; without it, here. With `own_session`, Ctrl-C interrupts its owner alone.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        directory: Path | None = None,
        own_session: bool = False,
    ) -> None:
        self._command = command
        self._environ = environ
        self._directory = directory
        self._own_session = own_session
        self._process: subprocess.Popen[str]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command,
            cwd=self._directory,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=self._own_session,
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

    def ask(self, document: object) -> Any:
        """Its answer to this line. Raises RuntimeError if it has ended."""
        commands = cast(IO[str], self._process.stdin)
        commands.write(json.dumps(document) + "\n")
        commands.flush()
        return self.hear()

    def hear(self) -> Any:
        """The next line that it says. Raises RuntimeError if it has ended."""
        line = cast(IO[str], self._process.stdout).readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command)} ended with {self._process.wait()}")
        return json.loads(line)
