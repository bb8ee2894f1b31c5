"""What the kernel knows of a process."""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds."""

    megabytes: float
    """Resident memory."""
    sockets: int
    threads: int
    tasks: int
    """Tasks on the service's event loop."""


def held(pid: int, tasks: int) -> Held:
    """What the process holds now."""
    status = Path(f"/proc/{pid}/status").read_text()
    memory, threads = (int(re.findall(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[0]) for name in ("VmRSS", "Threads"))
    return Held(round(memory * 1024 / 1e6, 1), _sockets(pid), threads, tasks)


def _sockets(pid: int) -> int:
    count = 0
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # it was closed meanwhile
            count += os.readlink(f"/proc/{pid}/fd/{descriptor}").startswith("socket:")
    return count
