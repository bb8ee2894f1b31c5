"""Deploying and removing, against a cloud on 127.0.0.1: what moto knows of it. tests/test_template.py has the rest."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from app.application import XkcdGather
from app.caches import bounded as caches
from app.caches import dynamodb_client
from tests.commands import ROOT, attempt, serverless, service
from tools.stand_in import StandIn

pytestmark = pytest.mark.deployment

Environ = dict[str, str]


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environ]:
    """A cloud, as the environment with which it is used."""
    log = tmp_path_factory.mktemp("cloud") / "log"
    command = [sys.executable, "-m", "tools.cloud"]
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text()
            yield dict(pair.split("=", 1) for pair in line.split())
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return service(tmp_path_factory.mktemp("service"))


@pytest.fixture(scope="session")
def dev(cloud: Environ, directory: Path) -> str:
    """The stage `dev`, deployed: what the command said."""
    return serverless(directory, "deploy", "--stage", "dev", **cloud)


@contextmanager
def client(name: str, cloud: Environ) -> Iterator[Any]:
    made = boto3.client(
        name,
        endpoint_url=cloud["AWS_ENDPOINT_URL"],
        region_name=cloud["AWS_DEFAULT_REGION"],
        aws_access_key_id=cloud["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=cloud["AWS_SECRET_ACCESS_KEY"],
    )
    try:
        yield made
    finally:
        made.close()


def held(cloud: Environ, stage: str) -> dict[str, list[str]]:
    """What the cloud has of a stage, by service."""
    with (
        client("lambda", cloud) as functions,
        client("dynamodb", cloud) as tables,
        client("events", cloud) as rules,
        client("iam", cloud) as roles,
        client("logs", cloud) as logs,
        client("s3", cloud) as buckets,
    ):
        names = {
            "functions": [part["FunctionName"] for part in functions.list_functions()["Functions"]],
            "tables": tables.list_tables()["TableNames"],
            "rules": [part["ScheduleExpression"] + part["Name"] for part in rules.list_rules()["Rules"]],
            "roles": [part["RoleName"] for part in roles.list_roles()["Roles"]],
            "logs": [part["logGroupName"] for part in logs.describe_log_groups()["logGroups"]],
            "buckets": [part["Name"] for part in buckets.list_buckets()["Buckets"]],
        }
    mine = {kind: [name for name in found if f"xkcd-gather-{stage}" in name] for kind, found in names.items()}
    return {kind: found for kind, found in mine.items() if found}


def size_of_the_code(cloud: Environ, stage: str) -> int:
    with client("lambda", cloud) as functions:
        size: int = functions.get_function_configuration(FunctionName=f"xkcd-gather-{stage}-api")["CodeSize"]
    return size


def test_deploying_makes_the_function_its_table_its_role_its_rule_and_its_logs(dev: str, cloud: Environ) -> None:
    made = held(cloud, "dev")
    (rule,) = made.pop("rules")
    (bucket,) = made.pop("buckets")
    assert rule.startswith("rate(5 minutes)xkcd-gather-dev-ApiEventsRuleSchedule1")
    assert bucket.startswith("xkcd-gather-dev-serverlessdeploymentbucket")
    assert made == {
        "functions": ["xkcd-gather-dev-api"],
        "tables": ["xkcd-gather-dev"],
        "roles": ["xkcd-gather-dev-eu-central-1-lambdaRole"],
        "logs": ["/aws/http-api/xkcd-gather-dev", "/aws/lambda/xkcd-gather-dev-api"],
    }


def test_deploying_uploads_the_zip_as_it_is(dev: str, cloud: Environ, directory: Path) -> None:
    assert size_of_the_code(cloud, "dev") == (directory / "dist/function.zip").stat().st_size


def test_the_deployed_table_is_one_that_the_app_can_use(
    dev: str,
    cloud: Environ,
    xkcd: StandIn,
    make_app: Callable[..., XkcdGather],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caches, "TABLE_TIMEOUT", 10.0)
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 10.0)
    for name, value in cloud.items():
        monkeypatch.setenv(name, value)
    documents = [make_app(table="xkcd-gather-dev").test_client().get("/comics?n=1-5").json for _ in range(2)]
    sources = [[comic["source"] for comic in document["comics"]] for document in documents]
    assert sources == [["xkcd"] * 5, ["table"] * 5]
    assert sum(xkcd.asked.values()) == 5


def test_a_stage_is_removed_without_its_zip_leaves_nothing_and_can_be_deployed_again(
    cloud: Environ, directory: Path, tmp_path: Path
) -> None:
    serverless(directory, "deploy", "--stage", "prod", **cloud)
    made = held(cloud, "prod")
    elsewhere = service(tmp_path)
    (elsewhere / "dist/function.zip").unlink()
    serverless(elsewhere, "remove", "--stage", "prod", **cloud)
    assert held(cloud, "prod") == {}
    serverless(directory, "deploy", "--stage", "prod", **cloud)
    assert held(cloud, "prod").keys() == made.keys()


def test_the_stage_local_cannot_be_deployed(cloud: Environ, directory: Path) -> None:
    status, said = attempt(directory, "deploy", **cloud)
    assert status == 1
    assert "No file matches include / exclude patterns" in said
    assert held(cloud, "local") == {}


def test_an_earlier_deployment_can_be_brought_back(cloud: Environ, tmp_path: Path) -> None:
    directory = service(tmp_path)
    params = ("--stage", "back", "--param=table=xkcd-gather-back", "--param=artifact=dist/function.zip")
    archive = directory / "dist/function.zip"
    earlier = archive.stat().st_size
    serverless(directory, "deploy", *params, **cloud)
    with zipfile.ZipFile(archive, "a") as zip_file:
        zip_file.writestr("more", "more")
    serverless(directory, "deploy", *params, **cloud)
    assert size_of_the_code(cloud, "back") == archive.stat().st_size
    listed = serverless(directory, "deploy", "list", *params, **cloud)
    timestamps = re.findall(r"Timestamp: (\d+)", listed)
    serverless(directory, "rollback", "--timestamp", timestamps[0], *params, **cloud)
    assert size_of_the_code(cloud, "back") == earlier
