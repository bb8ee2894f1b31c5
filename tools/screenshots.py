"""Takes docs/screenshots/*.png of the pages: light and dark, desktop and phone, healthy and half failed.

    python -m tools.screenshots

The stand-in for xkcd.com is behind them. Sketches replace the comics, and made-up words their texts, as this repository
holds nothing of xkcd's but titles.
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, Page, ViewportSize

from tools import chromium
from tools.stand_in import StandIn
from tools.stand_in.archived import write_archive

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"

COMIC = "/614/"
HEALTHY = "/?n=1,614,327,1663,2347"
MANY = "/?n=601-630"
HALF_FAILED = "/?n=353,404,327,1190,936"
SEARCH = "/?q=sandwitch"
NOTHING = "/?q=xqzvk"
ALL_TITLES = "/archive"
TEXT = "Here is the title text: half of the joke, and on a phone there is nothing to hover with."
SNIPPET = "…where a search found its words, such as a <mark>sandwich</mark>, and <mark>made</mark> no fuss about them…"
FAULTS = {353: "html", 1190: "silence", 936: "503"}


class View(NamedTuple):
    """A browser window and the page that it shows."""

    name: str
    path: str
    scheme: Literal["light", "dark"]
    width: int
    height: int
    at: str | None = None


DESKTOP, PHONE = (1100, 800), (390, 844)

VIEWS = [
    View("desktop-light-comic", COMIC, "light", *DESKTOP),
    View("desktop-dark-comic", COMIC, "dark", *DESKTOP),
    View("phone-light-comic", COMIC, "light", *PHONE),
    View("desktop-light", HEALTHY, "light", *DESKTOP),
    View("phone-dark", HEALTHY, "dark", *PHONE),
    View("desktop-light-grid", MANY, "light", *DESKTOP),
    View("phone-dark-grid", MANY, "dark", *PHONE),
    View("desktop-light-timing", HEALTHY, "light", *DESKTOP, at="#timing"),
    View("desktop-dark-half-failed", HALF_FAILED, "dark", *DESKTOP, at="#comic-1190"),
    View("phone-light-half-failed", HALF_FAILED, "light", *PHONE),
    View("desktop-light-search", SEARCH, "light", *DESKTOP),
    View("desktop-dark-search", SEARCH, "dark", *DESKTOP),
    View("phone-light-search", SEARCH, "light", *PHONE),
    View("phone-dark-search-nothing", NOTHING, "dark", *PHONE),
    View("phone-light-missing", "/404/", "light", *PHONE),
    View("desktop-light-titles", ALL_TITLES, "light", *DESKTOP),
    View("phone-dark-titles", ALL_TITLES, "dark", *PHONE, at="#year-2021"),
]
WITH_REQUESTS = (HALF_FAILED, HEALTHY)
"""Pages of comics that come from xkcd; those of the others come from an archive."""


def main() -> None:
    """Take all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        written = write_archive(folder / "archive.sqlite", time.time())
        browser = stack.enter_context(chromium.browser())
        for view in VIEWS:
            faults, archive = (
                FAULTS if view.path == HALF_FAILED else {},
                None if view.path in WITH_REQUESTS else written,
            )
            with StandIn(faults=faults) as xkcd, chromium.served(xkcd, archive) as url:
                _take(browser, url, view)


def _take(browser: Browser, url: str, view: View) -> None:
    size: ViewportSize = {"width": view.width, "height": view.height}
    context = browser.new_context(base_url=url, color_scheme=view.scheme, viewport=size, reduced_motion="reduce")
    chromium.draw_images(context)
    page = context.new_page()
    page.goto(view.path)
    _settle(page, view.at)
    page.screenshot(path=FOLDER / f"{view.name}.png")
    context.close()


def _settle(page: Page, at: str | None) -> None:
    """Wait for all images, unfold the subject, and scroll to it."""
    page.evaluate("document.querySelectorAll('img').forEach(image => image.loading = 'eager')")
    page.evaluate("text => document.querySelectorAll('.alt').forEach(each => { each.textContent = text; })", TEXT)
    page.evaluate("text => document.querySelectorAll('.snippet').forEach(each => { each.innerHTML = text; })", SNIPPET)
    page.wait_for_function("[...document.images].every(image => image.naturalWidth)")
    if at:
        page.locator(at).evaluate("element => { element.open = true; element.scrollIntoView({block: 'center'}); }")


if __name__ == "__main__":
    main()
