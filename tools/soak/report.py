"""The report on stdout and in JSON."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

from tools.soak.results import Played, Result, percentile
from tools.soak.schedule import CALM

LONGEST_EXAMPLE = 3000
"""Characters of a wrong answer on stdout. The file has all of it."""


def text(results: Sequence[Result]) -> str:
    """The report for a reader."""
    parts = chain.from_iterable((_summary(result), _by_weather(result), _held(result)) for result in results)
    wrong = [_shortened(f"{weather}: {what}") for result in results for weather, what in result.examples]
    verdict = f"{sum(result.wrong for result in results)} wrong"
    return "\n\n".join([*parts, *wrong, verdict])


def document(results: Iterable[Result]) -> list[dict[str, Any]]:
    """The report for a program."""
    return [
        {
            **asdict(result),
            "weather": {name: _numbers(played) for name, played in result.weather.items()},
            "total": _numbers(_total(result)),
        }
        for result in results
    ]


def _summary(result: Result) -> str:
    total, calm = _total(result), result.weather.get(CALM, Played())
    rows = [
        ("calls", f"{total.calls} by {result.clients} clients in {result.seconds:.0f} s"),
        ("wrong", str(result.wrong)),
        ("statuses", ", ".join(f"{status}: {count}" for status, count in sorted(total.statuses.items()))),
        ("requests to xkcd", f"{total.requests}, {1000 * total.requests / max(total.calls, 1):.0f} per 1000 calls"),
        ("ms, in the calm", _times(calm)),
        ("ms, in all weather", _times(total)),
    ]
    return "\n".join([f"Through the {result.front}", *(f"  {name:20}{value}" for name, value in rows)])


def _by_weather(result: Result) -> str:
    head = f"  {'weather':20}{'calls':>7}{'wrong':>7}{'requests':>10}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}"
    rows = (
        f"  {name:20}{played.calls:7}{played.wrong:7}{played.requests:10}"
        + "".join(f"{value:9.0f}" for value in _percentiles(played))
        for name, played in sorted(result.weather.items())
    )
    return "\n".join([head, *rows])


def _held(result: Result) -> str:
    head = f"  {'idle after':20}{'MB':>7}{'sockets':>9}{'threads':>9}{'tasks':>7}"
    rows = (
        f"  {f'{calls} calls':20}{held.megabytes:7.1f}{held.sockets:9}{held.threads:9}{held.tasks:7}"
        for calls, held in result.held.items()
    )
    return "\n".join([head, *rows])


def _total(result: Result) -> Played:
    everything = result.weather.values()
    return Played(
        result.calls,
        sum(played.wrong for played in everything),
        result.requests,
        [value for played in everything for value in played.milliseconds],
        dict(sum((Counter(played.statuses) for played in everything), Counter())),
    )


def _percentiles(played: Played) -> tuple[float, float, float]:
    values = played.milliseconds
    return percentile(values, 0.5), percentile(values, 0.99), max(values, default=0.0)


def _times(played: Played) -> str:
    return "p50 {:.1f}, p99 {:.1f}, max {:.1f}".format(*_percentiles(played))


def _numbers(played: Played) -> dict[str, Any]:
    p50, p99, longest = (round(value, 1) for value in _percentiles(played))
    numbers = {name: value for name, value in asdict(played).items() if name != "milliseconds"}
    return {**numbers, "p50_ms": p50, "p99_ms": p99, "max_ms": longest}


def _shortened(example: str) -> str:
    if len(example) <= LONGEST_EXAMPLE:
        return example
    return f"{example[:LONGEST_EXAMPLE]}… ({len(example)} characters)"
