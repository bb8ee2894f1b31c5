"""One invocation of the function through `serverless invoke local`, as `make run` shows it.

    python -m tools.run events/comics.json

Prints the answer's body on stdout, or with RAW=1 in the environment the function's whole answer. Asks
the stand-in for xkcd.com, or whatever XKCD_URL names.
"""

import json
import os
import re
import subprocess
import sys
from typing import Any

from tools.stand_in import xkcd_environ

SERVERLESS = ("node_modules/.bin/serverless", "invoke", "local", "--function", "api", "--path")


def main(event: str) -> int:
    """Invoke, print, and return the exit code: 0 for every answer, 1 when the function raised."""
    with xkcd_environ() as xkcd:
        done = subprocess.run(  # noqa: S603 - our own command, our own event
            [*SERVERLESS, event], env={**os.environ, **xkcd}, capture_output=True, text=True, check=False
        )
    # The function's stderr comes on stdout too, before its answer.
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


def _split(stdout: str) -> tuple[str, dict[str, Any] | None]:
    starts = [match.start() for match in re.finditer(r"^\{", stdout, re.MULTILINE)]
    if not starts:
        return stdout, None
    answer: dict[str, Any] = json.loads(stdout[starts[-1] :])
    return stdout[: starts[-1]].lstrip(), answer


def _has_json_body(answer: dict[str, Any]) -> bool:
    return "json" in answer.get("headers", {}).get("Content-Type", "")


def _timing(answer: dict[str, Any]) -> str | None:
    """How long gathering took, set against one round trip and against one after the other."""
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
    sys.exit(main(*sys.argv[1:]))
