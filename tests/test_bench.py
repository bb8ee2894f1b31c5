"""The ways that the benchmark compares gather the same comics, and its tables say what was measured.

aiohttp and FastAPI are not installed here: only `make bench` runs these two.
"""

import base64
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from bench import cold, cores, cost, tables, warm
from bench.lineup import ROOT, WAYS
from bench.processes import Worker, request, serving, serving_from_afar
from bench.results import Spread, spread
from bench.setting import printed
from bench.stores import STORES
from bench.upstream import Upstream
from bench.worker import unpacked
from tools.stand_in import StandIn

PYTHON = (sys.executable, "-m", "bench.worker")
OURS = (*PYTHON, "handler.handler")
INSTALLED_HERE = {
    "ours": OURS,
    "requests in turn": (*PYTHON, "bench.ways.requests_in_turn.handler"),
    "client per request": (*PYTHON, "bench.ways.client_per_request.handler"),
    "lasting client": (*PYTHON, "bench.ways.lasting_client.handler"),
    "threads": (*PYTHON, "bench.ways.threads.handler"),
    "fetch": ("node", str(ROOT / "bench/worker.mjs"), "./ways/fetch.mjs"),
}


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    with serving("bench.upstream", str(tmp_path_factory.mktemp("upstream"))) as addresses:
        yield Upstream(**json.loads(addresses))


@pytest.mark.parametrize("command", INSTALLED_HERE.values(), ids=INSTALLED_HERE)
def test_a_way_gathers_the_comics_over_tls_as_often_as_it_is_told(upstream: Upstream, command: tuple[str, ...]) -> None:
    with Worker(command, upstream.environ(upstream.near)) as worker:
        assert worker.cpu_of_start > 0
        for count in (1, 3, 3):
            invocation = worker.invoke(count)
            assert invocation.wall > 0
            assert invocation.cpu > 0
        assert worker.peak_megabytes > 1


def test_an_answer_without_all_comics_is_not_measured(xkcd: StandIn) -> None:
    xkcd.latest = 2
    with Worker(OURS, xkcd.environ) as worker, pytest.raises(RuntimeError, match=r"asked for 3 comics"):
        worker.invoke(3)


def test_comics_from_elsewhere_are_not_measured(xkcd: StandIn) -> None:
    with Worker(OURS, {**xkcd.environ, "COMICS_IN_MEMORY": ""}) as worker:
        worker.invoke(3)
        worker.invoke(3, "memory")
        with pytest.raises(RuntimeError, match=r"from table and answered .*'memory'"):
            worker.invoke(3, "table")


def test_a_compressed_answer_is_measured_too(upstream: Upstream) -> None:
    with Worker(OURS, upstream.environ(upstream.near)) as worker:
        worker.invoke(25)
        worker.invoke(25, accept_encoding="identity")


def test_five_random_comics_come_from_afar(upstream: Upstream) -> None:
    with serving_from_afar(upstream.near, 0.01) as far, Worker(OURS, upstream.environ(far)) as worker:
        assert worker.invoke_random().wall > 0.01


def test_a_body_is_read_as_it_is_or_without_base64_and_gzip() -> None:
    packed = base64.b64encode(gzip.compress("Woodpecker …".encode())).decode()
    assert unpacked({"body": "Woodpecker …"}) == "Woodpecker …"
    assert unpacked({"body": "Woodpecker …", "isBase64Encoded": False}) == "Woodpecker …"
    assert unpacked({"body": packed, "isBase64Encoded": True}) == "Woodpecker …"


@pytest.mark.skipif(not cores.CAN_PIN, reason="needs taskset and two cores")
def test_a_worker_on_one_core_shares_it_with_no_server() -> None:
    worker, server = (usable(before) for before in (cores.for_worker(1), cores.for_servers()))
    assert len(worker) == 1
    assert not worker & server
    assert worker < usable(cores.for_worker(2))


def usable(before: tuple[str, ...]) -> set[int]:
    """The cores that a program so started may run on."""
    program = "import os; print(*os.sched_getaffinity(0))"
    return {int(core) for core in printed(*before, sys.executable, "-c", program).split()}


def test_a_page_is_measured_too_and_has_no_comics(xkcd: StandIn) -> None:
    with Worker(OURS, xkcd.environ) as worker:
        said = worker.ask(request("/614/", accept="text/html"))
    assert said["cpu"] > 0
    assert (said["status"], said["nums"], said["sources"]) == (200, [], [])


def test_every_round_has_each_way_once_with_each_number_of_comics() -> None:
    first, second = warm.jobs(2, 2)[:64], warm.jobs(2, 2)[64:]
    each = {warm.Job(way, scheme, count) for way in WAYS for scheme in warm.SCHEMES for count in warm.COUNTS}
    assert Counter(first) == Counter(second) == Counter(each)
    assert first != second
    assert first == warm.jobs(1, 1)


def test_what_takes_ten_seconds_each_time_is_done_in_the_first_rounds_only() -> None:
    slow = [job for job in warm.jobs(5, 3) if job.way.in_turn and job.count == 100]
    assert [job.scheme for job in slow] == ["http", "https"] * 3


def test_all_ways_start_on_one_core_with_each_number_of_comics_and_on_two_with_five() -> None:
    fewest, *more = cores.compared()
    first, second = cold.jobs(2, 2)[: len(cold.jobs(1, 1))], cold.jobs(2, 2)[len(cold.jobs(1, 1)) :]
    each = {cold.Job(way, fewest, count) for way in cold.STARTING for count in cold.COUNTS}
    each |= {cold.Job(way, count, "5") for way in cold.STARTING for count in more}
    each |= {cold.Job(way, fewest, cold.RANDOM) for way in STORES}
    assert Counter(first) == Counter(second) == Counter(each)
    assert first != second


def test_starts_that_take_ten_seconds_are_done_in_the_first_rounds_only() -> None:
    assert len([job for job in cold.jobs(5, 3) if job.way.in_turn and job.request == "100"]) == 3


def test_a_spread_is_the_median_and_two_percentiles_within_what_was_measured() -> None:
    assert spread([float(value) for value in range(11)]) == Spread(5, 1, 9)
    assert spread([3, 1]) == Spread(2, 1.2, 2.8)
    assert spread([2]) == Spread(2, 2, 2)


def test_waiting_takes_as_long_with_less_memory_and_computing_longer() -> None:
    assert cost.duration(wall=0.11, cpu=0.01, memory=1769) == 0.11
    assert cost.duration(wall=0.11, cpu=0.01, memory=512) == 0.135
    assert cost.duration(wall=0.10, cpu=0.15, memory=1769) == 0.15


def test_a_million_invocations_cost_their_requests_and_their_gigabyte_seconds() -> None:
    assert cost.million(wall=0.1, cpu=0.0, memory=1024) == pytest.approx(0.20 + 1.33334)
    assert cost.million_reads(comics=100) == pytest.approx(7.625)


ABOUT = {"date": "2026-11-23", "machine": "x86_64, 2 cores", "versions": "Python 3.13.0", "rounds": 15}
TIMES: dict[str, Any] = {"wall": [0.105, 0.104, 0.11], "cpu": [0.005, 0.004, 0.006]}
SPANS = {"init": [0.2, 0.1, 0.3], "answer": [0.105, 0.09, 0.12], "both": [0.3, 0.2, 0.4]}


def test_a_table_is_followed_by_when_on_what_and_how_often() -> None:
    part = {"about": ABOUT, "round trip": 0.03, "packages": {"with .pyc": SPANS}}
    assert tables.document({"package": part}).removeprefix(tables.HEAD).splitlines() == [
        "",
        "",
        "## Cold start under AWS's runtime client on one core: five comics over TLS from 30 ms away",
        "",
        "| start | until the handler is there | from then to the answer | both |",
        "|---|---|---|---|",
        "| with .pyc | 200 ms (100 to 300) | 105 ms (90 to 120) | 300 ms (200 to 400) |",
        "",
        "2026-11-23; x86_64, 2 cores; Python 3.13.0; 15 rounds.",
    ]


def test_cold_starts_have_a_table_for_each_number_of_cores_and_columns_for_what_was_requested() -> None:
    ours = {**TIMES, "init": SPANS["init"], "requests": {"5": SPANS, "25": SPANS, "/comics": SPANS}}
    fetch = {**TIMES, "init": SPANS["init"], "requests": {"5": SPANS}}
    on_cores = {"1": {"xkcd-gather": ours, "Node, fetch": fetch}, "2": {"Node, fetch": fetch}}
    part = {"round trip": 0.03, "slow rounds": 2, "floor": [0.1, 0.1, 0.1], "cores": on_cores}
    init, cpu, answer, both = "200 ms (100 to 300)", "5 ms (4 to 6)", "105 ms (90 to 120)", "300 ms (200 to 400)"
    assert tables.cold(part).splitlines() == [
        "## Cold start on one core, over TLS from 30 ms away",
        "",
        "| start | until the handler is there | CPU | N=5 | N=25 | `/comics` | start and N=5 |",
        "|---|---|---|---|---|---|---|",
        f"| **xkcd-gather** | {init} | {cpu} | {answer} | {answer} | {answer} | {both} |",
        f"| Node, fetch | {init} | {cpu} | {answer} |  |  | {both} |",
        "",
        "## Cold start on 2 cores, over TLS from 30 ms away",
        "",
        "| start | until the handler is there | CPU | N=5 | start and N=5 |",
        "|---|---|---|---|---|",
        f"| Node, fetch | {init} | {cpu} | {answer} | {both} |",
        "",
        "The columns `N=` and `/comics`, which is five random comics, have the time from the handler to the answer.",
        "In round trips, xkcd-gather answers N=5 after 3.5, N=25 after 3.5, `/comics` after 3.5.",
        "The table is moto's and has the first hundred comics.",
        "A Python that only imports asyncio and ssl takes 100 ms (100 to 100).",
        "In turn with N=100: 2 rounds.",
    ]


def test_from_each_source_cached_and_at_first_comics_take_a_row() -> None:
    part = {"about": ABOUT, "sources": {"archive": {"5": TIMES, "25": TIMES}}}
    shown = tables.document(
        {"caches": {**part, "in a row": {"memory, in a row": {"5": TIMES, "25": TIMES}}}, "first": part}
    )
    headings = [line for line in shown.splitlines() if line.startswith("## ")]
    assert headings == [
        "## From memory, an archive, the table (played by moto) and xkcd",
        "## The first request of a process, once its handler is there",
    ]
    times = " 105.0 ms (104.0 to 110.0) | 5.0 ms (4.0 to 6.0) |" * 2
    rows = [line for line in shown.splitlines() if " ms " in line]
    assert rows == [f"| archive |{times}", f"| memory, in a row |{times}", f"| archive |{times}"]


def test_searches_are_told_with_their_99th_percentile_where_there_is_one() -> None:
    answers = {"a search": {"cpu": [0.003, 0.002, 0.004], "p99": 0.0056}, "a first": {"cpu": [0.02] * 3, "p99": None}}
    shown = tables.search({"searches": 147, "starts": 20, "answers": answers})
    assert shown.splitlines()[2:] == [
        "| answer | CPU | p99 |",
        "|---|---|---|",
        "| a search | 3.00 ms (2.00 to 4.00) | 5.60 ms |",
        "| a first | 20.00 ms (20.00 to 20.00) |  |",
        "",
        "147 searches in each round, and 20 processes for each first request.",
    ]


def test_warm_invocations_are_told_in_multiples_of_the_latency_with_their_cpu_and_memory() -> None:
    ways = {"Node, fetch": {"http": {"5": TIMES}, "https": {"5": TIMES, "25": TIMES}, "megabytes": 88.4}}
    rows = [
        line for line in tables.warm({"slow rounds": 3, "latency": 0.1, "ways": ways}).splitlines() if "Node" in line
    ]
    multiple = "| Node, fetch | 1.05 (1.04 to 1.10) |"
    assert rows == [multiple, multiple, "| Node, fetch | 5.0 ms (4.0 to 6.0) | 88 MB |"]


def test_what_is_read_from_the_table_costs_its_reading_too() -> None:
    ways = {"Node, fetch": {"https": {"5": TIMES, "25": TIMES}}, "xkcd-gather": {}}
    sources = {"table": {"5": TIMES}, "xkcd": {"5": TIMES}}
    assert tables.costs({"ways": ways}, {"sources": sources}).splitlines()[2:8] == [
        "| way | N | 512 MB | 1024 MB | 1769 MB |",
        "|---|---|---|---|---|",
        "| **xkcd-gather, from table** | 5 | 1.37 | 2.03 | 3.00 |",
        "| **xkcd-gather, from xkcd** | 5 | 0.99 | 1.65 | 2.62 |",
        "| Node, fetch | 5 | 0.99 | 1.65 | 2.62 |",
        "| Node, fetch | 25 | 0.99 | 1.65 | 2.62 |",
    ]


def test_parts_that_were_not_measured_are_left_out() -> None:
    assert tables.document({}) == tables.HEAD + "\n"
