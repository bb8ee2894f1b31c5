"""The bill of materials of the zip that Lambda gets."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from app.settings import VERSION
from tests.commands import ROOT
from tools import sbom

pytestmark = pytest.mark.deployment


@pytest.fixture(scope="module")
def text(package: Path) -> str:
    return sbom.sbom(package)


@pytest.fixture(scope="module")
def document(text: str) -> Any:
    return json.loads(text)


def locked() -> Iterator[tuple[str, str]]:
    """Name and version of each package in the function's lock."""
    yield from re.findall(r"^([\w-]+)(?:\[\w+\])?==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)


def test_it_is_valid_by_cyclone_dxs_own_schema(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    broken = text.replace('"name": "flask"', '"name": 1')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_it_lists_each_package_that_the_zip_has_code_of_and_no_other(package: Path, document: Any) -> None:
    with ZipFile(package) as files:
        held = {name.split("/")[0].removesuffix(".py") for name in files.namelist()}
    expected = {(name, version) for name, version in locked() if name.replace("-", "_") in held}
    listed = {(each["name"], each["version"]): each["purl"] for each in document["components"]}
    assert listed == {(name, version): f"pkg:pypi/{name}@{version}" for name, version in expected}


def test_each_package_has_the_licence_that_it_states_or_brings(document: Any) -> None:
    licenses = {each["name"]: each["licenses"] for each in document["components"]}
    assert all(licenses.values())
    assert licenses["flask"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert licenses["certifi"] == [{"license": {"id": "MPL-2.0"}}]
    assert licenses["serverless-wsgi"] == [{"license": {"id": "MIT"}}]
    assert licenses["jinja2"] == [{"license": {"name": "BSD License"}}]
    assert licenses["aiodynamo"] == [{"license": {"id": "Apache-2.0"}}]


def test_it_is_about_this_zip_and_tells_no_time(package: Path, document: Any) -> None:
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert document["metadata"] == {
        "component": {
            "bom-ref": f"xkcd-gather@{VERSION}",
            "hashes": [{"alg": "SHA-256", "content": digest}],
            "licenses": [{"license": {"id": "MIT"}}],
            "name": "xkcd-gather",
            "type": "application",
            "version": VERSION,
        }
    }


def test_it_says_what_needs_what(document: Any) -> None:
    names = {each["bom-ref"]: each["name"] for each in [*document["components"], document["metadata"]["component"]]}
    needs = {names[each["ref"]]: [names[ref] for ref in each.get("dependsOn", [])] for each in document["dependencies"]}
    assert needs["xkcd-gather"] == sorted(sbom.required_by_us())
    assert needs["jinja2"] == ["markupsafe"]
    assert needs["httpx"] == ["certifi", "idna"]  # neither its own transport, which is left out, nor its extras


def test_it_is_written_beside_the_zip_and_the_same_each_time(package: Path, tmp_path: Path, text: str) -> None:
    copied = Path(shutil.copy(package, tmp_path / "function.zip"))
    sbom.main(copied)
    assert (tmp_path / "function.cdx.json").read_text() == text
