"""How an answer with a record depends on what the client accepts, and on what it has already."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

from werkzeug.http import parse_accept_header

from tools.faults import answer


def negotiated(body: bytes, headers: Mapping[str, str], has_validator: bool) -> bytes:
    """The whole answer with that record, to a request with these headers (in lower case).

    It is compressed for clients that accept gzip. With a validator it has Last-Modified, and is a 304 for clients that
    send the same date; like nginx, it compares dates for equality.
    """
    shared = ["Vary: Accept-Encoding"]
    if has_validator:
        shared.append(f"Last-Modified: {last_modified(body)}")
        if headers.get("if-modified-since") == last_modified(body):
            return "\r\n".join(["HTTP/1.1 304 Not Modified", *shared, "", ""]).encode()
    if _accepts_gzip(headers.get("accept-encoding", "")):
        return answer(_packed(body), "200 OK", "Content-Encoding: gzip", *shared)
    return answer(body, "200 OK", *shared)


@cache
def last_modified(record: bytes) -> str:
    """The day on which the comic appeared, as an HTTP date; one second for each number, so that no two are the same."""
    fields = json.loads(record)
    day = datetime(int(fields["year"]), int(fields["month"]), int(fields["day"]), tzinfo=UTC)
    return format_datetime(day + timedelta(seconds=fields["num"]), usegmt=True)


@cache
def _packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


@cache
def _accepts_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted).quality("gzip") > 0
