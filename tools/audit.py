"""Looks for known vulnerabilities in all locked packages: pip-audit for Python's, npm for Node's.

    python -m tools.audit

The advisories are on the network. A lock whose advisories cannot be reached is reported as not audited, and never as
harmless: with a mirror that has no advisories, pip-audit would pass over every package and find nothing.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence

PIP_AUDIT = (
    *(".venv-audit/bin/pip-audit", "--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off"),
    "--requirement",
)
NPM_AUDIT = ("npm", "audit", "--package-lock-only", "--prefix")

PYTHON_LOCKS = ("requirements", "requirements-uv", "requirements-dev", "requirements-runtime", "requirements-audit")

AUDITS = {
    **{f"{name}.txt": (*PIP_AUDIT, f"{name}.txt") for name in (*PYTHON_LOCKS, "bench/requirements")},
    "package-lock.json": (*NPM_AUDIT, "."),
    "tools/lint/package-lock.json": (*NPM_AUDIT, "tools/lint"),
}
"""The command for each lock. It prints its findings on stdout, and errors on stderr."""


def main(audits: Mapping[str, Sequence[str]] = AUDITS) -> int:
    """Print what was found. Returns the exit status: 0 if every lock was audited and none has a known vulnerability."""
    outcomes = {lock: _outcome(lock, command) for lock, command in audits.items()}
    unreached = [lock for lock, found in outcomes.items() if found is None]
    if unreached:
        print(f"Not audited, as their advisories cannot be reached from here: {', '.join(unreached)}.", file=sys.stderr)
    return int(any(found is not False for found in outcomes.values()))


def _outcome(lock: str, command: Sequence[str]) -> bool | None:
    """Whether the lock has a known vulnerability; None if that cannot be found out."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    if done.returncode and not done.stdout.strip():
        return None
    if done.returncode:
        print(f"{lock}:\n{done.stdout}")
    return bool(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
