"""The gallery in a real browser: `make test-browser`."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.commands import ROOT
from tools import chromium
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn, images

pytestmark = pytest.mark.browser

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.browser() as running:
        yield running


@pytest.fixture
def gallery(xkcd: StandIn, whole_archive: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the app, without an archive unless a test is marked `with_archive`."""
    with chromium.served(xkcd, whole_archive if getattr(request, "param", None) else None) as url:
        yield url


with_archive = pytest.mark.parametrize("gallery", ["with an archive"], indirect=True)


@pytest.fixture
def open_page(browser: Browser, gallery: str) -> Iterator[Opener]:
    """Opens pages of the gallery; keyword arguments are those of a browser's context.

    At the end none of them may have noted an error, or asked any host but ours and that of xkcd's images.
    """
    heard: list[str] = []
    hosts: set[str | None] = set()

    def watch(context: BrowserContext) -> None:
        context.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: heard.append(str(error.error)))
        context.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))

    with ExitStack() as stack:

        def open_page(path: str, **options: Any) -> Page:
            context = browser.new_context(base_url=gallery, **options)
            stack.callback(context.close)
            watch(context)
            chromium.draw_images(context)
            page = context.new_page()
            page.goto(path)
            return page

        yield open_page
    # A page that is itself a 400 or 404, Chromium notes as an error.
    assert [text for text in heard if "status of 4" not in text] == []
    assert hosts <= {"127.0.0.1", "imgs.xkcd.com"}


def numbers(page: Page) -> list[str | None]:
    return [article.get_attribute("data-num") for article in page.locator("article").all()]


def focused(page: Page) -> str:
    identity: str = page.evaluate("document.activeElement.id")
    return identity


def objections(page: Page) -> list[tuple[str, list[str]]]:
    """What axe-core finds wrong with a page: the rule, and the elements that break it."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")
    return [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]


def test_the_page_shows_the_comics_asked_for_with_their_images(open_page: Opener) -> None:
    page = open_page("/?n=614,327,1")
    assert numbers(page) == ["614", "327", "1"]
    image = page.get_by_alt_text("Woodpecker")
    expect(image).to_be_visible()
    size = images.size("/comics/woodpecker.png")
    assert size is not None
    expect(image).to_have_js_property("naturalWidth", size.width)
    expect(image).to_have_attribute("title", re.compile("^If you don't have an extension cord"))


@with_archive
def test_nothing_moves_when_the_images_come(open_page: Opener) -> None:
    page = open_page("/?n=1-3")
    for image in page.locator("img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    with_images = page.locator("#comic-3").bounding_box()
    without = open_page("/?n=1-3")
    without.evaluate("document.querySelectorAll('img').forEach(image => image.removeAttribute('src'))")
    assert without.locator("#comic-3").bounding_box() == with_images


def test_the_permanent_link_shows_the_same_comics(open_page: Opener) -> None:
    page = open_page("/?random=4")
    before = numbers(page)
    page.get_by_role("link", name="The same again").click()
    page.wait_for_url("**/?n=*")
    assert numbers(page) == before
    assert len(before) == 4


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_forms_work(open_page: Opener, scripts: bool) -> None:
    page = open_page("/?n=1", java_script_enabled=scripts)
    page.get_by_label("Random comics").fill("3")
    page.get_by_role("button", name="Show random").click()
    page.wait_for_url("**/?random=3")
    expect(page.locator("article")).to_have_count(3)
    page.get_by_label("Latest comics").fill("2")
    page.get_by_role("button", name="Show latest").click()
    page.wait_for_url("**/?latest=2")
    expect(page.locator("#comic-2664")).to_be_visible()
    page.get_by_label("These numbers").fill("614, 1-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?n=*")
    assert numbers(page) == ["614", "1", "2"]


def test_without_scripts_more_is_another_page(open_page: Opener) -> None:
    page = open_page("/?n=1", java_script_enabled=False)
    expect(page.get_by_text("The arrow keys")).to_be_hidden()
    page.get_by_role("link", name="Five others").click()
    page.wait_for_url("**/?random=5")
    expect(page.locator("article")).to_have_count(5)


def test_the_comic_of_the_day_is_a_link(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.get_by_role("link", name="Comic of the day").click()
    page.wait_for_url(re.compile(r"/\?random=1&seed=\d{4}-\d\d-\d\d$"))
    expect(page.locator("article")).to_have_count(1)


def test_more_come_without_a_reload_and_the_permanent_link_has_them_too(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Five more").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("^[45] more.$"))
    shown = numbers(page)
    assert shown[0] == "1"
    assert len(shown) == len(set(shown)) >= 5
    assert page.evaluate("window.same")
    page.get_by_role("link", name="The same again").click()
    page.wait_for_url("**/?n=*,*")
    assert numbers(page) == shown


def test_when_no_more_can_be_had_it_says_so(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.context.route("**/?random=5", lambda route: route.fulfill(body="<p>Nothing", content_type="text/html"))
    page.get_by_role("link", name="Five more").click()
    expect(page.get_by_role("status")).to_have_text("No more comics could be fetched.")
    assert numbers(page) == ["1"]


def test_more_may_come_to_none_and_may_fail(open_page: Opener, xkcd: StandIn) -> None:
    page = open_page("/?since=2665")
    xkcd.faults.update(dict.fromkeys(range(1, 2665, 2), "html"))
    page.get_by_role("link", name="Five more").click()
    expect(page.get_by_role("status")).to_have_text("5 more.")
    expect(page.get_by_text("There are no such comics yet.")).to_have_count(0)
    identities = page.evaluate("[...document.querySelectorAll('[id]')].map(element => element.id)")
    assert len(identities) == len(set(identities))


def test_the_arrow_keys_go_from_comic_to_comic_but_not_while_writing(open_page: Opener) -> None:
    page = open_page("/?n=1-3")
    for key, there in [
        ("ArrowRight", "comic-1"),
        ("ArrowRight", "comic-2"),
        ("ArrowRight", "comic-3"),
        ("ArrowRight", "comic-3"),
        ("ArrowLeft", "comic-2"),
    ]:
        page.keyboard.press(key)
        assert focused(page) == there
    page.get_by_label("These numbers").focus()
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "n"


def test_the_first_tab_skips_to_the_comics(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the comics")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert focused(page) == "comics"


def test_hostile_records_stay_text(open_page: Opener, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "'\"><img src=x onerror=alert(1)><script>alert(1)</script>"
    monkeypatch.setitem(FAULTS, "hostile", changed(title=hostile, alt=hostile, transcript=hostile))
    xkcd.faults[614] = "hostile"
    page = open_page("/?n=614")
    expect(page.get_by_role("heading", name=hostile)).to_be_visible()
    assert page.locator("article img").count() == 1
    assert page.locator("article img").get_attribute("title") == hostile
    assert page.locator("article script").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/?n=614,1663,404,327", "/?n=1-30", "/?n=404", "/?n=x", "/docs", "/nowhere"])
def test_axe_finds_nothing_to_object_to(open_page: Opener, scheme: str, path: str) -> None:
    assert objections(open_page(path, color_scheme=scheme, bypass_csp=True)) == []


@with_archive
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_gallery_to_all_titles_and_back_to_one_comic(open_page: Opener, scripts: bool) -> None:
    page = open_page("/?n=1", java_script_enabled=scripts)
    page.get_by_role("link", name="All titles").click()
    page.wait_for_url("**/archive")
    expect(page.get_by_role("listitem").filter(has_text="Barrel")).to_have_count(5)
    page.get_by_role("navigation").get_by_role("link", name="2009").click()
    expect(page.get_by_role("heading", name="2009")).to_be_in_viewport()
    page.get_by_role("link", name="Woodpecker").click()
    page.wait_for_url("**/?n=614")
    assert numbers(page) == ["614"]


@with_archive
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to_in_all_titles(open_page: Opener, scheme: str) -> None:
    assert objections(open_page("/archive", color_scheme=scheme, bypass_csp=True)) == []


@with_archive
@pytest.mark.parametrize("width", [320, 1280])
def test_all_titles_are_never_wider_than_the_window(open_page: Opener, width: int) -> None:
    page = open_page("/archive", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [320, 1280])
def test_the_page_is_never_wider_than_the_window(open_page: Opener, width: int) -> None:
    page = open_page("/?n=614,404,1663", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
