"""Writes answers: comics, xkcd's own records, images, problems, and how long others may keep them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, g

from app.comics.found import Found, LatestNumber
from app.comics.selection import Selection
from app.errors import NoImage
from app.gathering.gathered import Gathered
from app.web import http_caching, problems
from app.web.envelope import LICENSE
from app.web.fields import narrowed
from app.web.problems import Problem

CREDIT = "xkcd.com by Randall Munroe"

NOT_FOUND = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


def comics(selection: Selection, fields: tuple[str, ...], gathered: Gathered) -> Response:
    """All that was gathered and all that was not, as one document; a problem when there is no comic at all."""
    if gathered.failures and not gathered.comics:
        return timed(problem(problems.of_failures(gathered.failures, gathered.latest)), gathered)
    document = {
        "comics": [narrowed(_comic(found), fields) for found in gathered.comics],
        "failures": [problems.of_failure(failure).to_json() for failure in gathered.failures],
        "complete": not gathered.failures,
        "latest": gathered.latest,
        "credit": CREDIT,
        "license": LICENSE,
    }
    return kept(_json(document), selection, fields, gathered)


def comic(selection: Selection, fields: tuple[str, ...], gathered: Gathered) -> Response:
    """The only comic that was gathered, bare; or its problem."""
    if gathered.failures:
        return _failed(gathered)
    return kept(_json(narrowed(_comic(gathered.comics[0]), fields)), selection, fields, gathered)


def record(selection: Selection, gathered: Gathered) -> Response:
    """xkcd's own record of the only comic that was gathered; or its problem, unless there is no such comic."""
    if gathered.failures:
        missing = problems.of_failure(gathered.failures[0]).status == 404
        return timed(no_record(), gathered) if missing else _failed(gathered)
    return kept(_json(gathered.comics[0].comic.record, escape=True), selection, (), gathered)


def no_record() -> Response:
    """xkcd's own way to say that it has no such comic: clients tell it by the JSON that does not parse."""
    return Response(NOT_FOUND, 404, mimetype="text/html")


def image(selection: Selection, gathered: Gathered) -> Response:
    """The way to the image of the only comic that was gathered; or its problem. Raises NoImage."""
    if gathered.failures:
        return _failed(gathered)
    comic = gathered.comics[0].comic
    if comic.img is None:
        raise NoImage(comic.num)
    response = Response(status=302)
    response.location = comic.img
    return kept(response, selection, (), gathered)


def problem(problem: Problem) -> Response:
    """A problem details document (RFC 9457)."""
    return patient(_json(problem.to_json(), problem.status, "application/problem+json"), problem)


def patient(response: Response, problem: Problem) -> Response:
    """The response with the seconds that the problem asks to wait, if it does."""
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def health(version: str, latest: LatestNumber | None, caches: Sequence[str]) -> Response:
    """What this process knows of itself."""
    learnt = {} if latest is None else {"latest": latest.num, "learnt_at": _instant(latest.learnt_at)}
    return _json({"version": version, "latest": None, "learnt_at": None, **learnt, "caches": caches})


def index(about: dict[str, Any]) -> Response:
    """What there is to ask for."""
    return _json({**about, "credit": CREDIT, "license": LICENSE})


def kept(response: Response, selection: Selection, fields: tuple[str, ...], gathered: Gathered) -> Response:
    """The response with how long it may be kept and, if it may, the tag by which it is asked for again."""
    response.headers["Cache-Control"] = http_caching.cache_control(selection, gathered)
    if response.headers["Cache-Control"] != http_caching.NO_STORE:
        response.set_etag(http_caching.etag(selection, fields, gathered))
    return timed(response, gathered)


def timed(response: Response, gathered: Gathered) -> Response:
    """The response with the milliseconds that gathering took, and would have taken one after the other.

    What was gathered is noted for the log.
    """
    g.gathered = gathered
    spent = {"cache": gathered.cache_seconds, "xkcd": gathered.xkcd_seconds, "one-by-one": gathered.one_by_one}
    timings = ", ".join(f"{name};dur={1000 * seconds:.1f}" for name, seconds in spent.items())
    response.headers["Server-Timing"] = f'{timings};desc="round trips: {len(gathered.timings)}"'
    return response


def _failed(gathered: Gathered) -> Response:
    return timed(problem(problems.of_failure(gathered.failures[0])), gathered)


def _comic(found: Found) -> dict[str, Any]:
    return {
        **found.comic.to_json(),
        "source": found.source,
        "fetched_at": _instant(found.fetched_at),
        "stale": found.stale,
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(document: Any, status: int = 200, mimetype: str = "application/json", escape: bool = False) -> Response:
    """With `escape` it is all ASCII, as xkcd's own is, which alone can carry half a surrogate pair."""
    text = json.dumps(document, ensure_ascii=escape, separators=(",", ":"))
    return Response(text, status, mimetype=mimetype)
