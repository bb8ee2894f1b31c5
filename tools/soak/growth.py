"""What the idle service may hold."""

from tools.soak.results import Result
from tools.soak.schedule import WARM

GROWTH = 1.1
"""Up to this many times the memory when it was warm is no growth."""

TABLE_CONNECTIONS, MORE_THREADS, MORE_TASKS = 60, 20, 5
"""What the service may hold beside a socket and a thread for each client of its server."""


def check(result: Result) -> None:
    """Complain if the service holds more than it may, or if its memory has grown since it was warm."""
    clients = 0 if result.front == "handler" else result.clients
    for calls, held in result.held.items():
        for name, value, most in (
            ("sockets", held.sockets, clients + TABLE_CONNECTIONS),
            ("threads", held.threads, clients + MORE_THREADS),
            ("tasks", held.tasks, MORE_TASKS),
        ):
            if value > most:
                result.complain("idle", f"After {calls} calls the service holds {value} {name}, not up to {most}.")
    warm = [held.megabytes for calls, held in result.held.items() if calls >= WARM]
    if warm and warm[-1] > GROWTH * warm[0]:
        result.complain("idle", f"Memory has grown from {warm[0]} MB to {warm[-1]} MB.")
