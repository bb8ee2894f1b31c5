"""Pure: the results as Markdown tables, with a function for each part."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench import cost
from bench.lineup import OURS
from bench.results import Spread

HEAD = """# Benchmarks

Written by `make bench` from what it measured (bench/results.json); not to be edited. Medians, and in brackets the 10th
to 90th percentile. What is measured, and how, stands at the top of each module in bench/."""

FROM_TABLE = "What is read from the table costs what DynamoDB takes for that; its time is moto's, which is longer."

Part = Mapping[str, Any]
Times = Mapping[str, Any]


def document(parts: Mapping[str, Part]) -> str:
    """A section for each measured part, and one for the costs if all parts that it needs were measured."""
    sections = [HEAD]
    for name, write in TABLES.items():
        if name in parts:
            sections += [write(parts[name]), about(parts[name])]
    if {"warm", "caches"} <= parts.keys():
        sections.append(costs(parts["warm"], parts["caches"]))
    return "\n\n".join(sections) + "\n"


def about(part: Part) -> str:
    """When, on which machine and how often it was measured."""
    told = part["about"]
    return f"{told['date']}; {told['machine']}; {told['versions']}; {told['rounds']} rounds."


def warm(part: Part) -> str:
    """Wall time over HTTP and over TLS, then CPU time and memory."""
    ways, latency = part["ways"], part["latency"]
    counts = list(next(iter(ways.values()))["http"])
    columns = ["way", *(f"N={count}" for count in counts)]
    sections = []
    for scheme, over in (("http", "plain HTTP"), ("https", "TLS")):
        rows = [[way, *(multiple(taken[scheme][n], latency) for n in counts)] for way, taken in ways.items()]
        sections.append(f"## Wall time over {over}, as a multiple of xkcd's {1000 * latency:.0f} ms")
        sections.append(table(columns, rows))
    rows = [
        [way, *(milliseconds(taken["https"][n]["cpu"], ".1f") for n in counts), f"{taken['megabytes']:.0f} MB"]
        for way, taken in ways.items()
    ]
    sections += ["## CPU time over TLS, and the most memory at a time", table([*columns, "memory"], rows)]
    sections.append(f"In turn with N={counts[-1]}: {part['slow rounds']} rounds.")
    return "\n\n".join(sections)


def cold(part: Part) -> str:
    """From the start of a process to its first answer, with a table for each number of cores."""
    sections = []
    for cores, ways in part["cores"].items():
        sections += [f"## Cold start on {counted(cores)}, over TLS from {_afar(part)}", _by_request(ways)]
    told = (
        "The columns `N=` and `/comics`, which is five random comics, have the time from the handler to the answer.",
        _round_trips(part),
        "The table is moto's and has the first hundred comics.",
        f"A Python that only imports asyncio and ssl takes {milliseconds(part['floor'], '.0f')}.",
        f"In turn with N=100: {part['slow rounds']} rounds.",
    )
    return "\n\n".join([*sections, "\n".join(told)])


def _by_request(ways: Mapping[str, Times]) -> str:
    columns = list(dict.fromkeys(request for taken in ways.values() for request in taken["requests"]))
    rows = []
    for way, taken in ways.items():
        answers = [taken["requests"].get(request) for request in columns]
        start = [milliseconds(taken[span], ".0f") for span in ("init", "cpu")]
        cells = [milliseconds(answer["answer"], ".0f") if answer else "" for answer in answers]
        rows.append([way, *start, *cells, milliseconds(answers[0]["both"], ".0f")])
    shown = [_shown(request) for request in columns]
    return table(["start", "until the handler is there", "CPU", *shown, f"start and {shown[0]}"], rows)


def _round_trips(part: Part) -> str:
    """The answers of this service without stores in round trips, on the fewest cores."""
    requests = next(iter(part["cores"].values()))[OURS]["requests"]
    trips = {request: Spread(*taken["answer"]).median / part["round trip"] for request, taken in requests.items()}
    told = ", ".join(f"{_shown(request)} after {count:.1f}" for request, count in trips.items())
    return f"In round trips, {OURS} answers {told}."


def _shown(request: str) -> str:
    return f"N={request}" if request.isdigit() else f"`{request}`"


def package(part: Part) -> str:
    """The same for the package, under AWS's runtime client."""
    columns = ["start", "until the handler is there", "from then to the answer", "both"]
    spans = ("init", "answer", "both")
    rows = [[name, *(milliseconds(taken[span], ".0f") for span in spans)] for name, taken in part["packages"].items()]
    heading = f"## Cold start under AWS's runtime client on one core: five comics over TLS from {_afar(part)}"
    return f"{heading}\n\n{table(columns, rows)}"


def _afar(part: Part) -> str:
    return f"{1000 * part['round trip']:.0f} ms away"


def caches(part: Part) -> str:
    """The duration of an invocation whose comics are cached."""
    sources = {**part["sources"], **part["in a row"]}
    return f"## From memory, an archive, the table (played by moto) and xkcd\n\n{_by_source(sources)}"


def first(part: Part) -> str:
    """The duration of a process's first invocation."""
    return f"## The first request of a process, once its handler is there\n\n{_by_source(part['sources'])}"


def _by_source(sources: Mapping[str, Times]) -> str:
    counts = list(next(iter(sources.values())))
    columns = ["comics from", *(column for n in counts for column in (f"N={n}", "CPU"))]
    rows = [
        [source, *(milliseconds(taken[n][what], ".1f") for n in counts for what in ("wall", "cpu"))]
        for source, taken in sources.items()
    ]
    return table(columns, rows)


def search(part: Part) -> str:
    """The CPU time of a search, and of what it is compared with."""
    rows = [
        [name, milliseconds(taken["cpu"], ".2f"), "" if taken["p99"] is None else f"{1000 * taken['p99']:.2f} ms"]
        for name, taken in part["answers"].items()
    ]
    heading = "## CPU time of a search, of ten comics and of a page, with an archive"
    told = f"{part['searches']} searches in each round, and {part['starts']} processes for each first request."
    return f"{heading}\n\n{table(['answer', 'CPU', 'p99'], rows)}\n\n{told}"


def random(part: Part) -> str:
    """The duration of an application's first request, with the latest number known and unknown."""
    rows = [[question, multiple(taken, part["latency"])] for question, taken in part["questions"].items()]
    heading = f"## Five comics at first, as a multiple of xkcd's {1000 * part['latency']:.0f} ms"
    return f"{heading}\n\n{table(['question', 'wall time'], rows)}"


def tail(part: Part) -> str:
    """The slowest invocations, with and without hedged requests."""
    share, times = part["slow"]
    sections = [
        f"## The tail: {part['comics']} comics where {100 * share:.0f} % of xkcd's answers take {times} times as long",
        "Wall time as a multiple of what the other answers take.",
    ]
    shown = ("50", "90", "99", "99.9")
    columns = ["requests", *(f"p{percent}" for percent in shown), "more of them"]
    for place, ways in part["places"].items():
        rows = [
            [name, *(f"{way['percentiles'][percent]:.2f}" for percent in shown), f"{way['more']:.2f} %"]
            for name, way in ways.items()
        ]
        sections += [f"{place[0].upper()}{place[1:]}:", table(columns, rows)]
    return "\n\n".join(sections)


def where(part: Part) -> str:
    """The CPU time by the code that takes it."""
    rows = [[owner, f"{100 * share:.0f} %"] for owner, share in part["shares"].items()]
    heading = "## Where the CPU time of gathering a hundred comics goes, under a profiler"
    return f"{heading}\n\n{table(['whose code', 'share'], rows)}"


TABLES: dict[str, Callable[[Part], str]] = {
    "warm": warm,
    "cold": cold,
    "package": package,
    "caches": caches,
    "first": first,
    "search": search,
    "random": random,
    "tail": tail,
    "where": where,
}


def costs(warm: Part, caches: Part) -> str:
    """The cost of a million invocations for each size of memory."""
    rows = []
    for name, count, taken, reads in priced(warm, caches):
        dollars = (million(taken, memory, reads) for memory in cost.MEMORIES)
        rows.append([name, str(count), *(f"{value:.2f}" for value in dollars)])
    told = (cost.__doc__ or "").partition("\n\n")[2].strip() + "\n" + FROM_TABLE
    columns = ["way", "N", *(f"{memory} MB" for memory in cost.MEMORIES)]
    return f"## US dollars for a million invocations\n\n{table(columns, rows)}\n\n{told}"


def priced(warm: Part, caches: Part) -> Iterable[tuple[str, int, Times, int]]:
    """Name, number of comics, their duration, and how many of them are read from the table."""
    for source, by_count in caches["sources"].items():
        for count, taken in by_count.items():
            yield f"{OURS}, from {source}", int(count), taken, int(count) if source == "table" else 0
    for way, taken in warm["ways"].items():
        if way != OURS:
            for count in ("5", "25"):
                yield way, int(count), taken["https"][count], 0


def million(taken: Times, memory: int, reads: int) -> float:
    """US dollars for a million invocations of that duration, which each read this many comics from the table."""
    wall, cpu = Spread(*taken["wall"]).median, Spread(*taken["cpu"]).median
    return cost.million(wall, cpu, memory) + cost.million_reads(reads)


def counted(cores: str) -> str:
    """That number of cores, in words."""
    return "one core" if cores == "1" else f"{cores} cores"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, with this service's rows in bold."""
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for name, *cells in rows:
        shown = f"**{name}**" if name.startswith(OURS) else name
        lines.append(f"| {' | '.join([shown, *cells])} |")
    return "\n".join(lines)


def multiple(taken: Times, latency: float) -> str:
    """Wall time as a multiple of the latency."""
    return cell(Spread(*taken["wall"]).times(1 / latency), ".2f")


def milliseconds(seconds: Sequence[float], form: str) -> str:
    """A spread of seconds in milliseconds."""
    return cell(Spread(*seconds).times(1000), form, " ms")


def cell(spread: Spread, form: str, unit: str = "") -> str:
    """The median and the percentiles, each in that form."""
    return f"{spread.median:{form}}{unit} ({spread.low:{form}} to {spread.high:{form}})"
