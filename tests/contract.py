"""Holds every answer that a test gets against app/web/openapi.json."""

import copy
import gzip
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.web.contract import contract

COMPONENTS = "#/components/"


def documented(path: str, status: int) -> Mapping[str, Any] | None:
    """The response that the contract has for a GET of that path."""
    operation = operation_of(path)
    response = None if operation is None else operation["responses"].get(str(status))
    return None if response is None else resolved(response)


def operation_of(path: str) -> Mapping[str, Any] | None:
    """The operation for a path: one without a parameter in it before one with."""
    for template in sorted(contract()["paths"], key=lambda template: "{" in template):
        if re.fullmatch(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(template)), path):
            operation: Mapping[str, Any] = contract()["paths"][template]["get"]
            return operation
    return None


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """The node of the contract, or what it refers to."""
    if "$ref" not in node:
        return node
    kind, name = node["$ref"].removeprefix(COMPONENTS).split("/")
    found: Mapping[str, Any] = contract()["components"][kind][name]
    return found


OPEN = {"XkcdRecord", "GatewayMessage"}
"""Objects that others make, whose fields are not ours to know."""


# Making a validator takes a millisecond, and an answer needs a dozen.
@cache
def validator(schema: str, with_fields: bool) -> jsonschema_rs.Validator:
    """Checks values against that schema of the contract, which is in JSON."""
    whole = {**json.loads(schema), "components": strict_components(with_fields)}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


@cache
def strict_components(with_fields: bool) -> dict[str, Any]:
    """The contract's components, of which answers may have no other field. Clients must expect more of them some day.

    Only a request `with_fields` may get an incomplete comic.
    """
    components: dict[str, Any] = copy.deepcopy(contract()["components"])
    for name, schema in components["schemas"].items():
        if "properties" in schema and name not in OPEN:
            schema["additionalProperties"] = False
    if not with_fields:
        components["schemas"]["ComicOrFields"] = {"$ref": f"{COMPONENTS}schemas/Comic"}
    return components


def assert_valid(schema: Mapping[str, Any], value: object, with_fields: bool = False) -> None:
    """The value is of that schema, formats included."""
    validator(json.dumps(schema), with_fields).validate(value)


def unrouted(mimetype: str) -> Mapping[str, Any]:
    """The response to a request that no operation answers: a page or a problem, by what it accepts."""
    page = resolved({"$ref": f"{COMPONENTS}responses/NotFoundPage"})
    if mimetype == "text/html":
        return page
    problem = resolved({"$ref": f"{COMPONENTS}responses/NotFound"})
    return {**problem, "headers": {**problem["headers"], "Vary": page["headers"]["Vary"]}}


def assert_documented(method: str, path: str, answer: TestResponse) -> None:
    """The answer is one that the contract has: its status, each of its headers, its body."""
    response: Mapping[str, Any] | None
    if answer.status_code == 308:
        response = documented("/comic", 302)
    elif answer.status_code == 405 or (answer.status_code >= 400 and operation_of(path) is None):
        response = unrouted(str(answer.mimetype))
    elif method == "OPTIONS":
        response = resolved({"$ref": f"{COMPONENTS}responses/NotFound"})
    else:
        response = documented(path, answer.status_code)
    assert response is not None, f"{method} {path} is not to answer {answer.status_code}"
    for name, header in response["headers"].items():
        assert_header(answer, name, resolved(header))
    if method not in ("OPTIONS", "HEAD"):
        assert_body(response, answer)


def assert_header(answer: TestResponse, name: str, header: Mapping[str, Any]) -> None:
    """The answer has that header as it is documented, or does not have to."""
    if name not in answer.headers:
        assert not header["required"], f"the header {name} is missing"
    else:
        text = answer.headers[name]
        assert_valid(header["schema"], int(text) if header["schema"]["type"] == "integer" else text)


def assert_body(response: Mapping[str, Any], answer: TestResponse) -> None:
    """The answer's body is of the documented type and schema."""
    if "content" not in response:
        assert answer.data == b""
        return
    assert answer.mimetype is not None
    schema = response["content"][answer.mimetype]["schema"]
    text = gzip.decompress(answer.data) if answer.content_encoding == "gzip" else answer.data
    if "contentSchema" in schema:
        assert_lines_valid(schema["contentSchema"], text.decode())
    value = json.loads(text) if schema.get("type") != "string" else text.decode()
    assert_valid(schema, value, with_fields="fields" in answer.request.args)


def assert_lines_valid(schema: Mapping[str, Any], text: str) -> None:
    """Each line is a JSON value of that schema, and the last one ends too."""
    lines = text.split("\n")
    assert lines.pop() == ""
    for line in lines:
        assert_valid(schema, json.loads(line))


class ContractClient(FlaskClient):
    """Flask's test client, which holds each answer against the contract."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        answer = super().open(*args, **kwargs)
        assert_documented(answer.request.method, answer.request.path, answer)
        return answer
