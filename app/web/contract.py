"""The contract, openapi.json: loads it, and arranges it for the page that documents it."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

PATH = Path(__file__).with_name("openapi.json")


class Parameter(NamedTuple):
    """A parameter. `place` is "path" or "query", and `values` describes what it may be."""

    name: str
    place: str
    values: str
    description: str


class Operation(NamedTuple):
    """A path. `examples` are calls to try and their real answers, and `statuses` are status and description."""

    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    examples: tuple[tuple[str, str], ...]
    statuses: tuple[tuple[str, str], ...]


@cache
def text() -> str:
    """The contract, as JSON text."""
    return PATH.read_text()


@cache
def contract() -> dict[str, Any]:
    """The contract; callers do not change it."""
    document: dict[str, Any] = json.loads(text())
    return document


def sections(contract: Mapping[str, Any]) -> Iterable[tuple[Mapping[str, Any], list[Operation]]]:
    """The tags, each with its operations, in the contract's order."""
    for tag in contract["tags"]:
        paths = contract["paths"].items()
        yield (
            tag,
            [_operation(contract, path, item["get"]) for path, item in paths if tag["name"] in item["get"]["tags"]],
        )


def index(contract: Mapping[str, Any]) -> dict[str, Any]:
    """An index of the API: what the service is, and what each path is for."""
    info = contract["info"]
    paths = {path: item["get"]["summary"] for path, item in contract["paths"].items()}
    return {"name": info["title"], "version": info["version"], "summary": info["summary"], "paths": paths}


def _operation(contract: Mapping[str, Any], path: str, operation: Mapping[str, Any]) -> Operation:
    responses = {status: _resolved(contract, response) for status, response in operation["responses"].items()}
    return Operation(
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=tuple(_parameter(_resolved(contract, ref)) for ref in operation.get("parameters", [])),
        examples=tuple(_examples(operation["x-example"], responses)),
        statuses=tuple((status, response["description"]) for status, response in responses.items()),
    )


def _examples(call: str, responses: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The calls to try, and for each its answer as text, as JSON or as a Location; empty if it is a page."""
    first: Mapping[str, Any] = next(iter(responses.values()))
    if "Location" in first["headers"]:
        yield call, f"Location: {first['headers']['Location']['example']}"
        return
    media: Mapping[str, Any] = next(
        (each for each in first["content"].values() if each.keys() & {"example", "examples"}), {}
    )
    for example in media.get("examples", {"": {"summary": call, "value": media.get("example", "")}}).values():
        value = example["value"]
        yield example["summary"], value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _parameter(parameter: Mapping[str, Any]) -> Parameter:
    schema = parameter["schema"]
    return Parameter(parameter["name"], parameter["in"], _values(schema.get("items", schema)), parameter["description"])


def _values(schema: Mapping[str, Any]) -> str:
    """What a parameter, or each of its parts, may be."""
    if "enum" in schema:
        return ", ".join(schema["enum"])
    return f"{schema['minimum']} to {schema['maximum']}" if "minimum" in schema else "text"


def _resolved(contract: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node, or the node that its $ref names."""
    if "$ref" not in node:
        return node
    found: Any = contract
    for name in node["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    resolved: Mapping[str, Any] = found
    return resolved
