"""The page made from the contract."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.application import XkcdGather
from app.web import contract as documentation
from app.web.contract import contract

OPERATIONS = [operation for _, operations in documentation.sections(contract()) for operation in operations]


def test_every_path_is_in_one_section() -> None:
    assert sorted(operation.path for operation in OPERATIONS) == sorted(contract()["paths"])


def test_an_operation_has_all_that_a_reader_needs() -> None:
    (image,) = (operation for operation in OPERATIONS if operation.path == "/comics/{num}/image")
    assert image == documentation.Operation(
        path="/comics/{num}/image",
        summary="A comic's image",
        description="A redirect, so that the address works in an `<img>`. For a comic without a single image it is a "
        "404 with the address of its page.",
        parameters=(
            documentation.Parameter("num", "path", "1 to 999999", "The comic's number."),
            documentation.Parameter("size", "query", "1x, 2x", image.parameters[1].description),
        ),
        examples=(("/comics/614/image", "Location: https://imgs.xkcd.com/comics/woodpecker.png"),),
        statuses=image.statuses,
    )
    assert [status for status, _ in image.statuses] == ["302", "400", "404", "429", "502", "503", "504"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.path)
def test_the_page_shows_each_path_with_an_example_to_follow_and_its_answer(
    make_app: Callable[..., XkcdGather], whole_archive: Path, operation: documentation.Operation
) -> None:
    client = make_app(archive=str(whole_archive)).test_client()
    page = unescape(client.get("/docs").text)
    assert f"<code>GET {operation.path}</code> {operation.summary}" in page
    for call, answer in operation.examples:
        assert f'<a href="{call}">' in page
        assert answer in page
        assert client.get(call).status_code in (200, 302)
    for parameter in operation.parameters:
        assert f"<dt><code>{parameter.name}</code>" in page


def test_the_page_needs_no_script_and_no_other_request(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert "<script" not in page
    assert "style=" not in page
    assert 'src="' not in page
    assert re.findall('<link [^>]*href="([^"]{15})', page) == ["data:image/svg+"]


def test_what_stands_between_backticks_is_code(client: FlaskClient) -> None:
    page = client.get("/docs").text
    assert "With <code>random</code>: the same seed gives the same comics." in page
    assert "`" not in page
