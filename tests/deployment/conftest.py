"""The templates that serverless.yml becomes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import serverless, service

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
CLOUD_FRONT = {
    "cloudFront": "on",
    "domain": "comics.example.org",
    "certificate": CERTIFICATE,
    "dashboard": "on",
    "contact": "me@example.org",
}

Template = dict[str, Any]


def compiled(directory: Path, stage: str, **params: str) -> Path:
    """The template's file."""
    chosen = [f"--param={name}={value}" for name, value in params.items()]
    serverless(service(directory), "package", "--stage", stage, "--package", "package", *chosen)
    return directory / "package/cloudformation-template-update-stack.json"


@pytest.fixture(scope="session")
def prod_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("prod"), "prod")


@pytest.fixture(scope="session")
def cloud_front_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled(tmp_path_factory.mktemp("cloud_front"), "prod", **CLOUD_FRONT)


@pytest.fixture(scope="session")
def prod(prod_file: Path) -> Template:
    template: Template = json.loads(prod_file.read_text())
    return template


@pytest.fixture(scope="session")
def cloud_front(cloud_front_file: Path) -> Template:
    template: Template = json.loads(cloud_front_file.read_text())
    return template
