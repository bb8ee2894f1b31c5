"""The zip that Lambda gets: what is in it, what is not, and that it is the same each time."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from tempfile import mkdtemp
from zipfile import ZipFile

import certifi
import pytest

from app.settings import BUILD_ID
from tests.archives import write_archive
from tests.commands import ROOT
from tests.conftest import RUNTIME_PYTHON
from tools import archive_report, build_zip, python313

pytestmark = pytest.mark.deployment

NO_PYTHON_313 = {"PATH": "", "PYTHON313": "", "PYENV_ROOT": "/nowhere"}


def build(target: Path, environ: Mapping[str, str], umask: int = -1) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.build_zip", str(target)]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environ}, umask=umask, capture_output=True, text=True, check=True
    )


def test_it_holds_the_app_the_handler_and_the_locked_wheels_and_nothing_else(package: Path) -> None:
    locked = re.findall(r"^[\w-]+(?=\[|==)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    parts = {name.replace("-", "_") for name in locked} - {"anyio", "asgiref", "h11", "httpcore"} | {"app", "handler"}
    with ZipFile(package) as files:
        held = {name.split("/")[0].removesuffix(".py") for name in files.namelist()}
    assert {name for name in held if not name.endswith(".dist-info")} - {"__pycache__"} == parts


def test_of_the_app_it_holds_every_file_as_it_is(package: Path) -> None:
    paths = [path for path in (ROOT / "app").rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    ours = {str(path.relative_to(ROOT)): path.read_bytes() for path in [*paths, ROOT / "handler.py"]}
    with ZipFile(package) as files:
        assert {name: files.read(name) for name in files.namelist() if name in ours} == ours
        held = {name for name in files.namelist() if name.startswith("app/") and "__pycache__" not in name}
        held -= {name for name in held if name.startswith("app/authorities/")}
        assert held == {*ours, "app/build_id.txt"} - {"handler.py"}


def test_it_holds_each_of_certifis_authorities_once(package: Path) -> None:
    with ZipFile(package) as files:
        held = b"".join(map(files.read, files.namelist()))
    authorities = re.findall("-----BEGIN CERTIFICATE-----.+?-----END", certifi.contents(), re.DOTALL)
    assert [held.count(authority.encode()) for authority in authorities] == [1] * len(authorities)


def test_it_names_its_build_where_the_app_looks_for_it(package: Path) -> None:
    with ZipFile(package) as files:
        assert re.fullmatch("[0-9a-f]{24}", files.read(str(BUILD_ID.relative_to(ROOT))).decode())


def test_a_build_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    def named(**files: str) -> str:
        root = Path(mkdtemp(dir=tmp_path))
        for name, text in files.items():
            (root / name).write_text(text)
        return build_zip.build_id(root)

    same = named(css="color: red", js="")
    assert named(js="", css="color: red") == same
    assert same not in {named(css="color: tan", js=""), named(css="color: red", ts=""), named(css="color: redj", s="")}


def test_it_holds_no_tests_and_programs(package: Path) -> None:
    with ZipFile(package) as files:
        names = files.namelist()
    assert [name for name in names if re.search(r"(^|/)(tests?|bin)/", name)] == []


def test_of_each_package_in_it_it_holds_name_and_version_for_scanners_and_no_other_metadata(package: Path) -> None:
    with ZipFile(package) as files:
        names = files.namelist()
    metadata = [name.split("/") for name in names if ".dist-info/" in name]
    assert {file for _, file in metadata} == {"METADATA"}
    # This is how scanners and Python read it. A package is there if a module or a directory of its name is.
    described = {each.name.lower().replace("-", "_") for each in distributions(path=[str(package)])}
    parts = {name.split("/")[0].removesuffix(".py") for name in names if ".dist-info/" not in name}
    assert described == parts - {"app", "handler", "__pycache__"}


def test_what_is_compiled_from_c_is_for_arm64(package: Path) -> None:
    with ZipFile(package) as files:
        heads = {name: files.read(name)[:20] for name in files.namelist() if name.endswith(".so")}
    compiled = (
        "httptools/parser/parser",
        "httptools/parser/url_parser",
        "markupsafe/_speedups",
        "multidict/_multidict",
        "propcache/_helpers_c",
        "yarl/_quoting_c",
    )
    assert heads.keys() == {f"{name}.cpython-313-aarch64-linux-gnu.so" for name in compiled}
    # The machine that an ELF file is for: 183 is AArch64.
    assert {int.from_bytes(head[18:20], "little") for head in heads.values()} == {183}


def test_all_may_read_every_file(package: Path) -> None:
    with ZipFile(package) as files:
        assert {entry.external_attr >> 16 for entry in files.infolist()} == {0o100644}


def test_it_is_less_than_fourteen_megabytes_unpacked(package: Path) -> None:
    with ZipFile(package) as files:
        assert sum(entry.file_size for entry in files.infolist()) < 14_000_000


def test_built_twice_it_is_the_same(package: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    build(again, {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}, umask=0o077)
    assert again.read_bytes() == package.read_bytes()


def test_it_holds_the_archive_that_there_is_and_built_twice_it_is_the_same(package: Path, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "other.sqlite", [1, 2], made_at=time.time() - 3 * 86400)
    built = [build(tmp_path / name, {"ARCHIVE": str(archive)}) for name in ("first.zip", "second.zip")]
    about = (
        "other.sqlite: 2 comics of https://xkcd.com up to 2665, 0 with sizes and 0 with a sharp image, "
        "made 3 days ago, 0.0 MB."
    )
    assert {done.stdout.splitlines()[-1] for done in built} == {about}
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    with ZipFile(tmp_path / "first.zip") as files, ZipFile(package) as without:
        assert set(files.namelist()) - set(without.namelist()) == {"archive.sqlite"}
        assert files.read("archive.sqlite") == archive.read_bytes()
        assert files.read("app/build_id.txt") == without.read("app/build_id.txt")


def test_without_an_archive_what_that_costs_is_said(tmp_path: Path) -> None:
    built = build(tmp_path / "function.zip", {"ARCHIVE": ""})
    assert built.stdout.splitlines()[-1] == archive_report.WITHOUT


def test_an_archive_that_cannot_be_used_makes_no_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.build_zip", str(tmp_path / "function.zip")]
    environ = {**os.environ, "ARCHIVE": str(tmp_path / "absent")}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    why = f"{tmp_path}/absent is not a usable archive: unable to open database file\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", why)
    assert not (tmp_path / "function.zip").exists()


def test_from_the_zip_the_handler_finds_the_archive(task_root: Path) -> None:
    write_archive(task_root / "archive.sqlite", [614])
    program = """
import handler, json
print(json.loads(handler.handler({"path": "/comics/614"}, None)["body"])["source"])
"""
    command = [str(RUNTIME_PYTHON), "-B", "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=task_root, env={}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("archive\n", "")


def test_every_module_is_compiled_for_3_13_and_never_checked_again(package: Path, task_root: Path) -> None:
    python = python313.find()
    if python is None:
        pytest.skip("there is no Python 3.13 here")
    program = """
import importlib.util, marshal, pathlib
for source in pathlib.Path().rglob("*.py"):
    compiled = pathlib.Path(importlib.util.cache_from_source(source)).read_bytes()
    # https://peps.python.org/pep-0552/: the flag 1 is a hash of the source, and none to check it
    head = importlib.util.MAGIC_NUMBER + b"\\1\\0\\0\\0" + importlib.util.source_hash(source.read_bytes())
    assert compiled.startswith(head), source
    code = marshal.loads(compiled[len(head):])
    assert code.co_filename == f"/var/task/{source}", code.co_filename
"""
    subprocess.run([python, "-c", program], cwd=task_root, check=True)
    assert len([*task_root.rglob("*.pyc")]) == len([*task_root.rglob("*.py")]) > 0


def test_without_3_13_it_is_built_uncompiled_and_that_is_said(tmp_path: Path) -> None:
    built = build(tmp_path / "function.zip", NO_PYTHON_313)
    assert built.stderr.startswith("Lambda's Python 3.13 was not found, neither as PYTHON313 nor as python3.13 nor ")
    assert built.stderr.endswith(" has no compiled files, so each cold start will take twice as long.\n")
    with ZipFile(tmp_path / "function.zip") as files:
        assert [name for name in files.namelist() if name.endswith(".pyc")] == []


def test_the_report_tells_the_sizes_and_the_five_largest_parts(package: Path) -> None:
    first, *parts = build_zip.report(package).splitlines()
    assert re.fullmatch(r"[\d.]+ MB, [\d.]+ MB unpacked; the largest parts unpacked:", first)
    assert len(parts) == 5
    assert re.fullmatch(r" +[\d.]+ MB  httptools", parts[0])


def test_from_the_zip_the_handler_imports_no_aiodynamo_without_a_table(task_root: Path) -> None:
    program = "import sys, handler; print(handler.__file__, 'aiodynamo' in sys.modules, 'asgiref' in sys.modules)"
    command = [str(RUNTIME_PYTHON), "-B", "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=task_root, env={}, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{task_root}/handler.py False False\n", "")
