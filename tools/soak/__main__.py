"""The soak as a command."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from random import Random

import click

from tools.failing import one_line_errors
from tools.soak import report
from tools.soak.fronts import Front, HandlerFront, ServerFront
from tools.soak.options import Options
from tools.soak.player import Player
from tools.soak.process import Held
from tools.soak.results import Result
from tools.soak.schedule import phases
from tools.soak.world import world

WARM = 2000
"""Calls after which memory must not grow any more."""

GROWTH = 1.1
"""What is no growth: up to this many times the memory after WARM calls."""

TABLE_CONNECTIONS, MORE_THREADS, MORE_TASKS = 60, 20, 5
"""What a service at rest may hold beside a socket and a thread for each client of its server."""


def main() -> int:
    """Play, print the report, and return the exit status: 0 if nothing was wrong."""
    with one_line_errors():
        options = Options.from_environ()
    try:
        results = [soak(options, for_handler) for for_handler in (True, False)]
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 1
    except RuntimeError as error:  # one of the processes ended
        print(f"\nThe soak ended early: {error}", file=sys.stderr)
        return 1
    print(report.text(results))
    if options.report is not None:
        options.report.write_text(json.dumps(report.document(results), indent=2) + "\n")
    return 1 if any(result.wrong for result in results) else 0


def soak(options: Options, for_handler: bool) -> Result:
    """Play everything through one front, and show the progress."""
    with world() as around:
        front: Front = HandlerFront(around.worker) if for_handler else ServerFront(around.worker, options.clients)
        rng = Random(f"{options.seed} {front.name}")
        plan = phases(rng, options.weather, options.invocations, for_handler)
        label = f"Through the {front.name}"
        with (
            closing(Player(around, front, rng)) as player,
            click.progressbar(length=options.invocations, label=label, file=sys.stderr, show_pos=True) as bar,
        ):
            for phase in plan:
                for _ in player.play(phase):
                    bar.update(1)
                if not player.result.held and player.result.calls >= min(WARM, options.invocations // 5):
                    player.rest()
            player.rest()
        check_growth(player.result)
        return player.result


def check_growth(result: Result) -> None:
    """Complain if the service holds more than it may, or if its memory has grown since it was warm."""
    held: Sequence[Held] = list(result.held.values())
    clients = 0 if result.front == "handler" else result.clients
    for name, value, most in (
        ("sockets", held[-1].sockets, clients + TABLE_CONNECTIONS),
        ("threads", held[-1].threads, clients + MORE_THREADS),
        ("tasks", held[-1].tasks, MORE_TASKS),
    ):
        if value > most:
            result.complain(f"At rest, the service holds {value} {name}, and no more than {most} are needed.")
    if min(result.held) >= WARM and held[-1].megabytes > GROWTH * held[0].megabytes:
        result.complain(f"Memory has grown from {held[0].megabytes} MB to {held[-1].megabytes} MB.")


if __name__ == "__main__":
    sys.exit(main())
