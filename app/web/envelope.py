"""What all responses share: CORS, licence, request id, timing, 304, gzip and CORS preflights."""

import gzip
import time
import uuid
from functools import cache

from flask import Response, g, request

from app.comics.comic import LICENSE
from app.runtime import events
from app.settings import IMAGES
from app.web import inlined
from app.web.http_caching import NO_STORE, etag_of

WORTH_PACKING = 1024
"""Bytes of a body above which it is compressed for clients that accept gzip."""

LEVEL = 4
"""Of compression. Level 6 takes up to 2.5 times as long, and saves 4 % of the bytes at most."""

LARGEST_ANSWER = 4_400_000
"""Bytes of a body. Lambda sends 6 MB, and a compressed body is base64. The largest hundred real comics have 326 KB."""

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After, Server-Timing, X-Request-Id",
    "Timing-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
}

LICENSE_LINK = f'<{LICENSE}>; rel="license"'

ONLY_BY_HTTPS = "max-age=31536000"
"""Strict-Transport-Security: a year, for this host alone. Other hosts of its domain are not ours to decide about."""

PAGE_HEADERS = {
    # xkcd may learn which site shows its images, but not which comics a reader looked for.
    "Referrer-Policy": "strict-origin",
    # The pages need none of these. There is no word for all of them.
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}

PREFLIGHT = {"Access-Control-Allow-Headers": "*", "Access-Control-Max-Age": "86400"}


def begin() -> None:
    """Record when the request came."""
    g.began = time.monotonic()


def finish(response: Response, build_id: str, images_url: str) -> Response:
    """The response as it leaves. Its ETag includes the build, because code and templates change responses too.

    Pages may show xkcd's images, and those of `images_url`.
    """
    response.headers.update(HEADERS)
    response.headers["Link"] = ", ".join(filter(None, [response.headers.get("Link"), LICENSE_LINK]))
    response.vary.add("Accept-Encoding")
    response.headers["X-Request-Id"] = _request_id()
    response.headers.setdefault("Cache-Control", NO_STORE)
    if request.method == "OPTIONS" and response.allow:
        _permit(response)
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = content_security_policy(images_url)
        if response.location is None:  # a redirect to an image would change the policy of the page that shows it
            response.headers.update(PAGE_HEADERS)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = ONLY_BY_HTTPS
    if "ETag" in response.headers:
        etag = etag_of([build_id, response.get_etag()])
        response.set_etag(etag, weak=True)  # a strong one would promise the same bytes, compressed or not
        if response.status_code == 200 and _has_it(response, etag):
            response.status_code = 304  # werkzeug leaves out the body and its headers
    if response.status_code != 304 and not response.content_encoding and accepts_gzip():
        _pack(response)
    total = f"total;dur={1000 * (time.monotonic() - g.began):.1f}"
    response.headers["Server-Timing"] = ", ".join(filter(None, [response.headers.get("Server-Timing"), total]))
    return response


def accepts_gzip() -> bool:
    """Whether the client accepts compressed bodies."""
    return request.accept_encodings.quality("gzip") > 0


@cache
def content_security_policy(images_url: str) -> str:
    """The policy of all pages: their own style and script, responses of this service, and images."""
    stand_in = "" if images_url == IMAGES else f" {images_url}"
    return (
        f"default-src 'none'; style-src {inlined.sources('css')}; script-src {inlined.sources('js')}; "
        f"connect-src 'self'; img-src data: https://xkcd.com https://*.xkcd.com{stand_in}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def _has_it(response: Response, etag: str) -> bool:
    """Whether the client has this response already: by its tag, or if it sent none, by the very time of its change.

    Another process may have fetched an older version later, so an earlier time is no proof of it.
    """
    if request.if_none_match:
        return request.if_none_match.contains_weak(etag)
    return response.last_modified is not None and response.last_modified == request.if_modified_since


def _request_id() -> str:
    told = events.request_id(request.environ.get("serverless.event"), request.environ.get("serverless.context"))
    return told or uuid.uuid4().hex


def _permit(response: Response) -> None:
    """Turn an OPTIONS response into a CORS preflight that allows every method we serve."""
    response.headers.update(PREFLIGHT)
    response.headers["Access-Control-Allow-Methods"] = response.headers["Allow"]
    response.status_code = 204
    del response.headers["Content-Type"]


def _pack(response: Response) -> None:
    body = response.get_data()
    if len(body) <= WORTH_PACKING:
        return
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.content_encoding = "gzip"
