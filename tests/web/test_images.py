"""What answers and pages say of images."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.application import XkcdGather
from app.settings import IMAGES
from tests.archives import alter, write_archive
from tests.records import found
from tests.rig import Context
from tools.stand_in import StandIn, images
from tools.table import LocalTable

MakeApp = Callable[..., XkcdGather]

ABOUT = ("img_2x", "width", "height")
PHONE, PHONE_2X = f"{IMAGES}/comics/xkcd_phone_2000.png", f"{IMAGES}/comics/xkcd_phone_2000_2x.png"


def known(num: int) -> dict[str, object]:
    """What the stand-in has of that comic's image, as in an answer."""
    img = found(num).comic.img or ""
    size = images.size(img.removeprefix(IMAGES))
    return {
        "num": num,
        "img": img or None,
        "img_2x": img.replace(".png", "_2x.png") if img and num >= images.FIRST_2X else None,
        "width": size and size.width,
        "height": size and size.height,
    }


@pytest.fixture
def archived(make_app: MakeApp, whole_archive: Path) -> XkcdGather:
    return make_app(archive=str(whole_archive))


def test_a_comic_from_the_archive_comes_with_what_is_known_of_its_image(xkcd: StandIn, archived: XkcdGather) -> None:
    numbers = (1, 614, 1446, 1608, 2000)
    asked = f"/comics?n={','.join(map(str, numbers))}&fields=num,img,img_2x,width,height"
    for _ in ("from the archive", "from memory"):
        assert archived.test_client().get(asked).json["comics"] == [known(num) for num in numbers]
    assert xkcd.asked == {}


def test_so_do_the_lines_of_the_archive(archived: XkcdGather) -> None:
    lines = archived.test_client().get("/archive.ndjson?since=2660").text.splitlines()
    comics = [json.loads(line) for line in lines]
    assert [{name: comic[name] for name in known(2661)} for comic in comics] == [
        known(num) for num in range(2661, 2666)
    ]


def test_what_is_not_known_is_null_and_no_request_looks_it_up(
    xkcd: StandIn, table: LocalTable, make_app: MakeApp
) -> None:
    client = make_app(table=table.name).test_client()
    for path in ("/comics/2000?fields=img_2x,width,height", "/comics/2000?fields=img_2x,width,height"):
        assert client.get(path).json == dict.fromkeys(ABOUT)
    client.get("/?n=2000")
    assert client.get("/comics/2000/image?size=2x").location == PHONE
    assert xkcd.asked == {"/2000/info.0.json": 1}


def test_after_a_ping_it_is_known(xkcd: StandIn, table: LocalTable, make_app: MakeApp) -> None:
    app = make_app(table=table.name, fill_at_most=1)
    before = app.test_client().get("/comics/latest")
    app.ping(Context())
    for each in (app, make_app(table=table.name)):
        assert each.test_client().get("/comics/latest?fields=num,img,img_2x,width,height").json == known(2665)
    after = app.test_client().get("/comics/latest", headers={"If-None-Match": before.headers["ETag"]})
    assert (after.status_code, after.json["width"]) == (200, known(2665)["width"])


def test_records_remain_those_of_xkcd(archived: XkcdGather) -> None:
    record = archived.test_client().get("/2000/info.0.json").get_json()
    assert record.keys() & set(ABOUT) == set()


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/comics/2000/image", PHONE),
        ("/comics/2000/image?size=1x", PHONE),
        ("/comics/2000/image?size=2x", PHONE_2X),
        ("/comics/latest/image?size=2x", f"{IMAGES}/comics/america_songs_2x.png"),
        ("/comics/614/image?size=2x", f"{IMAGES}/comics/woodpecker.png"),
        ("/comics/random/image?seed=2026-11-22&size=2x", f"{IMAGES}/comics/wasteland.png"),
    ],
)
def test_an_image_is_a_redirect_to_the_sharp_one_if_there_is_one(
    archived: XkcdGather, path: str, location: str
) -> None:
    answer = archived.test_client().get(path)
    assert (answer.status_code, answer.location) == (302, location)


@pytest.mark.parametrize("size", ["", "3x", "2X", "large"])
def test_another_size_is_refused(archived: XkcdGather, size: str) -> None:
    answer = archived.test_client().get(f"/comics/614/image?size={size}")
    assert (answer.status_code, answer.json["detail"]) == (400, f"'size' must be 1x or 2x, not '{size}'.")


def image(page: str) -> dict[str, str]:
    """The attributes of the page's image, but for its texts."""
    (tag,) = re.findall("<img [^>]*>", page)
    return {name: value for name, value in re.findall('([a-z0-9]+)="([^"]*)"', tag) if name not in ("alt", "title")}


def test_the_gallery_reserves_the_right_space_and_has_the_sharp_image(make_app: MakeApp, whole_archive: Path) -> None:
    client = make_app(archive=str(whole_archive), images_url=IMAGES).test_client()
    about = known(2000)
    assert image(client.get("/?n=2000").text) == {
        "src": PHONE,
        "srcset": f"{PHONE} 1x, {PHONE_2X} 2x",
        "width": str(about["width"]),
        "height": str(about["height"]),
        "loading": "lazy",
        "decoding": "async",
    }
    assert image(client.get("/?n=614").text).keys() == {"src", "width", "height", "loading", "decoding"}


def test_pages_show_images_from_the_server_that_stands_in_and_json_has_xkcds_addresses(
    xkcd: StandIn, archived: XkcdGather
) -> None:
    client = archived.test_client()
    page = client.get("/?n=2000")
    shown = image(page.text)
    assert (shown["src"], shown["srcset"]) == (
        f"{xkcd.url}/comics/xkcd_phone_2000.png",
        f"{xkcd.url}/comics/xkcd_phone_2000.png 1x, {xkcd.url}/comics/xkcd_phone_2000_2x.png 2x",
    )
    assert f"img-src data: https://xkcd.com https://*.xkcd.com {xkcd.url};" in page.headers["Content-Security-Policy"]
    assert client.get("/comics/2000").json["img"] == PHONE


def test_a_comic_renewed_by_xkcd_keeps_what_is_known_of_its_image(
    xkcd: StandIn, make_app: MakeApp, tmp_path: Path
) -> None:
    path = write_archive(tmp_path / "archive.sqlite")
    alter(path, "UPDATE comics SET fetched_at = 0")
    comic = make_app(archive=str(path)).test_client().get("/comics/2000").json
    assert comic["source"] == "xkcd"
    assert {name: comic[name] for name in known(2000)} == known(2000)


def test_a_newer_copy_in_the_table_takes_over_what_the_archive_knows(
    xkcd: StandIn, table: LocalTable, make_app: MakeApp, tmp_path: Path
) -> None:
    make_app(table=table.name).test_client().get("/comics/2000")
    path = write_archive(tmp_path / "archive.sqlite")
    alter(path, "UPDATE comics SET fetched_at = 0")
    app = make_app(archive=str(path), table=table.name)
    comic = app.test_client().get("/comics/2000").json
    assert comic["source"] == "table"
    assert {name: comic[name] for name in known(2000)} == known(2000)
