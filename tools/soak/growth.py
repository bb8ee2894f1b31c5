"""What the idle service may hold."""

from tools.soak.results import Result

SETTLED = 6000
"""Calls after which memory must not grow any more. With a thousand comics in it, it grows by a seventh from the 2 000th
call to the 12 000th, most of it before this, and then no more in 12 000 others."""

GROWTH = 1.1
"""Up to this many times the memory when it had settled is no growth."""

TABLE_CONNECTIONS, MORE_THREADS, MORE_TASKS = 60, 20, 5
"""What the service may hold beside a socket and a thread for each client of its server."""


def check(result: Result) -> None:
    """Complain if the service holds more than it may, or if its memory has grown since it had settled."""
    clients = 0 if result.front == "handler" else result.clients
    for calls, held in result.held.items():
        for name, value, most in (
            ("sockets", held.sockets, clients + TABLE_CONNECTIONS),
            ("threads", held.threads, clients + MORE_THREADS),
            ("tasks", held.tasks, MORE_TASKS),
        ):
            if value > most:
                result.complain("idle", f"After {calls} calls the service holds {value} {name}, not up to {most}.")
    settled = [held.megabytes for calls, held in result.held.items() if calls >= SETTLED]
    if settled and settled[-1] > GROWTH * settled[0]:
        result.complain("idle", f"Memory has grown from {settled[0]} MB to {settled[-1]} MB.")
