"""Writes answers: the JSON documents, and what every answer tells about itself."""

import json
from datetime import UTC, datetime
from typing import Any

from flask import Response

from app import problems
from app.gathered import Found, Gathered, NewestNumber
from app.problems import Problem

CREDIT = "xkcd.com by Randall Munroe"
LICENSE = "https://creativecommons.org/licenses/by-nc/2.5/"


def comics(gathered: Gathered) -> Response:
    """All that was gathered and all that was not, as one document; a problem when there is no comic at all."""
    if gathered.failures and not gathered.comics:
        return timed(problem(problems.of_failures(gathered.failures, gathered.latest)), gathered)
    document = {
        "comics": [_comic(found) for found in gathered.comics],
        "failures": [problems.of_failure(failure).to_json() for failure in gathered.failures],
        "complete": not gathered.failures,
        "latest": gathered.latest,
        "credit": CREDIT,
        "license": LICENSE,
    }
    return timed(_json(document), gathered)


def comic(gathered: Gathered) -> Response:
    """The only comic that was gathered, bare; or its problem."""
    if gathered.failures:
        return timed(problem(problems.of_failure(gathered.failures[0])), gathered)
    return timed(_json(_comic(gathered.comics[0])), gathered)


def problem(problem: Problem) -> Response:
    """A problem details document (RFC 9457)."""
    response = _json(problem.to_json(), problem.status, "application/problem+json")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def timed(response: Response, gathered: Gathered) -> Response:
    """The response with the milliseconds that gathering took, and would have taken one after the other."""
    together, one_by_one = (f"{1000 * seconds:.1f}" for seconds in (gathered.seconds, gathered.one_by_one))
    trips = f"{len(gathered.timings)} round trips"
    response.headers["Server-Timing"] = f'xkcd;dur={together}, one-by-one;dur={one_by_one};desc="{trips}"'
    return response


def health(version: str, newest: NewestNumber | None, caches: tuple[str, ...]) -> Response:
    """What this process knows of itself."""
    learnt = {} if newest is None else {"latest": newest.num, "learnt_at": _instant(newest.learnt_at)}
    return _json({"version": version, "latest": None, "learnt_at": None, **learnt, "caches": caches})


def _comic(found: Found) -> dict[str, Any]:
    return {
        **found.comic.to_json(),
        "source": found.source,
        "fetched_at": _instant(found.fetched_at),
        "stale": found.stale,
    }


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _json(document: dict[str, Any], status: int = 200, mimetype: str = "application/json") -> Response:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, mimetype=mimetype)
