"""The soak as a command."""

import json
import sys
from contextlib import closing
from random import Random

import click

from tools.failing import one_line_errors
from tools.soak import growth, report
from tools.soak.fronts import Front, HandlerFront, ServerFront
from tools.soak.options import Options
from tools.soak.player import Player
from tools.soak.results import Result
from tools.soak.schedule import phases
from tools.soak.world import world
from tools.waiting import interrupt_at_termination

RESTS = 5
"""How many times the idle service is measured."""


def main() -> int:
    """Play, print the report, and return the exit status: 0 if nothing was wrong."""
    with one_line_errors():
        options = Options.from_environ()
    interrupt_at_termination()  # so that its processes end too, of which one may be stopped
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
        plan = phases(rng, options.weather, options.invocations, front.clients)
        label = f"Through the {front.name}"
        with (
            closing(Player(around, front, rng)) as player,
            click.progressbar(length=options.invocations, label=label, file=sys.stderr, show_pos=True) as bar,
        ):
            for phase in plan:
                for _ in player.play(phase):
                    bar.update(1)
                if player.result.calls * RESTS >= options.invocations * (len(player.result.held) + 1):
                    player.rest()
        growth.check(player.result)
        return player.result


if __name__ == "__main__":
    sys.exit(main())
