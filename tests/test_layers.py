"""The house: which file may import which, read from the sources."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# A file may import only what stands below it.
HOUSE = [
    "handler",
    "app",
    "app.application",
    "app.async_flask",
    "app.pages",
    "app.routes",
    "app.responses",
    "app.envelope",
    "app.log_line",
    "app.http_caching",
    "app.documentation",
    "app.problems",
    "app.pings",
    "app.filling",
    "app.gatherer",
    "app.invocation",
    "app.caches",
    "app.dynamodb",
    "app.threads",
    "app.items",
    "app.cache",
    "app.asking",
    "app.race",
    "app.xkcd",
    "app.transport",
    "app.connections",
    "app.connection",
    "app.event_loop",
    "app.timeline",
    "app.gathered",
    "app.politeness",
    "app.hedging",
    "app.events",
    "app.fields",
    "app.query",
    "app.selection",
    "app.comic",
    "app.errors",
    "app.settings",
]
PURE = {
    "app.http_caching",
    "app.documentation",
    "app.items",
    "app.timeline",
    "app.gathered",
    "app.politeness",
    "app.hedging",
    "app.events",
    "app.fields",
    "app.query",
    "app.selection",
    "app.comic",
    "app.errors",
}
IMPURE_LIBRARIES = {"flask", "httpx", "httptools", "boto3", "asyncio", "threading", "time", "os", "socket"}
OWNERS = {
    "httpx": {"app.xkcd", "app.transport"},
    "httptools": {"app.connection"},
    "boto3": {"app.dynamodb"},
    "botocore": {"app.dynamodb"},
    "certifi": {"app.connections"},
    "serverless_wsgi": {"handler"},
    "os": {"app.settings", "app.event_loop"},
}


def source(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imports(module: str) -> set[str]:
    """Every module that the source names in an import, ours as `app.x`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source(module).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & set(HOUSE)) or {node.module}
    return found


def libraries(module: str) -> set[str]:
    return {name.split(".")[0] for name in imports(module)}


def test_the_house_has_these_rooms_and_no_others() -> None:
    rooms = {f"app.{path.stem}" for path in (ROOT / "app").glob("*.py")} - {"app.__init__"}
    assert rooms | {"app", "handler"} == set(HOUSE)


@pytest.mark.parametrize("module", HOUSE)
def test_imports_run_down(module: str) -> None:
    below = set(HOUSE[HOUSE.index(module) + 1 :])
    ours = {name for name in imports(module) if name.split(".")[0] in {"app", "handler"}}
    assert ours <= below


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_module_does_nothing_but_think(module: str) -> None:
    assert libraries(module) & IMPURE_LIBRARIES == set()


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_foreign_library_is_imported_by_its_owner_alone(library: str) -> None:
    assert {module for module in HOUSE if library in libraries(module)} == OWNERS[library]


@pytest.mark.parametrize("module", HOUSE)
def test_a_room_is_small(module: str) -> None:
    assert len(source(module).read_text().splitlines()) <= 220
