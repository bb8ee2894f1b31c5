"""The contract: true, whole, and held whatever is asked and whatever the weather."""

import re
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from app import create_app
from app.application import XkcdGather
from app.comics.written import FIELDS
from app.settings import Settings
from app.web.contract import PATH as CONTRACT
from app.web.contract import contract
from tests.archives import write_archive
from tests.contract import assert_valid, documented
from tools import api_docs
from tools.faults import FAULTS
from tools.stand_in import StandIn, records

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

# The contract says that the service is where the document is, which schemathesis does not follow.
# No schema can exclude "5-1", or two parameters of which there may be one: valid data may be refused.
# oEmbed has a 501 for a format that is not there.
HEALTHY = """
base-url = "http://localhost"
[checks]
positive_data_acceptance.enabled = false
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]
"""
BAD_WEATHER = """
base-url = "http://localhost"
[checks]
positive_data_acceptance.enabled = false
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501, 502, 503, 504]
"""


class Mounted:
    """A WSGI application whose inside can be changed, as schemathesis wants one before there are fixtures."""

    def __init__(self) -> None:
        self.app = create_app(Settings())

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        return self.app(environ, start_response)


mounted = Mounted()


def operations(config: str) -> Callable[[Any], Any]:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", mounted, config=SchemathesisConfig.from_str(config))
    parametrize: Callable[[Any], Any] = schema.parametrize()
    return parametrize


exhaustively = settings(
    max_examples=40, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def app_with_archive(make_app: Callable[..., XkcdGather], tmp_path: Path) -> XkcdGather:
    """An application that carries a few comics, and asks xkcd for all others."""
    return make_app(archive=str(write_archive(tmp_path / "archive.sqlite", [1, 614, 2600])))


@operations(HEALTHY)
@exhaustively
def test_whatever_is_asked_is_answered_as_documented(
    app_with_archive: XkcdGather, case: "schemathesis.Case[Any]"
) -> None:
    mounted.app = app_with_archive
    case.call_and_validate(headers={"Accept-Encoding": "identity"})


@pytest.fixture
def app_in_bad_weather(xkcd: StandIn, make_app: Callable[..., XkcdGather]) -> XkcdGather:
    xkcd.faults = dict(zip(range(1, max(records()) + 1), cycle(sorted(FAULTS)), strict=False))
    return make_app(comics_in_memory=0, time_limit=0.2, attempt_timeout=0.1)


@operations(BAD_WEATHER)
@exhaustively
def test_in_bad_weather_too(app_in_bad_weather: XkcdGather, case: "schemathesis.Case[Any]") -> None:
    mounted.app = app_in_bad_weather
    case.call_and_validate(headers={"Accept-Encoding": "identity"})


WEATHER = {404: "404", 502: "html", 503: "503-retry-after", 504: "silence"}
GATEWAYS = 429
"""The status that only the gateway answers, before a request reaches the app."""
ANSWERS = [
    (path, int(status))
    for path, item in contract()["paths"].items()
    for status in item["get"]["responses"]
    if int(status) != GATEWAYS
]


@pytest.mark.parametrize(("path", "status"), ANSWERS)
def test_every_documented_answer_is_given(
    xkcd: StandIn,
    make_app: Callable[..., XkcdGather],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    status: int,
) -> None:
    archived = path.startswith("/archive") and status != 503
    archive = str(write_archive(tmp_path / "archive.sqlite", [2664, 2665])) if archived else ""
    client = make_app(comics_in_memory=0, time_limit=0.3, archive=archive).test_client()
    if path != "/latest":
        client.get("/comics/latest")  # learns the latest number: without it there is one reason more for a 503
    example = {"/comics": "/comics?n=1,2"}.get(path, contract()["paths"][path]["get"]["x-example"])
    headers = {}
    if status == 304:
        headers["If-None-Match"] = client.get(example).headers["ETag"]
    elif (path, status) == ("/", 302):
        example = "/?random=2"
    elif status == 400:
        example += ("&" if "?" in example else "?") + "seed=a&seed=b&random=1&maxwidth=0"
    elif status == 501:
        example += "&format=xml"
    elif status == 406:
        monkeypatch.setattr("app.web.archive.LARGEST_ANSWER", 100)
    elif status in WEATHER:
        xkcd.faults[0] = WEATHER[status]
        client.get("/comics/1")  # which /health reports
    assert client.get(example, headers=headers).status_code == status


@pytest.mark.parametrize("path", contract()["paths"])
def test_the_gateways_own_answer_is_documented_without_a_header_of_ours(path: str) -> None:
    response = documented(path, GATEWAYS)
    assert response is not None
    assert response["headers"] == {}
    assert_valid(response["content"]["application/json"]["schema"], {"message": "Too Many Requests"})


def test_every_path_there_is_is_documented(app: XkcdGather) -> None:
    rules = {re.sub("<(number:)?num>", "{num}", rule.rule) for rule in app.url_map.iter_rules()}
    named = {"/comics/latest", "/comics/random", "/comics/latest/image", "/comics/random/image"}
    assert contract()["paths"].keys() == rules | named


def test_the_fields_of_a_comic_are_those_that_can_be_asked_for() -> None:
    components = contract()["components"]
    assert list(components["schemas"]["Comic"]["properties"]) == [*FIELDS, "match"]
    assert components["parameters"]["fields"]["schema"]["items"]["enum"] == list(FIELDS)


def test_every_reference_is_to_a_whole_component() -> None:
    """Some generators of clients leave out a schema that refers to a part of another."""
    references = re.findall(r'"\$ref": "([^"]+)"', CONTRACT.read_text())
    assert [reference for reference in references if not re.fullmatch(r"#/components/\w+/[\w-]+", reference)] == []


def test_some_fields_are_described_as_those_of_a_whole_comic_are() -> None:
    schemas = contract()["components"]["schemas"]
    assert schemas["SomeFields"]["properties"] == schemas["Comic"]["properties"]


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [item["get"]["operationId"] for item in contract()["paths"].values()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name[0].islower() for name in names)


def test_the_contract_is_served_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/openapi.json")
    assert (answer.mimetype, answer.data) == ("application/json", CONTRACT.read_bytes())


def test_the_examples_and_the_guide_are_what_is_answered_today() -> None:
    renewed = api_docs.with_examples(contract())
    assert renewed == contract(), "run `make docs`"
    assert api_docs.guide(renewed) == api_docs.GUIDE.read_text(), "run `make docs`"
