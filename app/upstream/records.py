"""Pure: xkcd's responses, read as comics or as errors."""

import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from app.comics.comic import Comic
from app.errors import BadAnswer, BrokenOff, Forbidden, NoSuchComic, RateLimited, Refused

LARGEST_BODY = 1024 * 1024
"""Bytes of a decoded body; the largest real one has 17 KB (comic 1037)."""

LONGEST_RETRY_AFTER = 86400
"""Seconds of Retry-After that are honoured."""

_HTTP_DATE = re.compile("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")


def decoded(body: bytes, headers: Mapping[str, str], what: str) -> bytes:
    """The body without its content encoding. Headers are case-insensitive.

    Raises BadAnswer if it has more than LARGEST_BODY bytes, having decoded no more than that, and BrokenOff if it is
    cut off.
    """
    encoding = headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise BadAnswer(f"xkcd sent {what} in an encoding that was not accepted.")
    if encoding == "gzip":
        body = _unzipped(body, what)
    if len(body) > LARGEST_BODY:
        raise too_large(what)
    return body


def comic(status: int, headers: Mapping[str, str], body: bytes, what: str, num: int | None) -> Comic:
    """The comic in a response to a request for the comic `num`, or for the latest (None).

    `what` names it in errors, and headers are case-insensitive. Raises the UpstreamError that the response means.
    """
    if status in (404, 410) and num is not None:
        raise NoSuchComic(f"xkcd has no {what}.")
    if status in (404, 410):
        raise BadAnswer(f"xkcd does not say what {what} is.", f"http_{status}")
    raise_if_refused(status, headers, what)
    if status != 200:
        raise BadAnswer(f"xkcd answered {status} for {what}, neither a comic nor a 404.", f"http_{status}")
    try:
        found = Comic.from_json(body.removeprefix(BOM_UTF8))
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"xkcd's answer for {what} is not JSON.") from error
    if num not in (None, found.num):
        raise BadAnswer(f"xkcd answered with comic {found.num} for {what}.")
    return found


def raise_if_refused(status: int, headers: Mapping[str, str], what: str) -> None:
    """Raise the Refused that such a response means, if it means one."""
    if status == 429:
        raise RateLimited("xkcd is rate-limiting us (429).", retry_after(headers))
    if status == 403:
        raise Forbidden("xkcd forbids us to ask (403).", retry_after(headers))
    if status >= 500:
        raise Refused(f"xkcd could not answer for {what} ({status}).", retry_after(headers), f"http_{status}")


def too_large(what: str) -> BadAnswer:
    """The error for a body of more than LARGEST_BODY bytes."""
    return BadAnswer(f"xkcd's answer for {what} is larger than {LARGEST_BODY} bytes.")


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds that Retry-After asks to wait, up to LONGEST_RETRY_AFTER; None if it is missing or malformed."""
    text = headers.get("Retry-After", "")
    if re.fullmatch("[0-9]{1,9}", text):
        return min(int(text), LONGEST_RETRY_AFTER)
    try:
        seconds = (parsedate_to_datetime(text) - parsedate_to_datetime(headers["Date"])).total_seconds()
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return min(max(int(seconds), 0), LONGEST_RETRY_AFTER)


def last_modified(headers: Mapping[str, str]) -> str | None:
    """Last-Modified as it came, for If-Modified-Since; None if it is missing or malformed."""
    text = headers.get("Last-Modified", "")
    return text if _HTTP_DATE.fullmatch(text) else None


def _unzipped(body: bytes, what: str) -> bytes:
    """The unzipped body, or its first LARGEST_BODY + 1 bytes."""
    unzipper = zlib.decompressobj(wbits=31)
    try:
        unzipped = unzipper.decompress(body, LARGEST_BODY + 1)
    except zlib.error as error:
        raise BrokenOff(f"xkcd's answer for {what} is not valid gzip.") from error
    if len(unzipped) <= LARGEST_BODY and not unzipper.eof:
        raise BrokenOff(f"xkcd's answer for {what} breaks off.")
    return unzipped
