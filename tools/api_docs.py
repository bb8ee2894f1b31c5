"""Puts real answers into app/web/openapi.json as its examples, and writes docs/api.md from them.

    python -m tools.api_docs

The app answers each operation's `x-example` with the stand-in for xkcd.com behind it, and an archive made from that.
Times in the answers are replaced by a fixed one, so that the files change only when the answers do.
"""

import copy
import json
import re
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.settings import Settings
from app.web import contract as documentation
from app.web.contract import PATH as CONTRACT
from tools.stand_in import StandIn
from tools.stand_in.archived import write_archive

GUIDE = Path(__file__).parent.parent / "docs" / "api.md"

INSTANT = "2026-11-23T12:00:00Z"

EXEMPLARY = ("application/json", "application/x-ndjson")
"""Types of which an answer becomes an example. A page is too long for one."""

BEGINNING = """\
# The API, path by path

Written by `make docs` from [the contract](../app/web/openapi.json), which the service answers at `/openapi.json`
and shows as a page at `/docs`. All answers are real. An archive made from a stand-in for xkcd.com is behind them; its
latest comic is 2665, and its images are drawings.
`$API` is where the service is, such as `http://127.0.0.1:8000` for `make serve PORT=8000`.

| call | answer |
|---|---|
"""


def main() -> None:
    """Write both files."""
    contract = with_examples(documentation.contract())
    CONTRACT.write_text(json.dumps(contract, indent=2, ensure_ascii=False) + "\n")
    GUIDE.parent.mkdir(exist_ok=True)
    GUIDE.write_text(guide(contract))


def with_examples(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract with new examples of each operation's first answer."""
    renewed = copy.deepcopy(contract)
    now = datetime.fromisoformat(INSTANT).timestamp
    with ExitStack() as stack:
        folder, xkcd = stack.enter_context(tempfile.TemporaryDirectory()), stack.enter_context(StandIn(latency=0.0))

        archive = write_archive(Path(folder) / "archive.sqlite", now())
        settings = Settings(xkcd_url=xkcd.url, floor=xkcd.latest, comics_in_memory=0, archive=str(archive))
        app = create_app(settings, clock=now)
        stack.callback(app.close)
        client = app.test_client()
        for item in renewed["paths"].values():
            _renew(item["get"], client)
        _renew_examples(renewed["paths"]["/comics"]["get"], client)
    return renewed


def _renew(operation: dict[str, Any], client: FlaskClient) -> None:
    answer = client.get(operation["x-example"])
    response = operation["responses"][str(answer.status_code)]
    if operation["operationId"] == "redirectToRandomComic":
        return  # another one each time
    if answer.location:
        response["headers"]["Location"]["example"] = answer.location
    elif answer.mimetype in EXEMPLARY and operation["operationId"] not in ("getContract", "gatherComics"):
        response["content"][answer.mimetype]["example"] = _content(answer)


def _renew_examples(operation: dict[str, Any], client: FlaskClient) -> None:
    """Renew an operation's examples, each of which has its call as its summary."""
    for example in operation["responses"]["200"]["content"]["application/json"]["examples"].values():
        example["value"] = _content(client.get(example["summary"]))


def _content(answer: TestResponse) -> object:
    """The answer as JSON or as text, with INSTANT in place of each time."""
    text = re.sub(r'(?<=")\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=")', INSTANT, answer.get_data(as_text=True))
    return json.loads(text) if answer.is_json else text


def guide(contract: dict[str, Any]) -> str:
    """docs/api.md."""
    sections = documentation.sections(contract)
    operations = [operation for _, operations in sections for operation in operations]
    rows = [
        f"| `{_curl(call)}` | {_in_short(operation, answer)} |\n"
        for operation in operations
        for call, answer in operation.examples
    ]
    return BEGINNING + "".join(rows) + "".join(map(_section, operations))


def _curl(call: str) -> str:
    return f'curl -s "$API{call}"'


def _in_short(operation: documentation.Operation, answer: str) -> str:
    """The answer in a table's cell."""
    status, description = operation.statuses[0]
    text = re.sub(r"\s+", " ", answer) or description
    short = text if len(text) <= 120 else text[:119] + "…"
    return f"{status} `{short}`" if answer else f"{status} {short}"


def _section(operation: documentation.Operation) -> str:
    parameters = "".join(
        f"- `{parameter.name}` ({parameter.place}; {parameter.values}): {parameter.description}\n"
        for parameter in operation.parameters
    )
    parts = [
        f"\n## `GET {operation.path}`\n",
        f"{operation.summary}. {operation.description}".rstrip() + "\n",
        parameters,
        *(f"```\n$ {_curl(call)}\n{_block(answer)}```\n" for call, answer in operation.examples),
        f"It may answer {', '.join(status for status, _ in operation.statuses)}.\n",
    ]
    return "\n".join(filter(None, parts))


def _block(answer: str) -> str:
    return f"{answer.strip()}\n" if answer else ""


if __name__ == "__main__":
    main()
