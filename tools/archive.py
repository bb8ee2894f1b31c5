"""Makes an archive of all comics, or brings it up to date, with a progress bar. Interrupted, it continues next time.

Then it looks up which images there are, and how large they are, at the server that IMAGES_URL names.

    python -m tools.archive

XKCD_URL names the source; without it a stand-in for xkcd.com is used. ARCHIVE names the file, which is archive.sqlite
without it. FILL_AT_ONCE is the number of comics requested at a time. Only those that are missing or due for a check are
requested, and those that failed are tried again as long as that brings any.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

from app import create_app
from app.application import XkcdGather
from app.errors import GatherError
from app.settings import ARCHIVE, Settings
from tools import filling
from tools.archive_file import STAND_IN, ArchiveInTheMaking
from tools.archive_report import report
from tools.failing import one_line_errors
from tools.stand_in import xkcd_environ

MOST_SHOWN = 20
"""Comics that could not be fetched, of which the result has a line each."""


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Make it, and return the exit status: 0 when it has every comic, fresh, and every image was looked up."""
    path, named = Path(environ.get("ARCHIVE") or ARCHIVE), environ.get("XKCD_URL")
    with ExitStack() as stack, one_line_errors():
        stack.enter_context(_quiet_caches())
        xkcd = stack.enter_context(xkcd_environ(latency=0.0))
        settings = replace(Settings.from_environ({**environ, **xkcd}), table="", archive="", connect_at_start=0)
        source = settings.xkcd_url if named else STAND_IN
        making = stack.enter_context(closing(ArchiveInTheMaking(path, source)))
        app = create_app(settings, table=making)
        stack.callback(app.close)
        try:
            return make(app, making, f"Making {path.name} from {source}")
        except GatherError as error:
            print(f"{path.name} could not be made: {error}", file=sys.stderr)
        except KeyboardInterrupt:
            print(f"\nInterrupted. {unfinished(app, making)}", file=sys.stderr)
    return 1


def make(app: XkcdGather, making: ArchiveInTheMaking, label: str) -> int:
    """Fetch, print the result and return the exit status. Raises GatherError."""
    began = time.monotonic()
    filled, failed = filling.fill(app, label), filling.filler(app).failed
    print(f"{len(making.brought)} comics fetched in {time.monotonic() - began:.0f} s.")
    if failed and not making.trouble:
        print("\n".join([f"{len(failed)} could not be fetched:", *lines(failed)]))
    if making.trouble or filled.missing > len(failed):  # it ended before all were tried
        print(f"{making.trouble or filled.problem} {unfinished(app, making)}")
        return 1
    images_left = look_images_up(app)
    if making.trouble:
        print(f"{making.trouble} {unfinished(app, making)}")
        return 1
    print(report(making.finish()))
    return 1 if failed or images_left else 0


def look_images_up(app: XkcdGather) -> int:
    """Look all images up and print the result. Returns how many are left for the next run."""
    began = time.monotonic()
    result, failed = filling.look_up(app), filling.image_filler(app).failed
    print(f"{result.looked_up} images looked up in {time.monotonic() - began:.0f} s.")
    if failed:
        print("\n".join([f"{len(failed)} could not be looked up:", *lines(failed)]))
    if result.left:
        print(" ".join(filter(None, [result.problem, f"{result.left} images are left. Run it again to continue."])))
    return result.left


def lines(failed: Mapping[int, str]) -> list[str]:
    """The comics that could not be fetched, and why."""
    shown = [f"  {num}: {why}" for num, why in sorted(failed.items())]
    rest = len(shown) - MOST_SHOWN
    return shown if rest <= 0 else [*shown[:MOST_SHOWN], f"  and {rest} more"]


def unfinished(app: XkcdGather, making: ArchiveInTheMaking) -> str:
    """What there is and what is left to do, for a reader."""
    missing = filling.count_missing(app)
    left = "" if missing is None else f", {missing} are missing"
    if missing == 0:
        left += f" and {filling.count_images_left(app)} images are to be looked up"
    return f"{making.part.name} has {making.count} comics{left}. Run it again to continue."


@contextmanager
def _quiet_caches() -> Iterator[None]:
    """Trouble with the file is reported at the end. `make serve` goes on afterwards, with its caches' warnings."""
    log = logging.getLogger("app.caches")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


if __name__ == "__main__":
    sys.exit(main())
