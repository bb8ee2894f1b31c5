"""Where the deployed Python is on this machine: PYTHON313 in the environment, or else `python3.13` on the path.

    python -m tools.python313

prints it; without one it prints nothing and fails.
"""

import os
import shutil
import subprocess
import sys

ASKED = "import sys; sys.exit(sys.version_info[:2] != (3, 13))"


def find() -> str | None:
    """The path of a Python 3.13; None when there is none. Raises ValueError when PYTHON313 is something else."""
    named = os.environ.get("PYTHON313")
    path = shutil.which(named or "python3.13")
    # A version manager's python3.13 may be there and run nothing.
    if path and subprocess.run([path, "-c", ASKED], capture_output=True, check=False).returncode == 0:  # noqa: S603
        return path
    if named:
        raise ValueError(f"PYTHON313 is {named!r}, which is no Python 3.13")
    return None


if __name__ == "__main__":
    found = find()
    if not found:
        sys.exit(1)
    print(found)
