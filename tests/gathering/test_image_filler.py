"""Looking up the images of the table's comics."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug import Response

from app import pings
from app.caches.archive import Archive
from app.caches.dynamodb import ComicsTable
from app.comics.found import MOST_FRESH
from app.comics.image import Image, Size
from app.errors import TableError
from app.gathering.filler import Filler
from app.gathering.image_filler import LookedUp
from app.image_lookup import image_filler
from app.settings import Settings
from tests.archives import write_archive
from tests.plain_server import sending
from tests.records import NOW, Clock, found
from tests.rig import Rig
from tools.faults import FAULTS, changed
from tools.stand_in import StandIn, images
from tools.table import LocalTable, refusal

TREES = "/comics/tree_cropped_(1).jpg"


class ImageRig(Rig):
    """A filler and an image filler, two at a time, over the stand-in and a table."""

    def __init__(
        self,
        xkcd: StandIn,
        table: LocalTable,
        archive: Archive | None = None,
        images_url: str | None = None,
        attempt_timeout: float = 0.5,
    ) -> None:
        self.clock = Clock()
        comics = ComicsTable(table.name, self.clock)
        super().__init__(xkcd, table=comics, archive=archive, clock=self.clock)
        self.loop.on_close(comics.aclose)
        self.filler = Filler(self.gatherer, self.caches, comics, 2, self.clock)
        settings = Settings(images_url=images_url or xkcd.url, attempt_timeout=attempt_timeout, fill_at_once=2)
        self.images = image_filler(settings, self.loop, self.caches, comics, self.clock)
        self.progress: list[tuple[int, int]] = []

    def fill(self, latest: int) -> None:
        """Put the comics up to that number into the table."""
        self.loop.run(self.filler.fill(latest, None, time.monotonic() + 8.0))

    def look(self, most: int | None = None, seconds: float = 8.0) -> LookedUp:
        deadline = time.monotonic() + seconds
        return self.loop.run(self.images.fill(most, deadline, lambda *at: self.progress.append(at)))

    def ping(self, seconds: float = 8.0) -> dict[str, Any]:
        settings = Settings(fill_at_most=3)
        deadline = time.monotonic() + seconds
        return self.loop.run(pings.ping(self.gatherer, self.filler, self.images, settings, deadline))


@pytest.fixture
def make_rig(xkcd: StandIn, table: LocalTable) -> Iterator[Callable[..., ImageRig]]:
    with ExitStack() as stack:
        yield lambda *what, **named: stack.enter_context(closing(ImageRig(xkcd, table, *what, **named)))


@pytest.fixture
def rig(make_rig: Callable[..., ImageRig]) -> ImageRig:
    return make_rig()


def asked(xkcd: StandIn) -> set[str]:
    """The images asked for, but for those in twice the resolution. Each was asked for once."""
    paths = {path: count for path, count in xkcd.asked.items() if path.startswith("/comics/")}
    assert set(paths.values()) <= {1}
    return {path for path in paths if "_2x." not in path}


def path_of(num: int) -> str:
    img = found(num).comic.img
    assert img is not None
    return img.removeprefix("https://imgs.xkcd.com")


def facts(rig: Rig, *numbers: int) -> dict[int, Image | None]:
    """What an answer with these comics knows of their images."""
    return {comic.comic.num: comic.image for comic in rig.gather(*numbers).comics}


def known(num: int, has_2x: bool = False, looked_at: float = NOW) -> Image:
    """What is learnt of that comic's image from the stand-in."""
    img = found(num).comic.img
    return Image(img, images.size(path_of(num)) if img else None, has_2x, looked_at)


def test_images_of_the_tables_comics_are_looked_up_newest_first_up_to_a_number(xkcd: StandIn, rig: ImageRig) -> None:
    rig.fill(latest=5)
    assert rig.look(most=3) == LookedUp(looked_up=3, failed=0, left=2, problem=None)
    assert asked(xkcd) == {path_of(num) for num in (5, 4, 3)}
    assert rig.progress == [(2, 3), (3, 3)]
    assert rig.look() == LookedUp(looked_up=2, failed=0, left=0, problem=None)
    assert facts(rig, 1, 5) == {1: known(1), 5: known(5)}


def test_other_processes_find_in_the_table_what_was_learnt(
    make_rig: Callable[..., ImageRig], rig: ImageRig, xkcd: StandIn
) -> None:
    rig.fill(latest=3)
    rig.look()
    xkcd.asked.clear()
    other = make_rig()
    assert facts(other, 1, 2, 3) == {num: known(num) for num in (1, 2, 3)}
    assert other.look() == LookedUp(looked_up=0, failed=0, left=0, problem=None)
    assert xkcd.asked == {}


def test_what_another_process_has_looked_up_meanwhile_is_not_asked_for(
    make_rig: Callable[..., ImageRig], rig: ImageRig, xkcd: StandIn
) -> None:
    rig.fill(latest=2)
    assert rig.loop.run(rig.images.left(time.monotonic() + 8.0)) == 2
    make_rig().look()
    xkcd.asked.clear()
    assert rig.look() == LookedUp(looked_up=2, failed=0, left=0, problem=None)
    assert xkcd.asked == {}


def test_whether_there_is_an_image_in_twice_the_resolution_is_known_too(xkcd: StandIn, rig: ImageRig) -> None:
    xkcd.latest = 1084
    rig.gather(1083, 1084, 1446)
    rig.look()
    assert facts(rig, 1083, 1084) == {1083: known(1083), 1084: known(1084, has_2x=True)}


def test_a_page_in_place_of_the_image_in_twice_the_resolution_is_none(xkcd: StandIn, rig: ImageRig) -> None:
    rig.gather(2000)
    xkcd.image_faults["/comics/xkcd_phone_2000_2x.png"] = "html"
    rig.look()
    assert facts(rig, 2000) == {2000: known(2000)}


def test_a_comic_without_an_image_costs_no_request(xkcd: StandIn, rig: ImageRig) -> None:
    rig.gather(1608)
    FAULTS["elsewhere"] = changed(img="https://www.xkcd.com/elsewhere.png")
    xkcd.faults[7] = "elsewhere"
    rig.gather(7)
    del FAULTS["elsewhere"]
    assert rig.look() == LookedUp(looked_up=2, failed=0, left=0, problem=None)
    assert asked(xkcd) == set()


@pytest.mark.parametrize(
    "fault", ["404", "html", "redirect", "cut-header", "impossible-size", "endless", "longer-header"]
)
def test_what_is_no_image_is_remembered_for_as_long_as_a_comic_is_fresh(
    xkcd: StandIn, rig: ImageRig, fault: str
) -> None:
    rig.gather(2)
    xkcd.image_faults[TREES] = fault
    assert rig.look() == LookedUp(looked_up=1, failed=0, left=0, problem=None)
    assert facts(rig, 2) == {2: known(2)._replace(size=None)}
    xkcd.asked.clear()
    assert rig.look().looked_up == 0
    assert xkcd.asked == {}


@pytest.mark.parametrize(
    ("fault", "size"),
    [("huge", images.size(TREES)), ("ignores-range", images.size(TREES)), ("long-header", Size(321, 123))],
)
def test_what_is_large_is_not_read_to_its_end(xkcd: StandIn, rig: ImageRig, fault: str, size: Size) -> None:
    rig.gather(2)
    xkcd.image_faults[TREES] = fault
    rig.look()
    assert facts(rig, 2) == {2: known(2)._replace(size=size)}


@pytest.mark.parametrize("fault", ["503", "silence", "drip", "reset-in-body", "not-http"])
def test_an_image_that_fails_is_tried_again_after_the_others(xkcd: StandIn, rig: ImageRig, fault: str) -> None:
    rig.fill(latest=3)
    xkcd.image_faults[path_of(3)] = fault
    assert rig.look(most=2) == LookedUp(looked_up=1, failed=1, left=2, problem=None)
    assert rig.images.failed.keys() == {3}
    xkcd.image_faults.clear()
    xkcd.asked.clear()
    assert rig.look(most=1).looked_up == 1
    assert asked(xkcd) == {path_of(1)}
    assert rig.look() == LookedUp(looked_up=1, failed=0, left=0, problem=None)
    assert (facts(rig, 3), rig.images.failed) == ({3: known(3)}, {})


def test_a_failure_in_twice_the_resolution_leaves_the_image_for_later(xkcd: StandIn, rig: ImageRig) -> None:
    rig.gather(2000)
    xkcd.image_faults["/comics/xkcd_phone_2000_2x.png"] = "503"
    assert rig.look().failed == 1
    assert facts(rig, 2000) == {2000: None}
    xkcd.image_faults.clear()
    rig.look()
    assert facts(rig, 2000) == {2000: known(2000, has_2x=True)}


def test_after_a_failure_it_is_tried_once_more(xkcd: StandIn, rig: ImageRig) -> None:
    rig.gather(2)
    xkcd.image_faults[TREES] = "503"
    rig.look()
    assert xkcd.asked[TREES] == 2  # as there is one retry for so few


@pytest.mark.parametrize(
    ("fault", "problem"),
    [("403", "xkcd forbids us to ask (403)."), ("429", "xkcd is rate-limiting us (429)."), ("429-retry-after", None)],
)
def test_a_refusal_of_an_image_ends_it_and_pauses_images_but_not_comics(
    xkcd: StandIn, rig: ImageRig, fault: str, problem: str | None
) -> None:
    rig.fill(latest=9)
    xkcd.image_faults[""] = fault
    first = rig.look()
    assert (first.looked_up, first.failed, first.left) == (0, 2, 9)
    assert first.problem == (problem or "xkcd is rate-limiting us (429).")
    rig.look()
    xkcd.asked.clear()
    assert rig.look().problem is not None
    assert len(asked(xkcd)) == 0
    assert [comic.comic.num for comic in rig.gather(20, 21).comics] == [20, 21]


def test_a_refusal_of_comics_does_not_pause_images(xkcd: StandIn, rig: ImageRig) -> None:
    rig.fill(latest=2)
    xkcd.faults[0] = "429-retry-after"
    rig.gather(3)
    assert rig.look() == LookedUp(looked_up=2, failed=0, left=0, problem=None)


def test_two_groups_that_bring_nothing_end_it(xkcd: StandIn, rig: ImageRig) -> None:
    rig.fill(latest=9)
    xkcd.image_faults[""] = "500"
    looked_up = rig.look()
    assert (looked_up.looked_up, looked_up.failed, looked_up.left) == (0, 4, 9)
    assert looked_up.problem == f"xkcd could not answer for the image {path_of(7)} (500)."


def test_a_server_that_is_not_there_costs_two_groups(make_rig: Callable[..., ImageRig], xkcd: StandIn) -> None:
    async def port_of_nobody() -> int:
        async with sending() as port:
            return port

    rig = make_rig(images_url=f"http://127.0.0.1:{asyncio.run(port_of_nobody())}")
    rig.fill(latest=9)
    assert rig.look() == LookedUp(looked_up=0, failed=4, left=9, problem="xkcd could not be reached.")


def test_at_the_deadline_it_ends_with_what_it_has(make_rig: Callable[..., ImageRig], xkcd: StandIn) -> None:
    rig = make_rig(attempt_timeout=30.0)
    rig.fill(latest=3)
    xkcd.image_faults[path_of(2)] = "silence"
    looked_up = rig.look(seconds=2.0)
    assert (looked_up.looked_up, looked_up.failed, looked_up.left) == (1, 1, 2)
    assert rig.images.failed == {2: "The image of comic 2 did not come before the deadline."}
    assert rig.look(seconds=0.0).looked_up == 0


def test_facts_are_looked_up_again_when_they_are_old(xkcd: StandIn, rig: ImageRig) -> None:
    rig.fill(latest=2)
    rig.look()
    rig.clock.now += MOST_FRESH
    rig.fill(latest=2)
    assert facts(rig, 1, 2) == {1: known(1), 2: known(2)}
    xkcd.asked.clear()
    rig.look()
    assert asked(xkcd) == {path_of(1), path_of(2)}
    assert facts(rig, 1) == {1: known(1, looked_at=NOW + MOST_FRESH)}


def test_images_of_old_comics_wait_until_those_are_fetched_again(xkcd: StandIn, rig: ImageRig) -> None:
    rig.fill(latest=2)
    rig.clock.now += MOST_FRESH
    assert rig.look() == LookedUp(looked_up=0, failed=0, left=0, problem=None)
    assert asked(xkcd) == set()


def test_when_xkcd_changes_the_image_the_facts_are_void(xkcd: StandIn, rig: ImageRig) -> None:
    rig.fill(latest=2)
    rig.look()
    rig.clock.now += MOST_FRESH
    FAULTS["another"] = lambda body: iter(changed(img="https://imgs.xkcd.com/comics/island_color.jpg")(body))
    xkcd.faults[2] = "another"
    rig.fill(latest=2)
    del FAULTS["another"]
    assert facts(rig, 1, 2) == {1: known(1), 2: None}
    rig.look()
    (image,) = facts(rig, 2).values()
    assert image is not None
    assert image.size == images.size("/comics/island_color.jpg")


def test_what_could_not_be_written_has_failed(table: LocalTable, rig: ImageRig) -> None:
    rig.fill(latest=3)
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    looked_up = rig.look(most=2)
    assert looked_up == LookedUp(0, 2, 3, "What was learnt of its image could not be written.")
    table.faults.clear()
    assert rig.look() == LookedUp(looked_up=3, failed=0, left=0, problem=None)


def test_a_table_that_cannot_be_read_is_an_error(
    table: LocalTable, rig: ImageRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.gather(1)
    table.faults["Scan"] = refusal("AccessDeniedException")
    with pytest.raises(TableError):
        rig.look()


def test_a_table_that_does_not_list_its_comics_in_time_is_an_error(rig: ImageRig) -> None:
    with pytest.raises(TableError, match=r"^The table could not be read before the deadline\.$"):
        rig.look(seconds=0.0)


def test_a_table_that_never_sends_comics_is_an_error_at_the_deadline(table: LocalTable, rig: ImageRig) -> None:
    rig.fill(latest=3)
    table.faults["BatchGetItem"] = lambda body, ask: Response(
        json.dumps({"Responses": {}, "UnprocessedKeys": body["RequestItems"]})
    )
    with pytest.raises(TableError, match=r"^The table could not be read before the deadline\.$"):
        rig.look(seconds=0.8)


def test_comics_that_are_fresh_in_the_archive_are_not_looked_up(
    make_rig: Callable[..., ImageRig], xkcd: StandIn, tmp_path: Path
) -> None:
    make_rig().fill(latest=3)
    archive = Archive(write_archive(tmp_path / "archive.sqlite", [found(1), found(2, 0.0)], 2))
    rig = make_rig(archive=archive)
    assert rig.look() == LookedUp(looked_up=2, failed=0, left=0, problem=None)
    assert asked(xkcd) == {path_of(2), path_of(3)}


def test_a_ping_looks_images_up_after_the_comics(xkcd: StandIn, rig: ImageRig, table: LocalTable) -> None:
    xkcd.latest = 20
    report = rig.ping()
    del report["milliseconds"]
    assert report == {
        "latest": 20,
        "gathered": 3,
        "failed": 0,
        "missing": 16,
        "images": 3,
        "images_failed": 0,
        "images_left": 1,
        "problem": None,
    }
    order = list(xkcd.asked)
    assert [path.startswith("/comics/") for path in order].index(True) == 4  # the latest and three comics come first


def test_a_ping_reports_trouble_with_images(xkcd: StandIn, rig: ImageRig) -> None:
    xkcd.latest = 20
    xkcd.image_faults[""] = "403"
    report = rig.ping()
    assert (report["gathered"], report["images"], report["images_failed"], report["images_left"]) == (3, 0, 2, 4)
    assert report["problem"] == "xkcd forbids us to ask (403)."


def test_the_latest_comic_keeps_its_facts_when_a_new_process_learns_the_latest(
    xkcd: StandIn, make_rig: Callable[..., ImageRig], rig: ImageRig
) -> None:
    xkcd.latest = 20
    rig.fetch_latest()
    rig.look()
    other = make_rig()
    other.fetch_latest()
    assert facts(other, 20) == {20: known(20)}
    assert facts(make_rig(), 20) == {20: known(20)}
