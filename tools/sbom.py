"""Writes dist/function.cdx.json, the bill of materials (SBOM) of dist/function.zip, as CycloneDX 1.6.

    python -m tools.sbom [dist/function.zip]

It lists the packages whose metadata is in the zip, which are those that the zip has code of. It is read from the zip
alone, needs no network, and is the same for the same zip: so it carries no time, and its serial number comes from the
zip's hash.

A component has no hash. The locks have several for each version, one for each of its files, and nothing in an installed
package says which of these files it came from. The hash of the whole zip is that of the document's own component.
"""

import hashlib
import re
import sys
import uuid
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from app.settings import VERSION

ROOT = Path(__file__).parent.parent

UNSTATED = {"aiodynamo": "Apache-2.0"}
"""The licences of packages whose metadata state none, from their files LICENSE, which the zip has not."""

Libraries = dict[NormalizedName, Component]


def sbom(package: Path) -> str:
    """The bill of materials of that zip, as JSON."""
    found = list(distributions(path=[str(package)]))
    libraries = {canonicalize_name(each.name): _library(each) for each in found}
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    service = _service(digest)
    bom = Bom(components=libraries.values(), serial_number=uuid.uuid5(uuid.NAMESPACE_OID, digest))
    bom.metadata = BomMetaData(component=service)
    bom.metadata.timestamp = None  # type: ignore[assignment] # it is optional, which its type does not say
    bom.register_dependency(service, _held(libraries, required_by_us()))
    for each in found:
        wanted = [needed.name for needed in map(Requirement, each.requires or ()) if "extra" not in str(needed.marker)]
        bom.register_dependency(libraries[canonicalize_name(each.name)], _held(libraries, wanted))
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _service(digest: str) -> Component:
    return Component(
        name="xkcd-gather",
        version=VERSION,
        type=ComponentType.APPLICATION,
        bom_ref=f"xkcd-gather@{VERSION}",
        licenses=[LicenseFactory().make_from_string("MIT")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest)],
    )


def _library(distribution: Distribution) -> Component:
    name, stated = canonicalize_name(distribution.name), _license(distribution)
    purl = PackageURL(type="pypi", name=name, version=distribution.version)
    return Component(
        name=name,
        version=distribution.version,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=[LicenseFactory().make_from_string(stated)] if stated else [],
    )


def _license(distribution: Distribution) -> str | None:
    """The licence that the package states: an SPDX expression, or else the name in its classifier."""
    fields = distribution.metadata.get_all
    stated = [*fields("License-Expression", []), *fields("License", [])]
    named = [text.rpartition(" :: ")[2] for text in fields("Classifier", []) if text.startswith("License :: ")]
    found = next((text for text in [*stated, *named] if text != "UNKNOWN"), None)
    if found is None:
        return UNSTATED.get(canonicalize_name(distribution.name))
    return "MIT" if found == "MIT License" else found  # the only such name that means one SPDX licence


def required_by_us() -> list[str]:
    """The packages that requirements.in names."""
    return re.findall(r"^[\w-]+", (ROOT / "requirements.in").read_text(), re.MULTILINE)


def _held(libraries: Libraries, names: Iterable[str]) -> list[Component]:
    """The libraries of these names that are in the zip."""
    return [libraries[name] for name in map(canonicalize_name, names) if name in libraries]


def main(package: Path) -> None:
    """Write the document beside the zip."""
    target = package.with_suffix(".cdx.json")
    target.write_text(sbom(package))
    print(f"{target}: the packages in it")


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or ["dist/function.zip"]))
