"""Invokes the function once through `serverless invoke local`, and prints the answer.

    python -m tools.run events/comics.json

It prints the body on stdout, or with RAW=1 in the environment the function's whole answer. The function asks the
stand-in for xkcd.com, or the server that XKCD_URL names. It has no archive, unless ARCHIVE names one, so that there is
something to gather.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.settings import Settings
from tools.failing import one_line_errors
from tools.stand_in import xkcd_environ

SERVERLESS = ("node_modules/.bin/serverless", "invoke", "local", "--function", "api", "--path")


def main(event: str) -> int:
    """Invoke, print, and return the exit status: 0 for every answer, 1 if the function raised, 2 without an event."""
    with one_line_errors():
        check_event(event)
        Settings.from_environ()
    with xkcd_environ() as xkcd:
        done = subprocess.run(  # noqa: S603 - our own command, our own event
            [*SERVERLESS, event], env={"ARCHIVE": "", **os.environ, **xkcd}, capture_output=True, text=True, check=False
        )
    # serverless copies the function's stderr to stdout, before the answer.
    logged, answer = _split(done.stdout)
    if done.returncode or answer is None:
        print(logged + done.stderr, file=sys.stderr)
        return 1
    print(logged, end="", file=sys.stderr)
    shown = json.loads(answer["body"]) if _has_json_body(answer) and not os.environ.get("RAW") else answer
    print(json.dumps(shown, indent=2, ensure_ascii=False))
    timing = _timing(answer)
    if timing:
        print(timing, file=sys.stderr)
    return 0


def check_event(path: str) -> None:
    """Raise ValueError unless this is a JSON file."""
    try:
        json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(
            f"EVENT is {path!r}, but must name a file, as in EVENT=events/ping.json: {error.strerror}"
        ) from error
    except ValueError as error:
        raise ValueError(f"EVENT is {path!r}, but must name a JSON file: {error}") from error


def _split(stdout: str) -> tuple[str, dict[str, Any] | None]:
    starts = [match.start() for match in re.finditer(r"^\{", stdout, re.MULTILINE)]
    if not starts:
        return stdout, None
    answer: dict[str, Any] = json.loads(stdout[starts[-1] :])
    return stdout[: starts[-1]].lstrip(), answer


def _has_json_body(answer: dict[str, Any]) -> bool:
    return "json" in answer.get("headers", {}).get("Content-Type", "")


def _timing(answer: dict[str, Any]) -> str | None:
    """How long gathering took, compared with one round trip and with one request after the other.

    None if requests failed: they would not be round trips.
    """
    body = json.loads(answer["body"]) if _has_json_body(answer) else {}
    if answer.get("statusCode") != 200 or any(failure["status"] != 404 for failure in body.get("failures", ())):
        return None
    header = answer.get("headers", {}).get("Server-Timing", "")
    spent = re.search(r'xkcd;dur=([\d.]+), one-by-one;dur=([\d.]+);desc="round trips: (\d+)"', header)
    if not spent or spent[3] == "0":
        return None
    together, one_by_one, trips = float(spent[1]), float(spent[2]), int(spent[3])
    round_trip = one_by_one / trips
    return (
        f"{trips} round trips to xkcd in {together:.0f} ms: {together / round_trip:.2f} x one round trip "
        f"({round_trip:.0f} ms), {together / one_by_one:.2f} x one after the other ({one_by_one:.0f} ms)"
    )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or [""]))
