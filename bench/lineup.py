"""The measured ways, this service first."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

OURS = "xkcd-gather"
FUNCTION_PYTHON = str(ROOT / ".venv-function/bin/python")
BENCH_PYTHON = str(ROOT / ".venv-bench/bin/python")


@dataclass(frozen=True, slots=True)
class Way:
    """A way: its name, and the command that starts its worker."""

    name: str
    command: tuple[str, ...]
    in_turn: bool = False
    """Whether it asks for one comic after the other: a hundred take ten seconds, always the same ones."""
    keeps: bool = True
    """Whether its connections stay open between invocations."""


def _peer(module: str) -> tuple[str, ...]:
    return (BENCH_PYTHON, "-m", "bench.worker", f"bench.ways.{module}.handler")


WAYS = (
    Way(OURS, (FUNCTION_PYTHON, "-m", "bench.worker", "handler.handler")),
    Way("Flask, requests in turn", _peer("requests_in_turn"), in_turn=True, keeps=False),
    Way("Flask async, new httpx client", _peer("client_per_request"), keeps=False),
    Way("Flask, lasting httpx client", _peer("lasting_client")),
    Way("Flask, requests in threads", _peer("threads")),
    Way("FastAPI, lasting httpx client", _peer("fastapi_mangum")),
    Way("aiohttp alone", _peer("bare_aiohttp")),
    Way("Node, fetch", ("node", str(ROOT / "bench/worker.mjs"), "./ways/fetch.mjs")),
)
