"""Measures five comics while the latest number is unknown, known, or not needed.

Every invocation is the first of a new application, with empty caches and no open connection.
"""

import json
import platform
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from app import create_app
from app.settings import Settings
from bench.results import spread
from bench.setting import Setting, progress
from bench.upstream import LATENCY

LATEST = 2665
"""That of the stand-in."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request for five comics, to an application that answered `before` and has this `floor`."""

    path: str
    floor: int = LATEST
    before: str = ""


QUESTIONS = {
    "five fixed numbers": Question("/comics?n=1-5"),
    "random=5, the latest known": Question("/comics?random=5", before="/comics/latest"),
    "random=5, the latest not known": Question("/comics?random=5"),
    "the same with a floor 40 comics ago": Question("/comics?random=5", floor=LATEST - 40),
    "the same with the latest asked for first": Question("/comics?random=5", floor=0),
    "n=1-4,latest, the latest not known": Question("/comics?n=1-4,latest"),
    "latest=5, the latest not known": Question("/comics?latest=5"),
}


def ask(url: str, question: Question) -> float:
    """The seconds until the answer. Raises RuntimeError if comics are missing."""
    app = create_app(Settings(xkcd_url=url, floor=question.floor))
    try:
        client = app.test_client()
        if question.before:
            client.get(question.before)
        began = time.perf_counter()
        got = len(json.loads(client.get(question.path).text)["comics"])
        wall = time.perf_counter() - began
    finally:
        app.close()
    if got != 5:
        raise RuntimeError(f"{got} comics came instead of 5")
    return wall


def measure(setting: Setting) -> dict[str, Any]:
    """The seconds of every request, by its name. The first round is not counted, as it imports modules."""
    rounds = 2 if setting.quick else 30
    walls: dict[str, list[float]] = defaultdict(list)
    with progress("random", (rounds + 1) * len(QUESTIONS)) as begin:
        for turn in range(rounds + 1):
            for name, question in QUESTIONS.items():
                begin(name)
                wall = ask(setting.upstream.http, question)
                if turn:
                    walls[name].append(wall)
    questions = {name: {"wall": spread(taken)} for name, taken in walls.items()}
    python = f"Python {platform.python_version()}"
    return {"about": setting.about(rounds, python), "latency": LATENCY, "questions": questions}
