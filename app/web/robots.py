"""What crawlers are asked to leave out: the paths that cost a gathering, and copies of what other paths have."""

from flask import Blueprint, Response, request

from app.web import http_caching
from app.web.about import lasting

DISALLOWED = (
    # The gallery's selections, of which there is no end. Some readers take "/?" for "/", so for everything.
    "/?latest=",
    "/?n=",
    "/?q=",
    "/?random=",
    "/?since=",
    "/archive.ndjson",
    "/comic",  # and all that begins like it: /comics, /comics/614
    "/info.0.json",
    "/*/info.0.json",
    "/oembed",
    "/today",
)


def blueprint() -> Blueprint:
    """/robots.txt. Crawlers read it at the root of a host; below a base path, it still names that host's paths."""
    paths = Blueprint("robots", __name__)

    @paths.get("/robots.txt")
    def robots() -> Response:
        rules = "".join(f"Disallow: {request.script_root}{path}\n" for path in DISALLOWED)
        return lasting(f"User-agent: *\n{rules}", "text/plain", http_caching.FOR_A_DAY)

    return paths
