"""Invokes a Lambda handler on command, and measures each invocation.

    python -m bench.worker handler.handler

Each line is a JSON document. stdin has events. stdout has one line when the handler is imported, with the seconds of
CPU time until then. For each event it has the seconds of wall and CPU time, the status, the comics and their sources,
of which a page has none. A packed body is unpacked after the measurement.

bench/worker.mjs does the same in Node, without the status and packed bodies.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

Handler = Callable[[object, None], dict[str, Any]]


def main(name: str) -> None:
    """Answer until stdin ends."""
    module, _, attribute = name.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), attribute)
    say({"ready": name, "cpu": time.process_time()})
    for line in sys.stdin:
        say(invoked(handler, json.loads(line)))


def invoked(handler: Handler, event: object) -> dict[str, Any]:
    """One invocation, measured."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = handler(event, None)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    body = unpacked(answer)
    comics = json.loads(body)["comics"] if body.startswith("{") else []
    sources = {comic.get("source", "xkcd") for comic in comics}
    nums = [comic["num"] for comic in comics]
    return {"wall": wall, "cpu": cpu, "status": answer["statusCode"], "nums": nums, "sources": sorted(sources)}


def unpacked(answer: dict[str, Any]) -> str:
    """The body, without base64 and gzip."""
    if not answer.get("isBase64Encoded"):
        return str(answer["body"])
    # Imported only now, because the handler pays for the modules that it needs itself.
    from base64 import b64decode
    from gzip import decompress

    return decompress(b64decode(answer["body"])).decode()


def say(document: dict[str, Any]) -> None:
    """Write one line to the commanding process."""
    print(json.dumps(document), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
