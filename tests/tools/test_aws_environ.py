"""Tables in AWS, as a developer's machine knows them."""

from pathlib import Path

import pytest

from tests.tools.test_fill import run
from tools.aws_environ import aws_environ
from tools.stand_in import StandIn
from tools.table import LocalTable

CONFIG = """
[profile reader]
region = eu-central-1

[profile elsewhere]
sso_session = ours
sso_account_id = 123456789012
sso_role_name = reader

[profile another]
role_arn = arn:aws:iam::123456789012:role/another
source_profile = reader
region = eu-central-1

[sso-session ours]
sso_start_url = https://sso.invalid/start
sso_region = eu-central-1
"""
CREDENTIALS = """
[reader]
aws_access_key_id = AKIAREADER
aws_secret_access_key = secret of the reader
aws_session_token = token of the reader
"""


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves a developer's files as all that is known of AWS."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)


def test_a_profile_is_what_the_app_reads_from_the_environment(profiles: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "reader")
    assert aws_environ() == {}
    monkeypatch.setenv("COMICS_TABLE", "xkcd-gather-dev")
    assert aws_environ() == {
        "AWS_ACCESS_KEY_ID": "AKIAREADER",
        "AWS_SECRET_ACCESS_KEY": "secret of the reader",
        "AWS_SESSION_TOKEN": "token of the reader",
        "AWS_REGION": "eu-central-1",
    }


def test_a_profile_fills_its_table(xkcd: StandIn, table: LocalTable, profiles: None) -> None:
    xkcd.latest = 3
    assert run(xkcd, AWS_PROFILE="reader")[0] == 0
    assert table.items().keys() == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        (
            {"AWS_PROFILE": "nobody"},
            "AWS's credentials cannot be used: The config profile (nobody) could not be found\n",
        ),
        (
            {"AWS_PROFILE": "elsewhere"},
            "AWS's credentials cannot be used: Error loading SSO Token: Token for ours does not exist\n",
        ),
        ({}, "There are no credentials for the table: set AWS_PROFILE, or log in with `aws sso login`.\n"),
    ],
    ids=["no such profile", "not logged in", "no profile"],
)
def test_credentials_that_cannot_be_used_are_one_line(
    xkcd: StandIn, table: LocalTable, profiles: None, environ: dict[str, str], said: str
) -> None:
    assert run(xkcd, **environ) == (2, "", said)


def test_a_role_that_may_not_be_assumed_is_one_line(xkcd: StandIn, table: LocalTable, profiles: None) -> None:
    # The stand-in plays STS, of which it knows nothing.
    code, out, said = run(xkcd, AWS_PROFILE="another", AWS_ENDPOINT_URL_STS=xkcd.url, AWS_MAX_ATTEMPTS="1")
    assert (code, out, said.count("\n")) == (2, "", 1)
    assert said.startswith("AWS's credentials cannot be used: An error occurred (Unknown) when calling the AssumeRole")
