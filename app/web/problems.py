"""Turns errors into RFC 9457 problem details. Only this module maps errors to statuses."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from werkzeug.exceptions import HTTPException

from app.errors import (
    AnswerTooLarge,
    BadAnswer,
    BadRequest,
    GatherError,
    LatestUnknown,
    NoArchive,
    NoImage,
    NoSuchComic,
    NotAcceptable,
    NotServing,
    Refused,
    ShuttingDown,
    TimedOut,
    Unreachable,
)
from app.gathering.gathered import Failure
from app.web.query import quoted

_MEANINGS: dict[type[GatherError], tuple[int, str]] = {
    BadRequest: (400, "Bad request"),
    GatherError: (500, "Internal Server Error"),
    AnswerTooLarge: (502, "Answer too large"),
    NoArchive: (503, "No archive"),
    NoImage: (404, "No image"),
    NoSuchComic: (404, "No such comic"),
    NotAcceptable: (406, "Not acceptable"),
    BadAnswer: (502, "Unusable answer from xkcd"),
    Unreachable: (503, "xkcd not reached"),
    Refused: (503, "xkcd refused"),
    LatestUnknown: (503, "Latest comic unknown"),
    NotServing: (503, "No comic served lately"),
    ShuttingDown: (503, "Shutting down"),
    TimedOut: (504, "No answer from xkcd in time"),
}


class Problem(NamedTuple):
    """A problem for the caller. `retry_after` is in seconds."""

    status: int
    title: str
    detail: str
    num: int | None = None
    more: Mapping[str, Any] = {}
    retry_after: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The problem details object."""
        about = {} if self.num is None else {"num": self.num}
        return {**about, "status": self.status, "title": self.title, "detail": self.detail, **self.more}


def of_error(error: GatherError) -> Problem:
    """The problem for an error of ours."""
    status, title = next(_MEANINGS[kind] for kind in type(error).__mro__ if kind in _MEANINGS)
    cause = error.cause if isinstance(error, LatestUnknown) else error
    return Problem(
        status,
        title,
        str(error),
        num=error.num if isinstance(error, NoImage) else None,
        more={"url": f"https://xkcd.com/{error.num}/"} if isinstance(error, NoImage) else {},
        retry_after=cause.retry_after if isinstance(cause, Refused) else None,
    )


def of_failure(failure: Failure) -> Problem:
    """The problem of one missing comic."""
    return of_error(failure.error)._replace(num=failure.num)


def of_failures(failures: Sequence[Failure], latest: int | None) -> Problem:
    """The problem of an answer without comics. Its status is that of the failures if they agree, else 502."""
    problems = [of_failure(failure) for failure in failures]
    agreed = len({problem.status for problem in problems}) == 1
    first = problems[0]
    return Problem(
        first.status if agreed else 502,
        first.title if agreed else "No comic could be fetched",
        first.detail if len(problems) == 1 else f"None of the {len(problems)} comics could be fetched.",
        more={"failures": [problem.to_json() for problem in problems], "latest": latest},
        retry_after=max((problem.retry_after for problem in problems if problem.retry_after is not None), default=None),
    )


def of_format(name: str) -> Problem:
    """The problem of a format that we do not write. oEmbed wants this status."""
    return Problem(
        501, "Not implemented", f"There is no oEmbed answer in the format {quoted(name)}: 'json' is the one."
    )


def of_http(error: HTTPException) -> Problem:
    """The problem for an error of Flask or werkzeug: a wrong path, a wrong method, or a bug of ours."""
    hints = {
        404: "There is no such path. Comics are at /comics, /comics/614, /comics/latest and /comics/random; "
        "/docs has all paths.",
        405: "This path supports GET, HEAD and OPTIONS only.",
        500: "This is a bug of this service. It has been logged.",
    }
    status = error.code or 500
    return Problem(status, error.name, hints.get(status, error.description or error.name))
