"""Settings from the environment."""

import re

import pytest

from app.settings import Settings


def test_an_empty_environment_asks_xkcd_itself() -> None:
    assert Settings.from_environ({}) == Settings(xkcd_url="https://xkcd.com", ca_file=None, deadline=8.0, attempt=3.0)


def test_an_empty_variable_counts_as_absent() -> None:
    assert Settings.from_environ({"XKCD_URL": "", "SSL_CERT_FILE": ""}) == Settings()


def test_the_environment_names_xkcd_and_the_authorities_to_trust() -> None:
    environ = {"XKCD_URL": "http://127.0.0.1:8001/", "SSL_CERT_FILE": "/ca.pem"}
    assert Settings.from_environ(environ) == Settings(xkcd_url="http://127.0.0.1:8001", ca_file="/ca.pem")


@pytest.mark.parametrize("url", ["xkcd.com", "ftp://xkcd.com", "https://:80", "https://xkcd.com/614", "http://x?y"])
def test_an_address_that_makes_no_sense_is_refused_with_its_name(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"XKCD_URL is {url!r}, but must be like 'https://xkcd.com'")):
        Settings.from_environ({"XKCD_URL": url})
