"""Pure: everything that can go wrong, as one tree. Only web/problems.py maps them to HTTP statuses.

GatherError
├── BadRequest             the request cannot be answered as it stands
├── BadEvent               the function's event is neither a ping nor a request
├── NoImage                the comic has no single image
├── AnswerTooLarge         the answer exceeds what Lambda can send
├── NotAcceptable          it does so only for clients that accept no gzip
├── NoArchive              the answer is made from an archive, and there is none
├── ShuttingDown           the process is ending and cancelled the work for this request
├── NotServing             neither xkcd nor a cache could serve a comic lately
├── LatestUnknown          the selection depends on the latest number, which is unknown
├── TableError             the table could not be read or written; callers never see this
└── UpstreamError          xkcd did not send the comic
    ├── NoSuchComic        it does not exist
    ├── BadAnswer          the response is unusable
    │   ├── BrokenOff      the connection ended before the response did
    │   └── ImplausibleLatest  the latest comic's number makes no sense
    ├── Unreachable        no connection: DNS, TCP or TLS failed
    ├── Refused            xkcd answered with a 5xx
    │   ├── Forbidden      with a 403
    │   ├── RateLimited    with a 429
    │   └── Paused         no request was sent, because xkcd refused earlier ones
    └── TimedOut           there was no response in time
"""


class GatherError(Exception):
    """The root. `str()` of each error is a sentence for the caller."""


class BadRequest(GatherError):
    """The request cannot be answered as it stands."""


class BadEvent(GatherError):
    """The event is neither a ping nor a request."""


class NoImage(GatherError):
    """The comic has no single image."""

    def __init__(self, num: int) -> None:
        super().__init__(f"Comic {num} has no single image: see it on https://xkcd.com/{num}/.")
        self.num = num


class AnswerTooLarge(GatherError):
    """The answer exceeds what Lambda can send."""


class NotAcceptable(GatherError):
    """The answer exceeds what Lambda can send to clients that accept no gzip."""


class NoArchive(GatherError):
    """The answer is made from an archive, and there is none."""


class ShuttingDown(GatherError):
    """The process is ending."""


class NotServing(GatherError):
    """Neither xkcd nor a cache could serve a comic lately."""


class TableError(GatherError):
    """The table could not be read or written."""


class UpstreamError(GatherError):
    """xkcd did not send the comic. `reason` is one word for the log, such as "dns" or "http_503"."""

    reason = "unknown"

    def __init__(self, message: str, reason: str | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason


class NoSuchComic(UpstreamError):
    """The comic does not exist."""

    reason = "no_such_comic"


class BadAnswer(UpstreamError):
    """The response is unusable."""

    reason = "invalid"


class BrokenOff(BadAnswer):
    """The connection ended before the response did."""

    reason = "broken_off"


class ImplausibleLatest(BadAnswer):
    """The latest comic's number makes no sense, by the number learnt before or by the floor."""

    reason = "implausible_latest"


class Unreachable(UpstreamError):
    """There is no connection to xkcd."""

    reason = "connect"


class Refused(UpstreamError):
    """xkcd refused. `retry_after` is the number of seconds it asked us to wait, if it did."""

    reason = "http_5xx"

    def __init__(self, message: str, retry_after: int | None = None, reason: str | None = None) -> None:
        super().__init__(message, reason)
        self.retry_after = retry_after

    @property
    def asks_to_stop(self) -> bool:
        """Whether no other request should be sent for now."""
        return self.retry_after is not None


class Forbidden(Refused):
    """xkcd forbids us to ask (403)."""

    reason = "http_403"
    asks_to_stop = True


class RateLimited(Refused):
    """xkcd is rate-limiting us (429)."""

    reason = "http_429"
    asks_to_stop = True


class Paused(Refused):
    """No request was sent, because xkcd refused earlier ones."""

    reason = "paused"


class TimedOut(UpstreamError):
    """There was no response in time."""

    reason = "timeout"


class LatestUnknown(GatherError):
    """The latest comic's number could not be fetched; `cause` says why."""

    def __init__(self, cause: UpstreamError) -> None:
        super().__init__(f"The latest comic's number is unknown: {cause}")
        self.cause = cause
