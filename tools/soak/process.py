"""What a process holds."""

from dataclasses import dataclass

from tools import proc


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
    megabytes = round(proc.status(pid, "VmRSS") * 1024 / 1e6, 1)
    return Held(megabytes, proc.sockets(pid), proc.status(pid, "Threads"), tasks)
