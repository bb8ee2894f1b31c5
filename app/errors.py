"""Pure: everything that can go wrong, as one tree.

GatherError
├── BadRequest             the caller asked for something that cannot be
├── BadEvent               the function was invoked with something that is no ping and no request
├── NoImage                the comic's image is asked for, and it has none
├── ShuttingDown           the process is ending, and what it did for the caller was cancelled
├── LatestUnknown          the selection needs the latest comic's number, and nobody knows it
├── TableError             the table of comics could not be read or written; no caller ever sees this
└── UpstreamError          xkcd gave no comic
    ├── NoSuchComic        because there is none
    ├── BadAnswer          because its answer cannot be used
    │   └── BrokenOff      because the connection broke before the answer was whole
    ├── Unreachable        because no connection could be made: DNS, TCP or TLS
    ├── Refused            because it answered that it would not: a 5xx
    │   ├── TooMany        because it is asked too much: a 429
    │   └── LeftAlone      because it refused before and is left alone for a while
    └── TooLate            because the time allowed was over

What each of them means as an HTTP status is said in problems.py, and only there.
"""


class GatherError(Exception):
    """The root; `str()` of every error here is a sentence made for the caller."""


class BadRequest(GatherError):
    """A request that cannot be answered as it stands."""


class BadEvent(GatherError):
    """An event that is neither a ping nor a request."""


class NoImage(GatherError):
    """The comic of that number is no single image."""

    def __init__(self, num: int) -> None:
        super().__init__(f"Comic {num} has no single image: see it on https://xkcd.com/{num}/.")
        self.num = num


class ShuttingDown(GatherError):
    """The process is ending."""


class TableError(GatherError):
    """The table could not be read or written."""


class UpstreamError(GatherError):
    """xkcd did not answer with the comic asked for."""


class NoSuchComic(UpstreamError):
    """xkcd has no such comic."""


class BadAnswer(UpstreamError):
    """xkcd's answer is not one that can be used."""


class BrokenOff(BadAnswer):
    """The connection ended before the answer was whole."""


class Unreachable(UpstreamError):
    """No connection to xkcd could be made."""


class Refused(UpstreamError):
    """xkcd refused; `retry_after` is how many seconds it asked to be left alone, if it said so."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TooMany(Refused):
    """xkcd said that it is asked too much (429)."""


class LeftAlone(Refused):
    """xkcd was not asked, because it refused before."""


class TooLate(UpstreamError):
    """Nothing came within the time allowed."""


class LatestUnknown(GatherError):
    """The latest comic's number could not be learnt; `cause` says why."""

    def __init__(self, cause: UpstreamError) -> None:
        super().__init__(f"The latest comic's number is not known: {cause}")
        self.cause = cause
