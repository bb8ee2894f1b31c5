"""Writes every comic that the table has not into it, with a progress bar. Interrupted and run again, it continues.

    python -m tools.fill

XKCD_URL names the source and COMICS_TABLE the table. Without them a stand-in for xkcd.com and a table of its own are
used, which end with the command. FILL_AT_ONCE is the number of comics requested at a time. Comics that failed are
tried again as long as that brings any. Then the images are looked up likewise, at the server that IMAGES_URL names.
"""

import os
import sys
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

from app import create_app
from app.application import XkcdGather
from app.errors import GatherError
from app.gathering.filler import Filled
from app.gathering.image_filler import LookedUp
from app.settings import Settings
from tools import filling
from tools.aws_environ import aws_environ
from tools.failing import one_line_errors
from tools.stand_in import xkcd_environ
from tools.table import table_environ

LOCAL = ("127.0.0.1", "localhost", "::1")


def main() -> int:
    """Fill, and return the exit status: 0 when nothing is missing any more, and every image was looked up."""
    with ExitStack() as stack:
        with one_line_errors():
            refuse_stand_in_for_deployed_table(os.environ)
            os.environ.update(aws_environ())
        os.environ.update(stack.enter_context(xkcd_environ()))
        os.environ.update(stack.enter_context(table_environ()), ARCHIVE="")  # the comics are xkcd's of today
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
    filled = filling.fill(app, f"Filling {settings.table} from {settings.xkcd_url}")
    print(summary(filled, settings.table, time.monotonic() - began))
    if filled.missing:
        return 1
    looked_up = filling.look_up(app)
    print(images_summary(looked_up))
    return 1 if looked_up.left else 0


def interrupted(app: XkcdGather, settings: Settings) -> str:
    """What is left to do after Ctrl-C, as a line for the reader."""
    missing = filling.count_missing(app)
    if missing == 0:
        images = filling.count_images_left(app)
        left = f"{images} images are to be looked up. Run it again to continue."
        return f"Interrupted, but {settings.table} " + (f"has all comics: {left}" if images else "is complete.")
    left = "" if missing is None else f" {missing} comics are missing."
    return f"Interrupted: {settings.table} keeps what it has.{left} Run it again to continue."


def summary(filled: Filled, table: str, seconds: float) -> str:
    """The result, for a reader."""
    lines = [f"{filled.gathered} comics written to {table} in {seconds:.0f} s, {filled.failed} failed."]
    if filled.missing:
        why = f": {filled.problem}" if filled.problem else "."
        lines.append(f"{filled.missing} are still missing{why}")
        lines.append("Run it again to continue.")
    return "\n".join(lines)


def images_summary(looked_up: LookedUp) -> str:
    """The same of the images."""
    lines = [f"{looked_up.looked_up} images looked up, {looked_up.failed} failed."]
    if looked_up.left:
        why = f": {looked_up.problem}" if looked_up.problem else "."
        lines += [f"{looked_up.left} are left{why}", "Run it again to continue."]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
