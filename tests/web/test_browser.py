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
    # A page that is itself a 400 or 404, or a 502 because all its comics failed, Chromium notes as an error.
    assert [text for text in heard if not re.search("status of (4|502)", text)] == []
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
    expect(page.get_by_text(re.compile("^If you don't have an extension cord"))).to_be_visible()


@with_archive
@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize(("path", "below"), [("/?n=614,1,2", "#comic-2"), ("/614/", ".alt"), ("/?latest=12", "#more")])
def test_nothing_moves_when_images_of_known_size_come(open_page: Opener, path: str, below: str, width: int) -> None:
    page = open_page(path, viewport={"width": width, "height": 8000})
    for image in page.locator("main img").all():
        expect(image).not_to_have_js_property("naturalWidth", 0)
    with_images = page.locator(below).bounding_box()
    without = open_page(path, viewport={"width": width, "height": 8000})
    without.evaluate("document.querySelectorAll('img').forEach(image => image.removeAttribute('src'))")
    assert without.locator(below).bounding_box() == with_images


def test_the_permanent_link_shows_the_same_comics_and_can_be_copied(open_page: Opener) -> None:
    page = open_page("/?latest=4", permissions=["clipboard-read", "clipboard-write"])
    before = numbers(page)
    page.get_by_role("button", name="copy").click()
    expect(page.get_by_role("button", name="copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("link", name="Permanent link").click()
    page.wait_for_url("**/?n=*")
    assert (numbers(page), page.url) == (before, address)
    assert len(before) == 4


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_forms_in_the_menu_work(open_page: Opener, scripts: bool) -> None:
    page = open_page("/?n=1", java_script_enabled=scripts)
    menu = page.get_by_text("Menu", exact=True)
    menu.click()
    page.get_by_label("Random comics").fill("3")
    page.get_by_role("button", name="Show random").click()
    page.wait_for_url(re.compile(r"/\?n=\d+,\d+,\d+$"))
    expect(page.locator("article")).to_have_count(3)
    menu.click()
    page.get_by_label("Latest comics").fill("2")
    page.get_by_role("button", name="Show latest").click()
    page.wait_for_url("**/?latest=2")
    expect(page.locator("#comic-2664")).to_be_visible()
    menu.click()
    page.get_by_label("These numbers").fill("614 1-2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?n=*")
    assert numbers(page) == ["614", "1", "2"]


def test_the_menu_closes_with_escape_and_with_a_click_elsewhere(open_page: Opener) -> None:
    page = open_page("/?n=1")
    menu, entry = page.locator(".menu summary"), page.get_by_label("These numbers")
    menu.click()
    entry.focus()
    page.keyboard.press("Escape")
    expect(entry).to_be_hidden()
    expect(menu).to_be_focused()
    menu.click()
    expect(entry).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(entry).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_back_shows_what_was_there_before(open_page: Opener, scripts: bool) -> None:
    page = open_page("/", java_script_enabled=scripts)
    before, address = numbers(page), page.url
    page.get_by_role("link", name="Latest", exact=True).click()
    page.wait_for_url("**/2665/")
    page.go_back()
    assert (numbers(page), page.url) == (before, address)
    assert len(before) == 5


def test_without_scripts_more_is_another_page(open_page: Opener) -> None:
    page = open_page("/?n=1-5", java_script_enabled=False)
    expect(page.get_by_text("The arrow keys")).to_be_hidden()
    page.get_by_role("link", name="Five more").click()
    page.wait_for_url("**/?n=6-10")
    assert numbers(page) == ["6", "7", "8", "9", "10"]


def test_the_comic_of_the_day_is_a_link(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("link", name="Comic of the day").click()
    page.wait_for_url(re.compile(r"/\?random=1&seed=\d{4}-\d\d-\d\d$"))
    expect(page.locator("article")).to_have_count(1)


@pytest.mark.parametrize(
    ("query", "link", "shown"),
    [
        ("n=1-3", "Three more", [1, 2, 3, 4, 5, 6]),
        ("latest=2", "Two older", [2665, 2664, 2663, 2662]),
        ("n=1-7", "7 more", list(range(1, 15))),
    ],
)
def test_more_come_without_a_reload_and_the_address_names_them_all(
    open_page: Opener, query: str, link: str, shown: list[int]
) -> None:
    page = open_page(f"/?{query}")
    page.evaluate("window.same = true")
    view = page.locator("#comics").get_attribute("data-view")
    page.get_by_role("link", name=link).click()
    expect(page.get_by_role("status")).to_have_text(f"{len(shown) // 2} more.")
    assert numbers(page) == [str(num) for num in shown]
    assert page.evaluate("window.same")
    assert page.url.partition("/?")[2] == f"n={','.join(map(str, shown))}&view={view}"
    page.reload()
    assert numbers(page) == [str(num) for num in shown]
    assert page.locator("#comics").get_attribute("data-view") == view


def test_more_goes_on_from_there(open_page: Opener) -> None:
    page = open_page("/?n=1-2")
    for count in (4, 6, 8):
        page.get_by_role("link", name="Two more").click()
        expect(page.locator("article")).to_have_count(count)
    assert numbers(page) == [str(num) for num in range(1, 9)]


def test_more_at_random_are_others(open_page: Opener) -> None:
    page = open_page("/?n=614,1")
    page.get_by_role("link", name="Two more at random").click()
    expect(page.get_by_role("status")).to_have_text(re.compile("^[12] more.$"))
    shown = numbers(page)
    assert shown[:2] == ["614", "1"]
    assert len(shown) == len(set(shown)) > 2


def test_when_no_more_can_be_had_it_says_so(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.context.route("**/?n=2-6*", lambda route: route.fulfill(body="<p>Nothing", content_type="text/html"))
    page.get_by_role("link", name="Five more").click()
    expect(page.get_by_role("status")).to_have_text("No more comics could be fetched.")
    assert numbers(page) == ["1"]


def test_more_may_come_to_none_and_may_fail(open_page: Opener, xkcd: StandIn) -> None:
    page = open_page("/?since=2665")
    xkcd.faults.update(dict.fromkeys(range(1, 2665, 2), "html"))
    page.get_by_role("link", name="Five more at random").click()
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
    page.get_by_text("Menu", exact=True).click()
    page.get_by_label("These numbers").focus()
    page.keyboard.press("ArrowLeft")
    assert focused(page) == "n"


def test_on_a_comics_page_they_go_to_the_comics_beside_it(open_page: Opener) -> None:
    page = open_page("/614/")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/615/")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/614/")
    page.goto("/1/")
    page.keyboard.press("ArrowLeft")
    assert page.url.endswith("/1/")


SWIPE = """([from, to]) => {
  const touch = (x) => new Touch({ identifier: 1, target: document.body, clientX: x, clientY: 300 });
  const events = { touchstart: from, touchend: to };
  for (const [name, x] of Object.entries(events)) {
    const touches = name === "touchstart" ? [touch(x)] : [];
    document.body.dispatchEvent(new TouchEvent(name, { touches, changedTouches: [touch(x)], bubbles: true }));
  }
}"""


def test_so_do_swipes_if_they_are_wide(open_page: Opener) -> None:
    page = open_page("/614/", has_touch=True, viewport={"width": 360, "height": 740})
    page.evaluate(SWIPE, [300, 270])
    page.evaluate(SWIPE, [300, 100])
    page.wait_for_url("**/615/")
    page.evaluate(SWIPE, [100, 300])
    page.wait_for_url("**/614/")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_reader_goes_from_comic_to_comic_as_on_xkcd(open_page: Opener, scripts: bool) -> None:
    page = open_page("/?n=1-7", java_script_enabled=scripts)
    page.get_by_role("link", name="Barrel - Part 1").click()
    page.wait_for_url("**/1/")
    for name, there in (("Next", "**/2/"), ("Previous", "**/1/"), ("Last", "**/2665/"), ("First", "**/1/")):
        page.get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_url(there)
    page.locator(".beside").first.get_by_role("link", name="Random").click()
    page.wait_for_url(re.compile(r"/\d+/$"))
    page.get_by_role("link", name="the image in full size").click()
    page.wait_for_url("https://imgs.xkcd.com/**")


@with_archive
def test_a_slash_leads_to_the_search(open_page: Opener) -> None:
    page = open_page("/614/")
    page.keyboard.press("/")
    assert focused(page) == "q"
    page.keyboard.type("bob/by")
    expect(page.get_by_role("searchbox")).to_have_value("bob/by")


def test_without_an_archive_a_slash_is_one(open_page: Opener) -> None:
    page = open_page("/614/")
    page.keyboard.press("/")
    assert focused(page) == ""


def test_the_timing_opens_where_it_is(open_page: Opener) -> None:
    page = open_page("/?n=1-3")
    chart = page.get_by_role("img", name="The request for each comic")
    expect(chart).to_be_hidden()
    page.get_by_text("3 requests at once").click()
    expect(chart).to_be_visible()


def test_the_first_tab_skips_to_the_comics(open_page: Opener) -> None:
    page = open_page("/?n=1")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the comics")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert focused(page) == "main"


@pytest.mark.parametrize("path", ["/?n=614", "/614/"])
def test_hostile_records_stay_text(
    open_page: Opener, xkcd: StandIn, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    hostile = "'\"><img src=x onerror=alert(1)><script>alert(1)</script>"
    monkeypatch.setitem(FAULTS, "hostile", changed(title=hostile, alt=hostile, transcript=hostile))
    xkcd.faults[614] = "hostile"
    page = open_page(path)
    expect(page.get_by_role("heading", name=hostile)).to_be_visible()
    assert page.locator("article img").count() == 1
    assert page.locator("article img").get_attribute("alt") == hostile
    assert page.locator("article script").count() == 0


PAGES = [
    "/?n=614,1663,404,327",
    "/?n=1-30,404,1663",
    "/?n=404",
    "/?n=x",
    "/614/",
    "/1/",
    "/404/",
    "/docs",
    "/nowhere",
]


@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_to_object_to(open_page: Opener, scheme: str, path: str, width: int) -> None:
    page = open_page(path, color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert objections(page) == []


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_wider_than_the_window_not_even_with_letters_twice_as_large(
    open_page: Opener, path: str, width: int
) -> None:
    page = open_page(path, viewport={"width": width, "height": 800}, bypass_csp=True)
    for letters in ("100%", "200%"):
        page.evaluate("size => document.documentElement.style.fontSize = size", letters)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_hundred_comics_are_no_endless_page(open_page: Opener) -> None:
    page = open_page("/?n=1-100", viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollHeight") < 12_000


@with_archive
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_gallery_to_all_titles_and_back_to_one_comic(open_page: Opener, scripts: bool) -> None:
    page = open_page("/?n=1", java_script_enabled=scripts)
    page.get_by_text("Menu", exact=True).click()
    page.get_by_role("link", name="All titles").click()
    page.wait_for_url("**/archive")
    expect(page.get_by_role("listitem").filter(has_text="Barrel")).to_have_count(5)
    page.get_by_role("navigation", name="Years").get_by_role("link", name="2009").click()
    expect(page.get_by_role("heading", name="2009")).to_be_in_viewport()
    page.get_by_role("link", name="Woodpecker").click()
    page.wait_for_url("**/614/")
    assert numbers(page) == ["614"]


@with_archive
@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to_with_a_search_and_in_all_titles(
    open_page: Opener, scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 800}
    for path in ("/archive", "/614/"):
        assert objections(open_page(path, color_scheme=scheme, bypass_csp=True, viewport=viewport)) == []


SEARCHES = ("/?q=sandwitch", "/?q=woodpecker+velociraptor+sqlite", "/?q=xqzvk")


@with_archive
@pytest.mark.parametrize("width", [360, 1100])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_in_the_results_of_a_search(open_page: Opener, scheme: str, width: int) -> None:
    for path in SEARCHES:
        page = open_page(path, color_scheme=scheme, bypass_csp=True, viewport={"width": width, "height": 800})
        assert objections(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@with_archive
@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_the_search_box_to_the_results_and_to_a_comic(open_page: Opener, scripts: bool) -> None:
    page = open_page("/614/", java_script_enabled=scripts)
    if scripts:
        page.keyboard.press("/")
        assert focused(page) == "q"
    page.get_by_role("searchbox").fill("make me a sandwitch")
    page.keyboard.press("Enter") if scripts else page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/?q=make+me+a+sandwitch")
    expect(page.get_by_text("No comic has “sandwitch”: searched for “sandwich”.")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_have_value("make me a sandwitch")
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_role("link", name="Sandwich", exact=True).click()
    page.wait_for_url("**/149/")


@with_archive
def test_the_next_page_of_a_search_follows(open_page: Opener) -> None:
    page = open_page("/?q=velociraptor&limit=2")
    first = numbers(page)
    page.get_by_role("link", name="More results").click()
    page.wait_for_url("**/?q=velociraptor&limit=2&offset=2")
    assert len(first) == len({*first, *numbers(page)}) - len(numbers(page)) == 2


@with_archive
def test_nothing_found_offers_a_random_comic(open_page: Opener) -> None:
    page = open_page("/?q=xqzvk")
    expect(page.get_by_role("heading", name="Nothing for “xqzvk”")).to_be_visible()
    page.get_by_role("link", name="A random comic instead").click()
    page.wait_for_url(re.compile(r"/\d+/$"))


@with_archive
@pytest.mark.parametrize("width", [320, 1280])
def test_all_titles_are_never_wider_than_the_window(open_page: Opener, width: int) -> None:
    page = open_page("/archive", viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
