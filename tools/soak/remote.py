"""Calls methods of an object in a process of its own: one JSON document per line, there and back."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

from tools.piped import Piped


def serve(target: object) -> None:
    """In the process: call methods of `target` until stdin ends."""
    for line in sys.stdin:
        method, arguments = json.loads(line)
        try:
            said = {"value": getattr(target, method)(*arguments)}
        except Exception as error:
            said = {"error": repr(error)}
        print(json.dumps(said), flush=True)


class Remote(Piped):
    """The process, as its owner sees it: `with Remote("tools.soak.xkcd") as xkcd:` starts it and kills it at the end.

    `environ` is added to the environment. Calls from several threads take turns.
    """

    def __init__(self, module: str, environ: Mapping[str, str] | None = None) -> None:
        super().__init__([sys.executable, "-m", module], {**os.environ, **(environ or {})}, own_session=True)
        self._module = module
        self._turn = threading.Lock()

    def call(self, method: str, *arguments: object) -> Any:
        """The value that the method returns. Raises RuntimeError if it raises, or if the process has ended."""
        with self._turn:
            outcome = self.ask([method, arguments])
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
