"""The locks are complete: they install on any day, whatever was released meanwhile, with uv and with pip."""

import subprocess
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from uv import find_uv_bin

from tests.commands import ROOT

LAMBDA: dict[str, str] = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
LOCAL = {name: str(value) for name, value in default_environment().items()}

INSTALLED = {
    "requirements-uv.txt": (ROOT / ".venv", LOCAL),
    "requirements-dev.txt": (ROOT / ".venv", LOCAL),
    "requirements.txt": (ROOT / ".wheels/lambda", LAMBDA),
    "requirements-runtime.txt": (ROOT / ".venv-runtime", {**LOCAL, "python_version": "3.13"}),
}
"""Where each lock was installed, and for which environment its markers are read."""

Lock = Mapping[NormalizedName, Requirement]


def lock(text: str) -> Lock:
    """The pinned requirements of a lock, by canonical name."""
    lines = (line.removesuffix("\\").strip() for line in text.splitlines() if line[:1].isalpha())
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, lines)}


def applies(requirement: Requirement, environ: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    if requirement.marker is None:
        return True
    return any(requirement.marker.evaluate({**environ, "extra": extra}) for extra in ["", *extras])


def unmet(wanted: Requirement, pins: Lock) -> bool:
    """Whether pip would look beyond the lock: the requirement's name, version or one of its extras is missing."""
    pin = pins.get(canonicalize_name(wanted.name))
    if pin is None or not wanted.extras <= pin.extras:
        return True
    (version,) = (specifier.version for specifier in pin.specifier)
    return not wanted.specifier.contains(version, prereleases=True)


def gaps(pins: Lock, installed: Iterable[Distribution], environ: Mapping[str, str]) -> list[str]:
    """What the lock's packages require and the lock does not hold, as "package: requirement"."""
    found = []
    for distribution in installed:
        pin = pins.get(canonicalize_name(distribution.name))
        if pin is None or not applies(pin, environ):
            continue
        requirements = map(Requirement, distribution.requires or ())
        wanted = [requirement for requirement in requirements if applies(requirement, environ, pin.extras)]
        found += [f"{pin.name}: {requirement}" for requirement in wanted if unmet(requirement, pins)]
    return sorted(found)


def held(where: Path) -> list[Distribution]:
    """The distributions in a directory, or in a virtual environment's."""
    path = [str(site) for site in where.glob("lib/python3.*/site-packages")] or [str(where)]
    return list(distributions(path=path))


def asked_for(path: Path) -> list[Requirement]:
    """The requirements of an .in file, and of those that it includes."""
    lines = [line.partition("#")[0].strip(" \\") for line in path.read_text().splitlines()]
    included = [path.parent / line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    ours = [Requirement(line) for line in lines if line and not line.startswith("-")]
    return ours + [requirement for other in included for requirement in asked_for(other)]


@pytest.mark.parametrize("name", INSTALLED)
def test_every_requirement_of_every_locked_package_is_in_the_lock(name: str) -> None:
    where, environ = INSTALLED[name]
    assert gaps(lock((ROOT / name).read_text()), held(where), environ) == []


@pytest.mark.parametrize("name", INSTALLED)
def test_every_locked_package_is_installed_where_it_applies(name: str) -> None:
    where, environ = INSTALLED[name]
    installed = {canonicalize_name(distribution.name): distribution.version for distribution in held(where)}
    pins = lock((ROOT / name).read_text())
    expected = {name: str(pin.specifier).removeprefix("==") for name, pin in pins.items() if applies(pin, environ)}
    assert {name: installed.get(name) for name in expected} == expected


@pytest.mark.parametrize("name", [*INSTALLED, "bench/requirements.txt"])
def test_a_lock_holds_all_that_is_asked_for(name: str) -> None:
    path = ROOT / name
    pins = lock(path.read_text())
    assert [str(wanted) for wanted in asked_for(path.with_suffix(".in")) if unmet(wanted, pins)] == []


def test_a_lock_that_lost_an_extra_is_found_out() -> None:
    name = "requirements-dev.txt"
    where, environ = INSTALLED[name]
    text = (ROOT / name).read_text().replace("coverage[toml]==", "coverage==")
    (gap,) = gaps(lock(text), held(where), environ)
    assert gap.startswith("pytest-cov: coverage[toml]")


def test_a_lock_without_a_package_is_found_out() -> None:
    where, environ = INSTALLED["requirements.txt"]
    pins = {name: pin for name, pin in lock((ROOT / "requirements.txt").read_text()).items() if name != "markupsafe"}
    assert [gap.partition(">")[0] for gap in gaps(pins, held(where), environ)] == [
        "flask: markupsafe",
        "jinja2: MarkupSafe",
        "werkzeug: markupsafe",
    ]


@pytest.mark.parametrize("environment", [".venv", ".venv-runtime"])
def test_uv_finds_nothing_missing_or_at_odds(environment: str) -> None:
    command = [find_uv_bin(), "pip", "check", "--python", str(ROOT / environment / "bin/python")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
