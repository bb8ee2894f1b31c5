"""Settings from the environment."""

import re
from pathlib import Path

import pytest

from app import settings
from app.application import XkcdGather
from app.settings import OWN_PATHS, Settings


def test_an_empty_environment_asks_xkcd_itself() -> None:
    assert Settings.from_environ({}) == Settings(
        xkcd_url="https://xkcd.com",
        public_url="",
        contact="",
        ca_file=None,
        connect_at_start=0,
        time_limit=8.0,
        attempt_timeout=3.0,
        floor=3290,
        hedge=True,
        comics_in_memory=5000,
        archive="",
        table="",
        fill_at_most=50,
        fill_at_once=5,
        build_id="",
    )


def test_the_package_says_which_build_it_is(tmp_path: Path) -> None:
    written = tmp_path / "build_id.txt"
    written.write_text("0123456789abcdef01234567")
    assert Settings.from_environ({}, written) == Settings(build_id="0123456789abcdef01234567")


def test_an_empty_variable_counts_as_absent() -> None:
    names = (
        "XKCD_URL",
        "IMAGES_URL",
        "PUBLIC_URL",
        "CONTACT",
        "XKCD_FLOOR",
        "SSL_CERT_FILE",
        "COMICS_IN_MEMORY",
        "COMICS_TABLE",
        "FILL_AT_MOST",
        "FILL_AT_ONCE",
        "HEDGE",
    )
    assert Settings.from_environ(dict.fromkeys(names, "")) == Settings()


def test_the_archive_is_the_file_beside_the_handler_if_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ARCHIVE", tmp_path / "archive.sqlite")
    assert Settings.from_environ({}).archive == ""
    (tmp_path / "archive.sqlite").touch()
    assert Settings.from_environ({}).archive == str(tmp_path / "archive.sqlite")


def test_the_environment_names_another_archive_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "ARCHIVE", tmp_path)
    assert Settings.from_environ({"ARCHIVE": "other.sqlite"}).archive == "other.sqlite"
    assert Settings.from_environ({"ARCHIVE": ""}).archive == ""


def test_the_environment_names_xkcd_how_far_it_is_and_the_authorities_to_trust() -> None:
    environ = {"XKCD_URL": "http://127.0.0.1:8001/", "XKCD_FLOOR": "2665", "SSL_CERT_FILE": "/ca.pem"}
    expected = Settings(xkcd_url="http://127.0.0.1:8001", floor=2665, ca_file="/ca.pem")
    assert Settings.from_environ(environ) == expected


def test_the_environment_says_where_callers_reach_this_service() -> None:
    assert Settings.from_environ({"PUBLIC_URL": "https://x.org:8443/"}) == Settings(public_url="https://x.org:8443")
    with pytest.raises(ValueError, match=r"^PUBLIC_URL is 'x\.org', but must be like 'https://xkcd\.example\.org': "):
        Settings.from_environ({"PUBLIC_URL": "x.org"})


@pytest.mark.parametrize(
    "url",
    [
        "xkcd.com",
        "ftp://xkcd.com",
        "https://:80",
        "https://xkcd.com/614",
        "http://x?y",
        "https://xkcd.com:65536",
        "https://xkcd.com:0",
        "https://xkcd..com",
        f"https://{'x' * 64}.com",
        "http://[1.2.3]",
    ],
)
def test_an_address_that_makes_no_sense_is_refused_with_its_name(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"XKCD_URL is {url!r}, but must be like 'https://xkcd.com'")):
        Settings.from_environ({"XKCD_URL": url})


def test_the_environment_names_the_server_of_the_images() -> None:
    assert Settings().images_url == "https://imgs.xkcd.com"
    images_url = Settings.from_environ({"IMAGES_URL": "http://[::1]:8001/"}).images_url
    assert images_url == "http://[::1]:8001"


@pytest.mark.parametrize(
    "url", ["imgs.xkcd.com", "https://imgs.xkcd.com/comics", "https://a;script-src *", "https://a b"]
)
def test_an_address_of_images_that_would_spoil_a_policy_is_refused_with_its_name(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"IMAGES_URL is {url!r}, but must be like '{settings.IMAGES}'")):
        Settings.from_environ({"IMAGES_URL": url})


@pytest.mark.parametrize("contact", ["https://example.org/~me/bot?a=1#b", "http://[::1]/", "me+xkcd@example.org"])
def test_the_environment_says_whom_xkcd_can_write_to(contact: str) -> None:
    assert Settings.from_environ({"CONTACT": contact}).contact == contact


@pytest.mark.parametrize(
    "contact",
    [
        "me",
        "@",
        "me@",
        "https://",
        "https://a b",
        "me@a\r\nX: y",
        "https://a/(b)",
        "me@a\\",
        "me@\xe9",
        "ftp://a",
        "me@a\n",
    ],
)
def test_a_contact_that_is_none_or_would_spoil_a_header_is_refused_with_its_name(contact: str) -> None:
    expected = f"CONTACT is {contact!r}, but must be like 'https://example.org/bot' or 'me@example.org'"
    with pytest.raises(ValueError, match=re.escape(expected)):
        Settings.from_environ({"CONTACT": contact})


def test_the_environment_says_what_is_kept_and_how_it_is_filled() -> None:
    environ = {"COMICS_IN_MEMORY": "0", "COMICS_TABLE": "comics", "FILL_AT_MOST": "9", "FILL_AT_ONCE": "25"}
    assert Settings.from_environ(environ) == Settings(
        comics_in_memory=0, table="comics", fill_at_most=9, fill_at_once=25
    )


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "٣"])
def test_a_count_that_is_none_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"FILL_AT_MOST is {text!r}, but must be a whole number")):
        Settings.from_environ({"FILL_AT_MOST": text})


@pytest.mark.parametrize(("text", "hedge"), [("0", False), ("1", True)])
def test_the_environment_says_whether_slow_requests_are_hedged(text: str, hedge: bool) -> None:
    assert Settings.from_environ({"HEDGE": text}).hedge is hedge


@pytest.mark.parametrize("text", ["yes", "2", "true"])
def test_a_switch_that_is_neither_on_nor_off_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"HEDGE is {text!r}, but must be 0 or 1")):
        Settings.from_environ({"HEDGE": text})


@pytest.mark.parametrize("at_once", ["0", "26"])
def test_filling_asks_for_one_to_twenty_five_at_a_time(at_once: str) -> None:
    with pytest.raises(ValueError, match=f"^FILL_AT_ONCE is {at_once}, but must be a number from 1 to 25$"):
        Settings.from_environ({"FILL_AT_ONCE": at_once})


def test_a_floor_that_no_comic_has_reached_is_refused_with_its_name() -> None:
    assert Settings.from_environ({"XKCD_FLOOR": "9999"}).floor == 9999
    with pytest.raises(ValueError, match=r"^XKCD_FLOOR is 10000, but must be the number of a comic, at most 9999$"):
        Settings.from_environ({"XKCD_FLOOR": "10000"})


def test_no_more_connections_are_opened_at_the_start_than_there_may_be() -> None:
    assert Settings.from_environ({"CONNECT_AT_START": "100"}).connect_at_start == 100
    with pytest.raises(ValueError, match=r"^CONNECT_AT_START is 101, but must be at most 100$"):
        Settings.from_environ({"CONNECT_AT_START": "101"})


@pytest.mark.parametrize("path", ["/xkcd/", "xkcd", "fun/xkcd"])
def test_a_base_path_may_have_slashes_around_it(path: str) -> None:
    assert Settings.from_environ({"API_GATEWAY_BASE_PATH": path}).base_path == path.strip("/")


@pytest.mark.parametrize("path", ["comics", "fun/docs", "é", "a b", "a//b", "a?b"])
def test_a_base_path_that_would_be_taken_for_another_is_refused_with_its_name(path: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"API_GATEWAY_BASE_PATH is {path!r}, but must be like 'xkcd'")):
        Settings.from_environ({"API_GATEWAY_BASE_PATH": path})


def test_a_base_path_may_contain_no_path_of_this_service(app: XkcdGather) -> None:
    first_segments = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    assert first_segments - {"", "<num>", "<number:num>"} == OWN_PATHS


def test_an_address_that_redirects_is_refused_with_the_right_one() -> None:
    with pytest.raises(ValueError, match=r"^XKCD_URL is 'http://xkcd\.com', which redirects: use 'https://xkcd\.com'$"):
        Settings.from_environ({"XKCD_URL": "http://xkcd.com/"})
