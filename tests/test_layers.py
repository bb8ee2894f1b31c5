"""The house: which file may import which, read from the sources."""

import ast
from pathlib import Path

import pytest

from tests.commands import ROOT

# A package may import only those below it, and so may a module within its package.
HOUSE = {
    "handler": [],
    "app": [],
    "app.application": [],
    "app.image_lookup": [],
    "app.stores": [],
    "app.web": [
        "paths",
        "archive",
        "feeds",
        "oembed",
        "robots",
        "docs_page",
        "comic_page",
        "pages",
        "as_xkcd",
        "routes",
        "search",
        "request",
        "archived",
        "about",
        "responses",
        "envelope",
        "inlined",
        "log_line",
        "http_caching",
        "contract",
        "problems",
        "xml_feeds",
        "feed",
        "timeline",
        "overview",
        "fields",
        "search_parameters",
        "query",
    ],
    "app.pings": [],
    "app.gathering": ["image_filler", "filler", "searcher", "gatherer", "gathering", "stopwatch", "gathered"],
    "app.caches": [
        "layers",
        "memory",
        "shared_reads",
        "bounded",
        "archive",
        "search_index",
        "match_expression",
        "search_texts",
        "archive_format",
        "image_rows",
        "dynamodb",
        "dynamodb_client",
        "signer",
        "endpoint",
        "items",
        "image_items",
        "attributes",
    ],
    "app.upstream": [
        "polite_images",
        "images",
        "image_header",
        "polite_xkcd",
        "polite",
        "hedger",
        "race",
        "hedging",
        "budget",
        "xkcd",
        "records",
        "transport",
    ],
    "app.connections": ["connection_pool", "free_list", "connection", "addresses", "tls", "request", "no_answer"],
    "app.comics": [
        "plausible",
        "found",
        "written",
        "image",
        "search",
        "selection",
        "search_query",
        "snippets",
        "spelling",
        "comic",
        "addresses",
        "corrections",
        "strict_json",
    ],
    "app.runtime": ["async_flask", "event_loop", "single_flight", "per_loop", "time_limit", "events", "payloads"],
    "app.circuit": [],
    "app.clock": [],
    "app.errors": [],
    "app.settings": [],
    "app.variables": [],
}
MODULES = [name for package, rooms in HOUSE.items() for name in (package, *(f"{package}.{room}" for room in rooms))]
SIDE_BY_SIDE = {"app.caches": {"app.upstream"}, "app.connections": {"app.comics"}, "app.comics": {"app.runtime"}}
"""Packages that are not above those that follow them in the list: neither knows the other."""
PURE = {
    "app.web.http_caching",
    "app.web.xml_feeds",
    "app.web.feed",
    "app.web.timeline",
    "app.web.overview",
    "app.web.fields",
    "app.web.query",
    "app.web.search_parameters",
    "app.caches.items",
    "app.caches.match_expression",
    "app.caches.image_items",
    "app.caches.image_rows",
    "app.caches.attributes",
    "app.gathering.gathered",
    "app.connections.no_answer",
    "app.connections.request",
    "app.upstream.records",
    "app.upstream.budget",
    "app.upstream.hedging",
    "app.comics.plausible",
    "app.comics.found",
    "app.comics.written",
    "app.comics.image",
    "app.comics.selection",
    "app.comics.search",
    "app.comics.search_query",
    "app.comics.snippets",
    "app.comics.spelling",
    "app.comics.comic",
    "app.comics.addresses",
    "app.comics.corrections",
    "app.comics.strict_json",
    "app.runtime.events",
    "app.runtime.payloads",
    "app.circuit",
    "app.clock",
    "app.errors",
    "app.variables",
}
IMPURE_LIBRARIES = {"flask", "httpx", "httptools", "aiodynamo", "asyncio", "threading", "time", "os", "socket"}
OWNERS = {
    "flask": {
        "app.application",
        "app.runtime.async_flask",
        "app.web.about",
        "app.web.archive",
        "app.web.as_xkcd",
        "app.web.comic_page",
        "app.web.docs_page",
        "app.web.envelope",
        "app.web.feeds",
        "app.web.log_line",
        "app.web.oembed",
        "app.web.pages",
        "app.web.paths",
        "app.web.request",
        "app.web.responses",
        "app.web.robots",
        "app.web.routes",
        "app.web.search",
    },
    "httpx": {"app.upstream.xkcd", "app.upstream.images", "app.upstream.transport"},
    "httptools": {"app.connections.connection"},
    "aiodynamo": {"app.caches.signer"},
    "yarl": {"app.caches.signer"},
    "boto3": set(),  # it takes too long to import
    "aiohappyeyeballs": {"app.connections.addresses"},
    "imagesize": {"app.upstream.image_header"},
    "certifi": {"app.connections.tls"},
    "serverless_wsgi": {"handler"},
    "sqlite3": {"app.caches.archive", "app.caches.archive_format", "app.caches.search_texts"},
    "xml": {"app.web.xml_feeds"},
    "os": {"app.settings", "app.caches.endpoint", "app.runtime.event_loop"},
}


def package(module: str) -> str:
    """The entry of HOUSE that the module belongs to."""
    return module if module in HOUSE else module.rpartition(".")[0]


def below(module: str) -> set[str]:
    """The modules that this one may import."""
    home = package(module)
    others = {name for name in MODULES[MODULES.index(module) + 1 :] if package(name) not in SIDE_BY_SIDE.get(home, ())}
    return others


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
            found |= names & set(MODULES) or {node.module}
    return found


def libraries(module: str) -> set[str]:
    return {name.split(".")[0] for name in imports(module)}


def test_the_house_has_these_rooms_and_no_others() -> None:
    paths = [path.relative_to(ROOT) for path in (ROOT / "app").rglob("*.py")]
    modules = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
    assert modules | {"handler"} == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_down(module: str) -> None:
    ours = {name for name in imports(module) if name.split(".")[0] in {"app", "handler"}}
    assert ours <= below(module)


@pytest.mark.parametrize("name", sorted(name for name, rooms in HOUSE.items() if rooms))
def test_a_package_itself_holds_a_docstring_and_nothing_else(name: str) -> None:
    (docstring,) = ast.parse(source(name).read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert isinstance(docstring.value, ast.Constant)


@pytest.mark.parametrize("module", sorted(PURE))
def test_a_pure_module_does_nothing_but_think(module: str) -> None:
    assert libraries(module) & IMPURE_LIBRARIES == set()


@pytest.mark.parametrize("library", sorted(OWNERS))
def test_a_foreign_library_is_imported_by_its_owner_alone(library: str) -> None:
    assert {module for module in MODULES if library in libraries(module)} == OWNERS[library]


@pytest.mark.parametrize("module", MODULES)
def test_a_room_is_small(module: str) -> None:
    assert len(source(module).read_text().splitlines()) <= 160
