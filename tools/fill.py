"""Writes every comic that the table has not into it, with a progress bar. Interrupted and run again, it continues.

    python -m tools.fill

XKCD_URL names the source and COMICS_TABLE the table. Without them a stand-in for xkcd.com and a table of its own are
used, which end with the command. FILL_AT_ONCE is the number of comics requested at a time. Comics that failed are
tried again as long as that brings any.
"""

import os
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from math import inf
from urllib.parse import urlsplit

import click

from app import create_app
from app.application import XkcdGather
from app.errors import GatherError
from app.gathering.filler import Filled, Filler, Progress
from app.settings import Settings
from tools.failing import one_line_errors
from tools.stand_in import xkcd_environ
from tools.table import table_environ

LOCAL = ("127.0.0.1", "localhost", "::1")


def main() -> int:
    """Fill, and return the exit status: 0 when nothing is missing any more."""
    with ExitStack() as stack:
        with one_line_errors():
            refuse_stand_in_for_deployed_table(os.environ)
        os.environ.update(stack.enter_context(xkcd_environ()))
        os.environ.update(stack.enter_context(table_environ()))
        with one_line_errors():
            settings = Settings.from_environ()
            app = create_app(settings)
        stack.callback(app.close)
        try:
            return fill(app, settings)
        except GatherError as error:
            print(f"{settings.table} could not be filled: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\n{interrupted(app, settings)}", file=sys.stderr)
    return 1


def refuse_stand_in_for_deployed_table(environ: "os._Environ[str]") -> None:
    """Raise ValueError if a table in AWS would be filled from this machine, as when XKCD_URL is forgotten."""
    endpoint = environ.get("AWS_ENDPOINT_URL_DYNAMODB") or environ.get("AWS_ENDPOINT_URL") or ""
    deployed = environ.get("COMICS_TABLE") and urlsplit(endpoint).hostname not in LOCAL
    if deployed and urlsplit(environ.get("XKCD_URL") or "http://127.0.0.1").hostname in LOCAL:
        raise ValueError(
            f"{environ['COMICS_TABLE']} is a table in AWS and is not filled from a stand-in: "
            "set XKCD_URL=https://xkcd.com to fill it from xkcd."
        )


def fill(app: XkcdGather, settings: Settings) -> int:
    """Fill the table, print the result and return the exit status. Raises GatherError."""
    began = time.monotonic()
    filled = one_pass(app, f"Filling {settings.table} from {settings.xkcd_url}")
    gathered = filled.gathered
    while filled.missing and filled.gathered and not filled.problem:
        filled = one_pass(app, "Once more")
        gathered += filled.gathered
    print(summary(replace(filled, gathered=gathered), settings.table, time.monotonic() - began))
    return 1 if filled.missing else 0


def one_pass(app: XkcdGather, label: str) -> Filled:
    """Try every missing comic, and show the progress."""
    with click.progressbar(length=1, label=label, file=sys.stderr, show_pos=True) as bar:

        def progress(tried: int, of: int) -> None:
            bar.length = of
            bar.update(tried - bar.pos)

        return app.event_loop.run(try_all(app, progress))


async def try_all(app: XkcdGather, progress: Progress) -> Filled:
    """Try every missing comic, however long it takes. Raises UpstreamError and TableError."""
    return await filler(app).fill(await app.gatherer.fetch_latest(inf), None, inf, progress)


def interrupted(app: XkcdGather, settings: Settings) -> str:
    """What is left to do after Ctrl-C, as a line for the reader."""
    missing = app.event_loop.run(count_missing(app))
    if missing == 0:
        return f"Interrupted, but {settings.table} is complete."
    left = "" if missing is None else f" {missing} comics are missing."
    return f"Interrupted: {settings.table} keeps what it has.{left} Run it again to continue."


async def count_missing(app: XkcdGather) -> int | None:
    """How many comics the table has not; None if that is unknown, as the latest number is."""
    latest = await app.gatherer.cached_latest(time.monotonic() + 1.0)
    return None if latest is None else await filler(app).missing(latest.num, time.monotonic() + 5.0)


def filler(app: XkcdGather) -> Filler:
    """The application's filler, which it has because there is a table."""
    if app.filler is None:
        raise AssertionError("there is no table")
    return app.filler


def summary(filled: Filled, table: str, seconds: float) -> str:
    """The result, for a reader."""
    lines = [f"{filled.gathered} comics written to {table} in {seconds:.0f} s, {filled.failed} failed."]
    if filled.missing:
        why = f": {filled.problem}" if filled.problem else "."
        lines.append(f"{filled.missing} are still missing{why}")
        lines.append("Run it again to continue.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
