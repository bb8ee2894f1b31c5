"""Builds dist/function.zip, which Lambda runs: the locked wheels for Python 3.13 on arm64, app/ and handler.py.

    python -m tools.build_zip [dist/function.zip]

The archive is in it too, if ARCHIVE names one or there is one beside handler.py.
The wheels are those that the Makefile installed into .wheels/lambda, so no network is needed. Two builds on one
machine are equal byte for byte; another zlib may compress differently. The zip has compiled files when a Python 3.13
is found (see tools/python313.py). Without them each cold start compiles every module, as /var/task is read-only.

It also writes app/build_id.txt, a hash of all contents but the archive, so that each change changes all ETags. Those
of comics follow the comics, so another archive needs no other id.

Parts of the wheels that the function never uses are left out:

- Their metadata, except for METADATA (63 KB, packed 28): Amazon Inspector and other scanners read name and version
  there. No start reads it; only `flask.__version__`, Flask's command line and test client, and werkzeug's local server
  would.
- asgiref, which `flask[async]` brings and app/runtime/event_loop.py replaces. If that override ever failed, each view
  would run in an event loop of its own and lose its connections, unnoticed. Without asgiref, Flask raises.
- httpcore, h11 and anyio, which httpx brings and app/upstream/transport.py replaces: likewise.
- certifi's file of authorities: app/authorities/ has each of them in a file of its own (see tools/authorities.py).
- Programs in bin/, and the tests of certifi and multidict.

The sources stay beside the compiled files, so that tracebacks show their lines.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from app.connections.tls import AUTHORITIES
from app.settings import ARCHIVE, BUILD_ID
from tools import archive_report, authorities, python313
from tools.failing import one_line_errors

ROOT = Path(__file__).parent.parent

LAMBDA_WHEELS = ROOT / ".wheels" / "lambda"
LOCAL_WHEELS = ROOT / ".wheels" / "local"
"""The same packages for .venv-runtime on this machine, to run here as in Lambda."""

LEFT_OUT = ("*.dist-info", ".lock", "__pycache__", "_testcapi.*", "anyio", "asgiref", "bin", "h11", "httpcore", "tests")

# Where Lambda unpacks the zip. The compiled files name it, and not the directory that they were compiled in.
TASK_ROOT = "/var/task"

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can tell
MODE = stat.S_IFREG | 0o644  # Lambda runs the function as another user: all may read


def build(target: Path, python: str | None, wheels: Path = LAMBDA_WHEELS, archive: Path | None = None) -> None:
    """Write the zip from these installed wheels, with files compiled by that Python 3.13 if there is one."""
    with TemporaryDirectory() as directory:
        root = Path(directory, "function")
        shutil.copytree(wheels, root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        _copy_metadata(wheels, root)
        _copy_ours(root)
        _replace_authorities(root)
        (root / BUILD_ID.relative_to(ROOT)).write_text(build_id(root))
        if archive:
            shutil.copy(archive, root / ARCHIVE.name)
        if python:
            _compile(root, python)
        _pack(root, target)


def build_id(root: Path) -> str:
    """The hash of the names and bytes of all files below that directory.

    It is taken before compiling, so that it does not depend on the Python that compiles.
    """
    digest = hashlib.blake2b(digest_size=12)
    for name, path in _files(root):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def report(built: Path) -> str:
    """The size of a zip, packed and unpacked, and its five largest parts."""
    sizes: Counter[str] = Counter()
    with ZipFile(built) as package:
        for entry in package.infolist():
            sizes[_part(entry.filename)] += entry.file_size
    lines = [f"{_megabytes(built.stat().st_size)}, {_megabytes(sizes.total())} unpacked; the largest parts unpacked:"]
    lines += [f"{_megabytes(size):>8}  {part}" for part, size in sizes.most_common(5)]
    return "\n".join(lines)


def _copy_metadata(wheels: Path, root: Path) -> None:
    """Copy METADATA of the packages that have a file below root."""
    for distribution in distributions(path=[str(wheels)]):
        directory = next(file.parts[0] for file in distribution.files or () if file.name == "METADATA")
        if any((root / file).exists() for file in distribution.files or () if file.parts[0] not in ("..", directory)):
            (root / directory).mkdir()
            shutil.copy(wheels / directory / "METADATA", root / directory)


def _copy_ours(root: Path) -> None:
    shutil.copytree(ROOT / "app", root / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "handler.py", root)


def _replace_authorities(root: Path) -> None:
    pem = root / "certifi" / "cacert.pem"
    authorities.write_directory(pem, root / AUTHORITIES.relative_to(ROOT))
    pem.unlink()


def _compile(root: Path, python: str) -> None:
    """Compile all modules. The files are never checked against their sources, which do not change in Lambda.

    The hash seed fixes the order of constants in a set.
    """
    where = ["-s", str(root), "-p", TASK_ROOT]
    command = [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", *where, str(root)]
    subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "0"}, check=True)  # noqa: S603 - a Python


def _pack(root: Path, target: Path) -> None:
    """Zip the files of that directory in order of name, without anything that differs between builds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w") as package:
        for name, path in _files(root):
            entry = ZipInfo(name, EPOCH)
            entry.create_system = 3  # Unix, which has permissions
            entry.external_attr = MODE << 16
            package.writestr(entry, path.read_bytes(), ZIP_DEFLATED, 9)


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """All files below that directory with their names there, in order of name."""
    for name, path in sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*")):
        if path.is_file():
            yield name, path


def _part(name: str) -> str:
    """The package or module that a file belongs to."""
    names = name.split("/")
    return names[1].split(".")[0] + ".py" if names[0] == "__pycache__" else names[0]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def main(target: Path) -> None:
    """Build the zip and print its size."""
    with one_line_errors():
        archive = archive_report.chosen()
        about = archive_report.report(archive) if archive else archive_report.WITHOUT
    python = python313.find()
    if not python:
        print(
            f"{python313.ADVICE} The package has no compiled files, so each cold start will take twice as long.",
            file=sys.stderr,
        )
    build(target, python, archive=archive)
    print(f"{target}: {report(target)}")
    print(about)


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or ["dist/function.zip"]))
