"""Faults: ways in which a server can answer wrongly, slowly or not at all.

A fault turns the right body into steps: bytes to send, seconds to wait, or an end of the connection. Without an end
the connection stays open for the next request.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from enum import Enum, auto
from itertools import repeat

MEBIBYTE = 1024 * 1024


class End(Enum):
    """How a connection ends."""

    CLOSE = auto()
    RESET = auto()
    SILENCE = auto()


Step = bytes | float | End
Fault = Callable[[bytes], Iterator[Step]]


def answer(
    body: bytes, status: str = "200 OK", *headers: str, kind: str = "application/json", length: int | None = None
) -> bytes:
    """A whole HTTP/1.1 answer; `length` overrides what Content-Length says."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def status(line: str, *headers: str) -> Fault:
    """An answer of that status, with a small page as its body."""

    def fault(body: bytes) -> Iterator[Step]:
        yield answer(f"<h1>{line}</h1>".encode(), line, *headers, kind="text/html")

    return fault


def instead(body: bytes, *headers: str, kind: str = "application/json") -> Fault:
    """A 200 with another body."""

    def fault(_: bytes) -> Iterator[Step]:
        yield answer(body, "200 OK", *headers, kind=kind)

    return fault


def changed(**fields: object) -> Fault:
    """The record, empty if there is no such comic, with these fields changed; None takes a field away."""

    def fault(body: bytes) -> Iterator[Step]:
        record = {**json.loads(body or b"{}"), **fields}
        yield answer(json.dumps({name: value for name, value in record.items() if value is not None}).encode())

    return fault


def reset_in_body(body: bytes) -> Iterator[Step]:
    yield answer(body)[: -len(body) // 2]
    yield 0.01  # what was sent is to be read before the reset overtakes it
    yield End.RESET


def cut_in_head(body: bytes) -> Iterator[Step]:
    yield answer(body)[:20]
    yield End.CLOSE


def closed_before_head(body: bytes) -> Iterator[Step]:
    yield End.CLOSE


def closed_afterwards(body: bytes) -> Iterator[Step]:
    yield answer(body)
    yield End.CLOSE


def silence(body: bytes) -> Iterator[Step]:
    yield End.SILENCE


def drip(body: bytes) -> Iterator[Step]:
    for byte in answer(body):
        yield bytes([byte])
        yield 1.0


def endless(body: bytes) -> Iterator[Step]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    yield from repeat(b" " * 65536)


def informational_flood(body: bytes) -> Iterator[Step]:
    yield from repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


def short_body(body: bytes) -> Iterator[Step]:
    yield answer(body, length=len(body) + 10)
    yield End.CLOSE


def long_body(body: bytes) -> Iterator[Step]:
    yield answer(body + b" and more", length=len(body))


def two_answers(body: bytes) -> Iterator[Step]:
    yield answer(body) * 2


def surplus_later(body: bytes) -> Iterator[Step]:
    """Over TLS the surplus has a record of its own, which may be read later than the answer."""
    yield answer(body)
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def gzipped(body: bytes) -> Iterator[Step]:
    yield answer(gzip.compress(body, mtime=0), "200 OK", "Content-Encoding: gzip")


def gzip_truncated(body: bytes) -> Iterator[Step]:
    yield answer(gzip.compress(body, mtime=0)[:-20], "200 OK", "Content-Encoding: gzip")


def gzip_bomb(body: bytes) -> Iterator[Step]:
    yield answer(gzip.compress(bytes(100 * MEBIBYTE), 1, mtime=0), "200 OK", "Content-Encoding: gzip")


def not_modified(body: bytes) -> Iterator[Step]:
    """A 304 that nobody asked for."""
    yield b"HTTP/1.1 304 Not Modified\r\n\r\n"


FAULTS: dict[str, Fault] = {
    "404": status("404 Not Found"),
    "410": status("410 Gone"),
    "403": status("403 Forbidden"),
    "429": status("429 Too Many Requests"),
    "429-retry-after": status("429 Too Many Requests", "Retry-After: 17"),
    "500": status("500 Internal Server Error"),
    "503": status("503 Service Unavailable"),
    "503-retry-after": status(
        "503 Service Unavailable",
        "Date: Mon, 23 Nov 2026 10:00:00 GMT",
        "Retry-After: Mon, 23 Nov 2026 10:00:42 GMT",
    ),
    "503-retry-after-nonsense": status("503 Service Unavailable", "Retry-After: soon"),
    "503-retry-after-no-year": status("503 Service Unavailable", f"Retry-After: Mon, 23 Nov {'9' * 20} 10:00:00 GMT"),
    "304": not_modified,
    "redirect": status("302 Found", "Location: /614/info.0.json"),
    "redirect-nonsense": status("302 Found", "Location: http://[oh:no/"),
    "reset-in-body": reset_in_body,
    "cut-in-head": cut_in_head,
    "closed-before-head": closed_before_head,
    "closed-afterwards": closed_afterwards,
    "silence": silence,
    "drip": drip,
    "informational-flood": informational_flood,
    "html": instead(b"<!doctype html><title>xkcd</title>", kind="text/html"),
    "array": instead(b"[1, 2, 3]"),
    "not-http": lambda body: iter([b"SSH-2.0-OpenSSH_9.2\r\n\r\n", End.CLOSE]),
    "deep-json": instead(b"[" * 100_000),
    "infinite": instead(b'{"num": 614, "x": 1e999}'),
    "not-a-number": instead(b'{"num": 614, "x": NaN}'),
    "fraction": changed(x=0.5),
    "long-number": instead(b'{"num": ' + b"7" * 5000 + b"}"),
    "no-title": changed(title=None),
    "title-is-a-list": changed(title=["Woodpecker"]),
    "num-is-text": changed(num="614"),
    "no-date": changed(month="13"),
    "half-a-surrogate": changed(title="Half \ud83d a pair"),
    "another-comic": changed(num=1),
    "five-mebibytes": instead(b" " * 5 * MEBIBYTE),
    "endless": endless,
    "short-body": short_body,
    "long-body": long_body,
    "two-answers": two_answers,
    "surplus-later": surplus_later,
    "gzip": gzipped,
    "gzip-truncated": gzip_truncated,
    "gzip-nonsense": instead(b"not gzip at all", "Content-Encoding: gzip"),
    "gzip-bomb": gzip_bomb,
    "brotli": instead(b"\x0b\x02\x80{}\x03", "Content-Encoding: br"),
}
