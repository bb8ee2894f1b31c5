"""Brings every comic that the table lacks into it, with a progress bar; begun again, it goes on where it ended.

    python -m tools.fill

What failed is tried again as long as that brings anything.

Asks what XKCD_URL names and fills what COMICS_TABLE names; without them a stand-in for xkcd.com and a table of
its own, which ends with it. FILL_AT_ONCE says how many comics xkcd is asked for at a time.
"""

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import replace

import click

from app import create_app
from app.application import XkcdGather
from app.errors import GatherError
from app.gathering.filler import Filled
from app.settings import Settings
from tools.stand_in import xkcd_environ
from tools.table import table_environ


def main() -> int:
    """Fill, and return the exit code: 0 when nothing is missing any more."""
    with ExitStack() as stack:
        os.environ.update(stack.enter_context(xkcd_environ()))
        os.environ.update(stack.enter_context(table_environ()))
        settings = Settings.from_environ()
        try:
            return fill(settings)
        except GatherError as error:
            print(f"{settings.table} could not be filled: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\nInterrupted: {settings.table} keeps what it has; begin again to go on.", file=sys.stderr)
    return 1


def fill(settings: Settings) -> int:
    """Fill the table of these settings; what came of it is printed. Raises GatherError."""
    app = create_app(settings)
    began = time.monotonic()
    try:
        filled = one_pass(app, f"Filling {settings.table}")
        gathered = filled.gathered
        while filled.missing and filled.gathered and not filled.problem:
            filled = one_pass(app, "Once more")
            gathered += filled.gathered
    finally:
        app.close()
    print(summary(replace(filled, gathered=gathered), settings.table, time.monotonic() - began))
    return 1 if filled.missing else 0


def one_pass(app: XkcdGather, label: str) -> Filled:
    """Try all that is missing, and show how far it is."""
    with click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True) as bar:

        def progress(tried: int, of: int) -> None:
            bar.length = of
            bar.update(tried - bar.pos)

        return app.fill(progress)


def summary(filled: Filled, table: str, seconds: float) -> str:
    """What came of it, for a reader."""
    lines = [f"{filled.gathered} comics brought into {table} in {seconds:.0f} s, {filled.failed} failed."]
    if filled.missing:
        why = f": {filled.problem}" if filled.problem else "."
        lines.append(f"{filled.missing} are still missing{why}")
        lines.append("Begin again to go on.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
