"""`serverless` run as a developer runs it, but where nothing else is disturbed and no real cloud can be reached."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
SERVERLESS = str(ROOT / "node_modules/.bin/serverless")

QUIET = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    # Or somebody's credentials, profile and endpoints are taken from home.
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    # How often osls looks how a deployment goes, in milliseconds.
    "SLS_AWS_MONITORING_FREQUENCY": "100",
    "VIRTUAL_ENV": sys.prefix,
}


def environment(**environ: str) -> dict[str, str]:
    """This process's, without what it has of AWS, and with that."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**ours, **QUIET, **environ}


def service(directory: Path) -> Path:
    """The service in a directory of its own, where .serverless/ is nobody else's, with a zip that stands for ours."""
    shutil.copy(ROOT / "serverless.yml", directory)  # osls takes no link for it
    (directory / "node_modules").symlink_to(ROOT / "node_modules")
    (directory / "dist").mkdir()
    with zipfile.ZipFile(directory / "dist/function.zip", "w") as archive:
        archive.write(ROOT / "handler.py", "handler.py")
    return directory


def serverless(directory: Path, *arguments: str, **environ: str) -> str:
    """What the command prints there; fails, saying what it said, when it fails."""
    status, said = attempt(directory, *arguments, **environ)
    assert status == 0, said
    return said


def attempt(directory: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """The command's exit code, and what it prints there."""
    done = subprocess.run(
        [SERVERLESS, *arguments],
        cwd=directory,
        env=environment(**environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def program(source: str, **environ: str) -> tuple[int, str, list[str]]:
    """The exit code of a Python program run in development mode, what it prints, and the lines of its stderr.

    Warnings are errors. Left out are the lines in which asyncio's development mode notes what took long.
    """
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", source],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, said_by_us(done.stderr)


def said_by_us(stderr: str) -> list[str]:
    """The lines without those in which asyncio's development mode notes what took long, as on a busy machine."""
    return [line for line in stderr.splitlines() if not line.startswith("Executing <")]
