"""The table of comics as a caller meets it: asked little, never in the way, and there when xkcd is not."""

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug import Response

from app.application import XkcdGather
from app.caches import bounded as caches
from app.caches import dynamodb_client
from tests.commands import program
from tests.rig import Context
from tools.serverless_yml import serverless
from tools.stand_in import StandIn
from tools.table import Ask, Fault, LocalTable, Player, definition, refusal, says, unprocessed

HUNDRED = ",".join(map(str, range(1, 101)))

MakeClient = Callable[[], FlaskClient]


@pytest.fixture
def player(every_player: Player) -> Player:
    return every_player


@pytest.fixture
def new_process(make_app: Callable[..., XkcdGather], table: LocalTable) -> MakeClient:
    """Makes clients of applications that share nothing but the table, as processes do."""
    return lambda: make_app(table=table.name).test_client()


def sources(client: FlaskClient, numbers: str) -> dict[int, str]:
    document = client.get(f"/comics?n={numbers}").json
    assert document["complete"] is True
    return {comic["num"]: comic["source"] for comic in document["comics"]}


def test_a_hundred_comics_in_the_table_cost_one_batch_and_in_memory_nothing(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient
) -> None:
    assert set(sources(new_process(), HUNDRED).values()) == {"xkcd"}
    assert (sum(xkcd.asked.values()), table.asked) == (100, {"BatchGetItem": 1, "BatchWriteItem": 4})
    table.asked.clear()
    client = new_process()
    assert set(sources(client, HUNDRED).values()) == {"table"}
    assert set(sources(client, HUNDRED).values()) == {"memory"}
    assert (sum(xkcd.asked.values()), table.asked) == (100, {"BatchGetItem": 1})


def test_only_what_the_table_lacks_is_asked_of_xkcd(xkcd: StandIn, new_process: MakeClient) -> None:
    sources(new_process(), "1,2")
    assert sources(new_process(), "1,3,2") == {1: "table", 3: "xkcd", 2: "table"}
    assert xkcd.asked == {f"/{num}/info.0.json": 1 for num in (1, 2, 3)}


def test_a_comic_comes_out_of_the_table_as_xkcd_sent_it(new_process: MakeClient) -> None:
    first, second = ({**new_process().get("/comics/614").get_json()} for _ in range(2))
    assert (first.pop("source"), second.pop("source")) == ("xkcd", "table")
    assert first == second


def test_the_latest_number_is_shared_through_the_table(xkcd: StandIn, new_process: MakeClient) -> None:
    new_process().get("/comics/latest")
    latest = new_process().get("/comics/latest").json
    assert (latest["num"], latest["source"]) == (2665, "table")
    assert xkcd.asked == {"/info.0.json": 1}


def test_what_the_table_has_is_not_asked_for_beside_the_latest(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient
) -> None:
    sources(new_process(), "1-3")
    for asked in (xkcd.asked, table.asked):
        asked.clear()
    assert sources(new_process(), "1-4,latest") == {1: "table", 2: "table", 3: "table", 4: "xkcd", 2665: "xkcd"}
    assert xkcd.asked == {"/info.0.json": 1, "/4/info.0.json": 1}
    assert table.asked == {"BatchGetItem": 3, "BatchWriteItem": 1}  # one for what is known of the latest image


def test_a_latest_comic_that_was_not_selected_is_kept_too(table: LocalTable, new_process: MakeClient) -> None:
    document = new_process().get("/comics?random=1&seed=a").json
    assert table.items().keys() == {0, 2665, document["comics"][0]["num"]}


def test_with_xkcd_gone_everything_in_the_table_is_still_answered(xkcd: StandIn, new_process: MakeClient) -> None:
    xkcd.latest = 60
    filling = new_process()
    filling.get("/comics?latest=60")
    xkcd.end()
    for path in ("/comics?n=1-60", "/comics?random=5", "/comics?latest=5", "/comics?since=55"):
        document = new_process().get(path).json
        assert (document["complete"], {comic["stale"] for comic in document["comics"]}) == (True, {False})


def silent(body: dict[str, Any], ask: Ask) -> Response:
    """Longer than anybody waits; the client is gone by then."""
    threading.Event().wait(1)
    return ask(body)


def never_done(body: dict[str, Any], ask: Ask) -> Response:
    """Nothing of the batch, again and again."""
    left = body["RequestItems"]
    return Response(json.dumps({"Responses": {}, "UnprocessedKeys": left, "UnprocessedItems": left}))


FAULTS: dict[str, Fault] = {
    "throttled": refusal("ProvisionedThroughputExceededException"),
    "forbidden": refusal("AccessDeniedException"),
    "missing": refusal("ResourceNotFoundException"),
    "broken": refusal("InternalServerError", 500),
    "no JSON": says(b"<html>"),
    "no batch": says(b'{"Responses": 5, "UnprocessedKeys": 5, "UnprocessedItems": 5}'),
    "no items": says(b'{"Responses": 5, "UnprocessedKeys": {}, "UnprocessedItems": 5}'),
    "silent": silent,
    "never done": never_done,
}


@pytest.mark.parametrize("operation", ["BatchGetItem", "BatchWriteItem"])
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_is_wrong_with_the_table_the_comics_come_and_it_is_logged_once(
    xkcd: StandIn,
    table: LocalTable,
    new_process: MakeClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    fault: str,
) -> None:
    monkeypatch.setattr(caches, "TABLE_TIMEOUT", 0.3)
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 0.25)
    table.faults[operation] = FAULTS[fault]
    assert sources(new_process(), "1,2,3") == dict.fromkeys((1, 2, 3), "xkcd")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("This request does without the table: ")


def test_a_table_that_dies_between_reading_and_writing_costs_no_comic(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    client = new_process()

    def die(body: dict[str, Any], ask: Ask) -> Response:
        table.faults["BatchWriteItem"] = refusal("InternalServerError", 500)
        return ask(body)

    table.faults["BatchGetItem"] = die
    assert set(sources(client, HUNDRED).values()) == {"xkcd"}
    assert len(caplog.records) == 1
    assert set(sources(client, HUNDRED).values()) == {"memory"}


def test_a_batch_done_in_part_is_done_whole_within_the_request(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient
) -> None:
    table.faults = {"BatchGetItem": unprocessed, "BatchWriteItem": unprocessed}
    sources(new_process(), "1,2,3")
    assert sources(new_process(), "1,2,3") == dict.fromkeys((1, 2, 3), "table")


def test_connections_that_were_closed_meanwhile_are_replaced_unnoticed(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    client = new_process()
    sources(client, HUNDRED)
    sources(new_process(), "101,102")
    table.lose_connections()
    assert sources(client, "101,102") == {101: "table", 102: "table"}
    table.lose_connections()
    assert len(sources(client, ",".join(map(str, range(103, 203))))) == 100
    assert caplog.messages == []
    assert table.items().keys() == {*range(1, 203)}


def test_an_item_of_no_time_at_all_costs_nobody_anything(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient
) -> None:
    sources(new_process(), "1")
    client = table.client()
    never = {"N": str(10**12)}
    client.put_item(TableName=table.name, Item={**table.items()[1], "fetched_at": never, "expires_at": never})
    item = {"num": {"N": "0"}, "version": {"N": "1"}, "newest": {"N": "7"}, "fetched_at": never, "expires_at": never}
    client.put_item(TableName=table.name, Item=item)
    client.close()
    asking = new_process()
    assert sources(asking, "1,5,latest") == dict.fromkeys((1, 5, 2665), "xkcd")
    assert asking.get("/health").json["latest"] == 2665
    assert sources(new_process(), "1") == {1: "table"}


def test_the_latest_number_never_falls_below_a_comic_that_was_seen(
    xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process's ping tells the table, but before the new comic is published; then it is seen here."""
    monkeypatch.setattr("app.comics.found.LATEST_FRESH_FOR", -1.0)
    xkcd.latest = 2660
    app = make_app(table=table.name)
    client = app.test_client()
    client.get("/comics/latest")
    make_app(table=table.name).ping(None)
    xkcd.latest = 2661
    assert sources(client, "2661") == {2661: "xkcd"}
    monkeypatch.setattr("app.comics.found.LATEST_FRESH_FOR", 300.0)
    assert client.get("/comics/latest").json["num"] == 2661
    assert sources(client, "2661") == {2661: "memory"}


def test_rubbish_in_the_table_is_passed_over_logged_and_healed(
    table: LocalTable, new_process: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    sources(new_process(), "1,2")
    client = table.client()
    client.put_item(TableName=table.name, Item={"num": {"N": "1"}, "version": {"N": "1"}})
    later = {**table.items()[2], "version": {"N": "2"}}
    client.put_item(TableName=table.name, Item=later)
    client.close()
    assert sources(new_process(), "1,2") == {1: "xkcd", 2: "xkcd"}
    assert caplog.messages == [
        "The table has malformed items: [{'num': {'N': '1'}, 'version': {'N': '1'}}]",
    ]
    assert sources(new_process(), "1,2") == {1: "table", 2: "table"}


def test_a_ping_fills_gaps_and_reports_it(
    xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather]
) -> None:
    app = make_app(table=table.name, fill_at_most=7)
    reports = [app.ping(Context()) for _ in range(2)]
    for report in reports:
        assert isinstance(report.pop("milliseconds"), int)
    images = {"images": 7, "images_failed": 0, "images_left": 1}  # the latest comic is not one of the 7
    assert reports == [
        {"latest": 2665, "gathered": 7, "failed": 0, "missing": 2656, **images, "problem": None},
        {"latest": 2665, "gathered": 7, "failed": 0, "missing": 2649, **images, "problem": None},
    ]
    assert table.items().keys() == {0, *range(2665, 2650, -1)}
    assert table.asked["Scan"] == 2  # one of them this test's own
    assert xkcd.connections == 11  # six for comics and the latest number, and five for images


def test_a_ping_ends_in_time_and_the_next_writes_what_it_could_not(
    xkcd: StandIn, table: LocalTable, make_app: Callable[..., XkcdGather]
) -> None:
    app = make_app(table=table.name, time_limit=8.0)
    xkcd.faults[2664] = "silence"
    report = app.ping(Context(seconds=1.5))
    assert (report["gathered"], report["failed"], report["missing"]) == (0, 5, 2663)
    assert report["milliseconds"] <= 1500
    xkcd.asked.clear()
    xkcd.faults.clear()
    report = app.ping(Context())
    assert (report["gathered"], report["failed"], report["missing"]) == (50, 0, 2613)
    assert "/2663/info.0.json" not in xkcd.asked


def test_a_ping_reports_what_is_wrong_with_the_table(table: LocalTable, make_app: Callable[..., XkcdGather]) -> None:
    table.faults["Scan"] = refusal("AccessDeniedException")
    report = make_app(table=table.name).ping(Context())
    assert (report["latest"], report["missing"]) == (2665, None)
    assert "AccessDeniedException" in report["problem"]


def test_health_knows_the_latest_number_from_the_table(
    xkcd: StandIn, table: LocalTable, new_process: MakeClient
) -> None:
    new_process().get("/comics/latest")
    xkcd.asked.clear()
    document = new_process().get("/health").json
    assert (document["caches"], document["latest"]) == (["memory", "table"], 2665)
    assert xkcd.asked == {}


@pytest.mark.parametrize(("name", "imported"), [("", False), ("comics", True)])
def test_aiodynamo_is_imported_at_the_start_with_a_table_and_else_never(
    xkcd: StandIn, table: LocalTable, name: str, imported: bool
) -> None:
    source = (
        "import sys, handler; started = 'aiodynamo' in sys.modules;"
        "handler.handler({'path': '/comics?n=1-5'}, None); handler.handler({'source': 'aws.events'}, None);"
        "print(started, 'aiodynamo' in sys.modules)"
    )
    environ = {**table.environ, **xkcd.environ, "COMICS_TABLE": name and table.name}
    assert program(source, **environ) == (0, f"{imported} {imported}\n", [])


def test_the_table_is_defined_as_the_program_uses_it() -> None:
    assert definition() == {
        "TableName": "${param:table}",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "num", "AttributeType": "N"}],
        "KeySchema": [{"AttributeName": "num", "KeyType": "HASH"}],
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def test_the_function_may_do_what_it_does_with_its_table_and_nothing_else(
    table: LocalTable, make_app: Callable[..., XkcdGather]
) -> None:
    app = make_app(table=table.name)
    app.test_client().get("/comics?latest=3")
    app.ping(Context())
    used = {f"dynamodb:{operation}" for operation in table.asked}
    (policy,) = serverless()["resources"]["extensions"]["IamRoleLambdaExecution"]["Properties"]["Policies"]
    (actions,) = (
        statement["Action"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Resource"] == "GetAtt ComicsTable.Arn"
    )
    assert set(actions) == used
