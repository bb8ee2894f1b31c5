"""Finds Lambda's Python on this machine: PYTHON313, `python3.13` on the path, or the latest 3.13 that pyenv has.

    python -m tools.python313

prints its path. Without one it prints how to get one on stderr, and fails.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

IS_3_13 = "import sys; sys.exit(sys.version_info[:2] != (3, 13))"

ADVICE = (
    "Lambda's Python 3.13 was not found, neither as PYTHON313 nor as python3.13 nor among pyenv's versions. "
    "Install one, for example with `pyenv install 3.13`, or name one: PYTHON313=/path/to/python3.13."
)


def find() -> str | None:
    """The path of a Python 3.13; None without one. Raises ValueError when PYTHON313 names anything else."""
    named = os.environ.get("PYTHON313")
    if named:
        path = shutil.which(named)
        if path is None or not _is_3_13(path):
            raise ValueError(f"PYTHON313 is {named!r}, which is not a Python 3.13")
        return path
    return next(filter(_is_3_13, _candidates()), None)


def _candidates() -> Iterator[str]:
    on_path = shutil.which("python3.13")
    if on_path:
        yield on_path
    # pyenv's own python3.13 on the path runs only when the version is activated.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    versions = sorted(pyenv.glob("versions/3.13.*"), key=lambda path: _patch(path.name), reverse=True)
    yield from (str(version / "bin/python3.13") for version in versions)


def _patch(version: str) -> int:
    """The 2 of "3.13.2"; -1 for other names, such as that of a virtual environment."""
    patch = version.removeprefix("3.13.")
    return int(patch) if patch.isdecimal() else -1


def _is_3_13(path: str) -> bool:
    try:
        return subprocess.run([path, "-c", IS_3_13], capture_output=True, check=False).returncode == 0  # noqa: S603
    except OSError:
        return False


if __name__ == "__main__":
    found = find()
    if not found:
        sys.exit(ADVICE)
    print(found)
