"""Holds every answer against the truth, and against the answers before it."""

import threading
from typing import Any

from app.comics.comic import LICENSE
from tools.soak import checks, plain_checks, reader_checks
from tools.soak.calls import Call
from tools.soak.failures import parsed
from tools.soak.fronts import Answer
from tools.soak.truth import Sky, expect

CHECKS = {**checks.CHECKS, **plain_checks.CHECKS, **reader_checks.CHECKS}

HEADERS = {"access-control-allow-origin": "*", "link": f'<{LICENSE}>; rel="license"'}
"""Headers that each answer has."""


class Checker:
    """What one process of the service has answered so far. Threads may share it."""

    def __init__(self) -> None:
        self.shown = 1
        """The highest latest number that an answer had."""
        self._tags: dict[str, str] = {}
        self._tags_of_content: dict[object, str] = {}
        self._lock = threading.Lock()

    def etag(self, call: Call) -> str | None:
        """The ETag that the client has for that call."""
        return self._tags.get(call.path) if call.conditional and call.method == "GET" else None

    def check(self, call: Call, etag: str | None, answer: Answer, seconds: float, sky: Sky) -> None:
        """Raises Wrong unless the answer, which took so long, is one that the call may get."""
        expect(seconds <= sky.seconds, f"it took {seconds:.1f} s, not {sky.seconds:.1f}")
        if answer.headers:
            self._check_headers(call, etag, answer)
        if answer.status == 304 or call.method == "HEAD":
            expect(answer.body == b"", "there is a body")
            return
        CHECKS[call.kind](call, answer, sky)
        self._remember(call, answer)

    def _check_headers(self, call: Call, etag: str | None, answer: Answer) -> None:
        expect(answer.status not in (500, 501), "this is a bug of the service")
        expect(HEADERS.items() <= answer.headers.items(), "headers are missing")
        expect(answer.headers.get("x-request-id"), "there is no X-Request-Id")
        packed = answer.headers.get("content-encoding", "identity")
        expect(packed == "identity" or call.gzip, f"the client does not accept {packed}")
        if answer.status in (200, 304):
            same = etag is not None and answer.headers.get("etag") == etag
            expect((answer.status == 304) is same, f"{answer.status} does not fit the ETags")

    def _remember(self, call: Call, answer: Answer) -> None:
        """Record the latest number, and the ETag, which must be the same for the same content."""
        if answer.status != 200 or call.kind not in ("comics", "comic", "record", "lasting"):
            return
        document = {} if call.kind == "lasting" else parsed(answer)
        latest = _latest(call, document)
        tag = answer.headers.get("etag")
        with self._lock:
            self.shown = max(self.shown, latest)
            if tag is None:
                return
            self._tags[call.path] = tag
            known = self._tags_of_content.setdefault((call.path, _content(document)), tag)
            expect(known == tag, f"the ETag of the same content was {known}")


def _latest(call: Call, document: Any) -> int:
    if call.kind == "comics":
        return int(document.get("latest") or 0)
    newest = call.path in ("/comics/latest", "/info.0.json")
    return int(document.get("num") or 0) if newest else 0


def _content(document: Any) -> object:
    """What the ETag depends on, beside the path."""
    comics, failures = document.get("comics", ()), document.get("failures", ())
    about = [(each.get("num"), *map(each.get, ("img_2x", "width", "height"))) for each in (document, *comics)]
    return (tuple(about), tuple(each["num"] for each in failures), document.get("latest"))
