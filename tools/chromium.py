"""The Chromium on the path, the gallery on a local server, and browser pages that reach nothing else.

    python -m tools.chromium

prints the path of Chromium, or how to install it.
"""

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Route, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from app import create_app
from app.settings import Settings
from tools.sketch import sketch
from tools.stand_in import StandIn

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "There is no Chromium on the path: apt-get install -y chromium"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",  # root cannot run it with one, and the pages are our own
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class _QuietHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


def find() -> str:
    """The path of Chromium. Ends the program if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None) or sys.exit(MISSING)


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def served(xkcd: StandIn, archive: Path | None = None) -> Iterator[str]:
    """The address of the app on a local server, threaded, with that archive, and that stand-in behind it."""
    app = create_app(Settings(xkcd_url=xkcd.url, floor=xkcd.latest, archive=str(archive or "")))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, name="gallery")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.close()


def draw_images(context: BrowserContext) -> None:
    """Answer requests for xkcd's images with sketches."""

    def draw(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        route.fulfill(body=sketch(name), content_type="image/svg+xml")

    context.route("https://imgs.xkcd.com/**", draw)


def main() -> None:
    """Print the path of Chromium."""
    print(find())


if __name__ == "__main__":
    main()
