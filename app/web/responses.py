"""Writes responses: comics, xkcd's own records, images and problems."""

from collections.abc import Iterable
from typing import Any

from flask import Response, g

from app.comics import written
from app.comics.comic import CREDIT, LICENSE
from app.comics.found import Found
from app.comics.search import Search
from app.comics.selection import Selection
from app.comics.strict_json import dumps
from app.errors import NoImage
from app.gathering.gathered import Gathered
from app.web import http_caching, problems
from app.web.problems import Problem

NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


def comics(selection: Selection, fields: tuple[str, ...], gathered: Gathered) -> Response:
    """The comics and the failures as one document, or a problem if there is no comic."""
    if gathered.failures and not gathered.comics:
        return without_comics(gathered)
    response = document((text(found, fields) for found in gathered.comics), gathered)
    return with_etag_of(with_caching(response, selection, fields, gathered), gathered.latest)


def document(comics: Iterable[bytes], gathered: Gathered, **more: Any) -> Response:
    """The comics, which are written already, and the failures as one document."""
    about = {
        "failures": [problems.of_failure(failure).to_json() for failure in gathered.failures],
        "complete": not gathered.failures,
        "latest": gathered.latest,
        "credit": CREDIT,
        "license": LICENSE,
        **more,
    }
    body = b'{"comics":[' + b",".join(comics) + b"]," + dumps(about).encode()[1:]
    return Response(body, mimetype="application/json")


def text(found: Found, fields: tuple[str, ...]) -> bytes:
    """These fields of a comic as a JSON object."""
    return found.written.text if fields == written.FIELDS else written.narrowed(found.to_json(), fields)


def comic(selection: Selection, fields: tuple[str, ...], gathered: Gathered) -> Response:
    """The one gathered comic as a bare object, or its problem."""
    if gathered.failures:
        return failed(gathered)
    response = Response(text(gathered.comics[0], fields), mimetype="application/json")
    return with_caching(response, selection, fields, gathered)


def record(selection: Selection, gathered: Gathered) -> Response:
    """xkcd's record of the one gathered comic, or its problem; if there is no such comic, xkcd's 404."""
    if gathered.failures:
        missing = problems.of_failure(gathered.failures[0]).status == 404
        return with_timing(no_record(), gathered) if missing else failed(gathered)
    return with_caching(json_response(gathered.comics[0].comic.record, escape=True), selection, (), gathered)


def no_record() -> Response:
    """A 404 as xkcd sends it: clients notice it because the JSON does not parse."""
    return Response(NOT_FOUND, 404, mimetype="text/html")


def image(selection: Selection, is_sharp: bool, gathered: Gathered) -> Response:
    """A redirect to the image of the one gathered comic, or its problem. Raises NoImage.

    With `is_sharp` it leads to the image in twice the resolution, if that is known to be there.
    """
    if gathered.failures:
        return failed(gathered)
    found = gathered.comics[0]
    if found.comic.img is None:
        raise NoImage(found.comic.num)
    response = Response(status=302)
    response.location = (found.image and found.image.img_2x if is_sharp else None) or found.comic.img
    return with_caching(response, selection, ("img_2x",) if is_sharp else (), gathered)


def problem(problem: Problem) -> Response:
    """A problem details document (RFC 9457)."""
    return with_retry_after(json_response(problem.to_json(), problem.status, "application/problem+json"), problem)


def without_comics(gathered: Gathered) -> Response:
    """The problem of a gathering that brought no comic."""
    return with_timing(problem(problems.of_failures(gathered.failures, gathered.latest)), gathered)


def failed(gathered: Gathered) -> Response:
    """The problem of the one comic that was to be gathered."""
    return with_timing(problem(problems.of_failure(gathered.failures[0])), gathered)


def with_retry_after(response: Response, problem: Problem) -> Response:
    """The response with Retry-After, if the problem has it."""
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def with_caching(
    response: Response, selection: Selection | Search, fields: tuple[str, ...], gathered: Gathered
) -> Response:
    """The response with Cache-Control, and with an ETag if it is cacheable.

    `fields` are those of comics that it shows.
    """
    response.headers["Cache-Control"] = http_caching.cache_control(selection, gathered)
    if response.headers["Cache-Control"] != http_caching.NO_STORE:
        response.set_etag(http_caching.etag(selection, fields, gathered))
    return with_timing(response, gathered)


def with_etag_of(response: Response, *shown: object) -> Response:
    """The response with an ETag that depends on these JSON values too, if it has an ETag."""
    if "ETag" in response.headers:
        response.set_etag(http_caching.etag_of([response.get_etag(), *shown]))
    return response


def with_timing(response: Response, gathered: Gathered) -> Response:
    """The response with Server-Timing, in milliseconds. The gathering is also left for the log line."""
    g.gathered = gathered
    spent = {"cache": gathered.cache_seconds, "xkcd": gathered.xkcd_seconds, "one-by-one": gathered.one_by_one}
    timings = ", ".join(f"{name};dur={1000 * seconds:.1f}" for name, seconds in spent.items())
    response.headers["Server-Timing"] = f'{timings};desc="round trips: {len(gathered.timings)}"'
    return response


def json_response(
    document: Any, status: int = 200, mimetype: str = "application/json", escape: bool = False
) -> Response:
    """A JSON response; see strict_json.dumps."""
    return Response(dumps(document, escape), status, mimetype=mimetype)
