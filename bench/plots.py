"""Draws the results, with a function for each plot. Only this module imports matplotlib, which .venv-bench has.

The same results give the same files. They have a white background on dark pages too, and their text is text. The
colours are Okabe and Ito's, which colour-blind readers can tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench import tables
from bench.lineup import OURS, WAYS
from bench.results import Spread

STYLE = {
    "svg.hashsalt": OURS,
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.titlesize": 9,
    "axes.labelcolor": "#444444",
    "xtick.color": "#444444",
    "ytick.left": False,
}
BLUE, LIGHT_BLUE = "#0072b2", "#56b4e9"
GREY, LIGHT_GREY = "#777777", "#bbbbbb"
MEMORY = 1024
IN_TURN = {way.name for way in WAYS if way.in_turn}
"""Ways whose bars would be so long that no other could be read."""

Parts = Mapping[str, Any]


class Row(NamedTuple):
    """A line of a plot."""

    name: str
    spread: Spread

    @property
    def ours(self) -> bool:
        """Whether it belongs to this service."""
        return self.name.startswith(OURS)

    @property
    def colour(self) -> str:
        """The style of this service."""
        return BLUE if self.ours else GREY


def draw(parts: Parts, directory: Path) -> list[str]:
    """Draw each plot whose results exist. Returns their names."""
    drawn = []
    directory.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(STYLE):
        for name, (needs, plot) in PLOTS.items():
            if set(needs) <= parts.keys():
                plot(*(parts[part] for part in needs)).savefig(directory / name, metadata={"Date": None})
                drawn.append(name)
    return drawn


def warm(part: Parts) -> Figure:
    """Wall time of every way, a panel for each number of comics and for HTTP and TLS."""
    counts = list(next(iter(part["ways"].values()))["http"])
    figure = Figure(figsize=(10, 6), layout="constrained")
    _title(figure, f"Wall time of an invocation as a multiple of xkcd's {1000 * part['latency']:.0f} ms, logarithmic")
    panels = figure.subplots(2, len(counts), sharex=True, sharey=True)
    for axes_of_scheme, (scheme, over) in zip(panels, (("http", "plain HTTP"), ("https", "TLS")), strict=True):
        for axes, count in zip(axes_of_scheme, counts, strict=True):
            axes.set_title(f"N={count}, {over}", loc="left")
            dots(axes, _rows(part["ways"], 1 / part["latency"], scheme, count, "wall"), "#.3g", start=1.0)
            axes.set_xlim(0.9, 1000)
            axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    return figure


def cpu(part: Parts) -> Figure:
    """CPU time of a hundred comics over TLS."""
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    axes = figure.subplots()
    _title(figure, "Milliseconds of CPU time for 100 comics over TLS, logarithmic")
    dots(axes, _rows(part["ways"], 1000, "https", "100", "cpu"), ".0f", start=10)
    axes.set_xlim(10, 10000)
    axes.set_xticks([10, 100, 1000], ["10", "100", "1000"])
    return figure


def cold(part: Parts) -> Figure:
    """From the start of a process to its first answer, in two spans, with a panel for each number of comics."""
    cores, ways = next(iter(part["cores"].items()))
    counts = [request for request in ways[OURS]["requests"] if request.isdigit()]
    shown = {name: taken for name, taken in ways.items() if name not in IN_TURN}
    trip = f"{1000 * part['round trip']:.0f} ms"
    figure = Figure(figsize=(10, 4), layout="constrained")
    _title(figure, f"Cold start on {tables.counted(cores)}: milliseconds to an answer, over TLS from {trip} away")
    for axes, count in zip(figure.subplots(1, len(counts), sharey=True), counts, strict=True):
        axes.set_title(f"N={count}", loc="left")
        bars(axes, _rows(shown, 1000, "requests", count, "both"), ".0f")
        for at, row in enumerate(_rows(shown, 1000, "requests", count, "init")):
            axes.barh(at, row.spread.median, color=LIGHT_BLUE if row.ours else LIGHT_GREY, height=0.62)
    figure.supxlabel("light: until the handler is there; dark: from then to the answer", fontsize=9, color="#444444")
    return figure


def cost(warm: Parts, caches: Parts) -> Figure:
    """The cost of a million invocations, with a panel for each number of comics."""
    priced = list(tables.priced(warm, caches))
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    _title(figure, f"US dollars for a million invocations on Lambda with {MEMORY} MB")
    for axes, count in zip(figure.subplots(1, 2, sharey=True), (5, 25), strict=True):
        costs = [
            Row(name, Spread(*[tables.million(taken, MEMORY, reads)] * 3))
            for name, comics, taken, reads in priced
            if comics == count
        ]
        axes.set_title(f"N={count}", loc="left")
        bars(axes, costs, ".2f")
    return figure


def tail(part: Parts) -> Figure:
    """The share of invocations answered within a time, with and without hedged requests."""
    share, times = part["slow"]
    figure = Figure(figsize=(10, 3.8), layout="constrained")
    _title(figure, f"{part['comics']} comics where {100 * share:.0f} % of xkcd's answers take {times} times as long")
    for axes, (place, ways) in zip(figure.subplots(1, 2, sharey=True), part["places"].items(), strict=True):
        for (name, way), colour, weight in zip(ways.items(), (GREY, BLUE), ("normal", "bold"), strict=True):
            percents = [float(percent) for percent in way["percentiles"]]
            multiples = list(way["percentiles"].values())
            axes.plot(multiples, percents, color=colour, linewidth=2)
            axes.annotate(name, (multiples[84], 85), (6, -4), textcoords="offset points", color=colour, weight=weight)
        axes.set_title(place, loc="left")
        axes.set_xlabel("wall time, as a multiple of what the other answers take")
        axes.set_ylim(0, 100)
        axes.set_yticks([0, 50, 90, 99], ["0", "50 %", "90 %", "99 %"])
        axes.grid(axis="y", color="#dddddd")
    return figure


PLOTS: dict[str, tuple[Sequence[str], Callable[..., Figure]]] = {
    "warm.svg": (("warm",), warm),
    "cpu.svg": (("warm",), cpu),
    "cold.svg": (("cold",), cold),
    "cost.svg": (("warm", "caches"), cost),
    "tail.svg": (("tail",), tail),
}
"""The parts of the results that each plot needs, and what draws it of them."""


def dots(axes: Axes, rows: Sequence[Row], form: str, start: float) -> None:
    """A dot for each row on a logarithmic scale, at the end of a line from where that starts."""
    axes.set_xscale("log")
    axes.minorticks_off()
    for at, row in enumerate(rows):
        axes.plot([start, row.spread.median], [at, at], color=row.colour, linewidth=1, alpha=0.5, zorder=1)
        axes.plot(row.spread.median, at, "o", color=row.colour, markersize=6 if row.ours else 5)
    _finish(axes, rows, form)


def bars(axes: Axes, rows: Sequence[Row], form: str) -> None:
    """A bar for each row."""
    for at, row in enumerate(rows):
        axes.barh(at, row.spread.median, color=row.colour, height=0.62)
    axes.set_xlim(0, 1.15 * max(row.spread.high for row in rows))
    _finish(axes, rows, form)


def _finish(axes: Axes, rows: Sequence[Row], form: str) -> None:
    """Whiskers from the 10th to the 90th percentile, the median behind them, and the names; ours on top."""
    for at, row in enumerate(rows):
        weight = "bold" if row.ours else "normal"
        if row.spread.low < row.spread.high:
            axes.plot([row.spread.low, row.spread.high], [at, at], color="black", linewidth=1.2)
        text = f"{row.spread.median:{form}}".rstrip(".")  # which "#" puts behind whole numbers too
        axes.annotate(text, (row.spread.high, at), (6, 0), textcoords="offset points", va="center", weight=weight)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    for label, row in zip(axes.get_yticklabels(), rows, strict=False):  # inner panels have no names
        label.set(color=row.colour if row.ours else "black", weight="bold" if row.ours else "normal")
    axes.set_ylim(len(rows) - 0.4, -0.6)


def _title(figure: Figure, text: str) -> None:
    figure.suptitle(text, x=0.005, ha="left", fontsize=10.5, weight="bold")


def _rows(ways: Parts, factor: float, *path: str) -> list[Row]:
    """The spread of each way there, in another unit."""
    rows = []
    for name, found in ways.items():
        for key in path:
            found = found[key]
        rows.append(Row(name, Spread(*found).times(factor)))
    return rows
