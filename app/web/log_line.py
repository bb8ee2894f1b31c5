"""The log line of a request: our own numbers and words, and nothing that a caller wrote."""

from collections import Counter
from typing import Any

from flask import Request, Response

from app.gathering.gathered import Gathered

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def of_request(request: Request, response: Response, gathered: Gathered | None, seconds: float) -> dict[str, Any]:
    """The fields for a request that took `seconds`. Without a gathering, only those that every request has."""
    return {
        "path": request.url_rule.rule if request.url_rule else None,
        "method": request.method if request.method in METHODS else "other",
        "status": response.status_code,
        "request_id": response.headers["X-Request-Id"],
        "total_ms": _milliseconds(seconds),
        **({} if gathered is None else _of_gathering(gathered)),
    }


def _of_gathering(gathered: Gathered) -> dict[str, Any]:
    """How many comics were requested, and how that went."""
    sources = Counter(found.source for found in gathered.comics)
    return {
        "requested": len(gathered.comics) + len(gathered.failures),
        **{f"from_{source}": sources[source] for source in ("memory", "archive", "table", "xkcd")},
        "failed": len(gathered.failures),
        "stale": sum(found.stale for found in gathered.comics),
        "retried": gathered.retried,
        "hedged": gathered.hedged,
        "reasons": dict(gathered.reasons),
        "cache_ms": _milliseconds(gathered.cache_seconds),
        "xkcd_ms": _milliseconds(gathered.xkcd_seconds),
    }


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 1)
