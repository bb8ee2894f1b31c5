"""The measured ways, this service first."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent

OURS = "xkcd-gather"
FUNCTION_PYTHON = str(ROOT / ".venv-function/bin/python")
BENCH_PYTHON = str(ROOT / ".venv-bench/bin/python")
RUNTIME_PYTHON = str(ROOT / ".venv-runtime/bin/python")
"""A Python with the libraries that Lambda's runtime brings."""
IN_RUNTIME = (RUNTIME_PYTHON, "-m", "bench.worker", "handler.handler")
"""This service among these libraries. It finds its own in its package, or in `function_packages()`."""


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


def function_packages() -> str:
    """The directory of the function's packages."""
    (packages,) = (ROOT / ".venv-function/lib").glob("python3*/site-packages")
    return str(packages)
