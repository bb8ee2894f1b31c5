"""The contract, openapi.json: loads it, and arranges it for the page that documents it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_name("openapi.json")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter. `place` is "path" or "query", and `values` describes what it may be."""

    name: str
    place: str
    values: str
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A path. `example` is a call to try, `answer` its real answer, and `statuses` are status and description."""

    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    example: str
    answer: str
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


def example_answer(responses: Mapping[str, Any]) -> str:
    """The example of the first response, as text, as JSON or as a Location; empty without one."""
    first: Mapping[str, Any] = next(iter(responses.values()))
    if "Location" in first["headers"]:
        return f"Location: {first['headers']['Location']['example']}"
    examples = [media["example"] for media in first["content"].values() if "example" in media]
    if not examples:
        return ""
    example = examples[0]
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _operation(contract: Mapping[str, Any], path: str, operation: Mapping[str, Any]) -> Operation:
    responses = {status: _resolved(contract, response) for status, response in operation["responses"].items()}
    return Operation(
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        parameters=tuple(_parameter(_resolved(contract, ref)) for ref in operation.get("parameters", [])),
        example=operation["x-example"],
        answer=example_answer(responses),
        statuses=tuple((status, response["description"]) for status, response in responses.items()),
    )


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
