"""What Linux says of a process, in /proc."""

import os
import re
from contextlib import suppress
from pathlib import Path


def status(pid: int, field: str) -> int:
    """A number in the process's status: "VmRSS", "VmHWM" (both in KiB), "Threads"."""
    (number,) = re.findall(rf"^{field}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(number)


def sockets(pid: int) -> int:
    """How many sockets the process has open."""
    count = 0
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # it was closed meanwhile
            count += os.readlink(f"/proc/{pid}/fd/{descriptor}").startswith("socket:")
    return count
