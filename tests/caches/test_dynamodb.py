"""The table, spoken to by the real client over loopback sockets."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, TypeVar

import pytest
from werkzeug import Response

from app.caches import dynamodb, dynamodb_client, items
from app.caches.attributes import Item
from app.caches.dynamodb import ComicsTable
from app.comics.comic import Comic
from app.comics.found import Found, LatestNumber
from app.errors import TableError
from app.runtime.event_loop import EventLoop
from tests.records import NOW, Clock, found
from tools.stand_in import records
from tools.table import Ask, LocalTable, Player, refusal, says, unprocessed

T = TypeVar("T")


class Client:
    """A ComicsTable on a loop of its own."""

    def __init__(self, name: str) -> None:
        self.loop = EventLoop()
        self.table = ComicsTable(name, Clock(), rng=Random(614))
        self.loop.on_close(self.table.aclose)

    def comics(self, *numbers: int) -> dict[int, Found]:
        into: dict[int, Found] = {}
        self.loop.run(self.table.comics(numbers, into))
        return into

    def keep(self, *comics: Found, latest: LatestNumber | None = None) -> None:
        self.loop.run(self.table.keep(comics, latest))

    def latest(self) -> LatestNumber | None:
        return self.loop.run(self.table.latest())

    def held(self) -> dict[int, float]:
        """Until when each comic is fresh; whole seconds, as in the items."""
        return {num: float(int(until)) for num, until in self.loop.run(self.table.held()).items()}


def fresh(*numbers: int, fetched_at: float = NOW) -> dict[int, float]:
    """Until when these comics are fresh; whole seconds, as in the items."""
    return {num: float(int(found(num, fetched_at).fresh_until)) for num in numbers}


@pytest.fixture
def player(every_player: Player) -> Player:
    return every_player


@pytest.fixture
def client(table: LocalTable) -> Iterator[Client]:
    client = Client(table.name)
    yield client
    client.loop.close()


def put(table: LocalTable, *written: Item) -> None:
    """Put items into the table behind the client's back."""
    client = table.client()
    for item in written:
        client.put_item(TableName=table.name, Item=item)
    client.close()


def test_a_hundred_comics_are_written_in_batches_of_25_and_read_in_one(table: LocalTable, client: Client) -> None:
    hundred = [found(num) for num in range(1, 101)]
    client.keep(*hundred)
    assert table.asked == {"BatchWriteItem": 4}
    assert client.comics(*range(1, 101)) == {num: found(num, source="table") for num in range(1, 101)}
    assert table.asked == {"BatchWriteItem": 4, "BatchGetItem": 1}


def test_every_real_record_comes_back_as_it_was(client: Client) -> None:
    numbers = sorted(records())
    for start in range(0, len(numbers), 100):
        hundred = numbers[start : start + 100]
        client.keep(*map(found, hundred))
        assert client.comics(*hundred) == {num: found(num, source="table") for num in hundred}
    assert client.held() == fresh(*numbers)


def test_what_the_table_does_not_have_is_left_out(client: Client) -> None:
    client.keep(found(1))
    assert client.comics(1, 2).keys() == {1}


def test_the_latest_number_is_written_with_the_comics(table: LocalTable, client: Client) -> None:
    assert client.latest() is None
    table.asked.clear()
    client.keep(found(2665), latest=LatestNumber(2665, NOW))
    assert table.asked == {"BatchWriteItem": 1}
    assert client.latest() == LatestNumber(2665, NOW)


def test_a_comic_too_large_for_an_item_is_left_out_and_logged(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    large = {**json.loads(records()[2]), "transcript": "x" * items.LARGEST_RECORD}
    client.keep(found(1), Found(Comic.from_record(large), NOW))
    assert client.comics(1, 2).keys() == {1}
    assert [record.getMessage() for record in caplog.records] == ["Comic 2 is too large for the table"]


def test_items_that_cannot_be_used_are_passed_over_and_rubbish_is_logged_once(
    table: LocalTable, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    client.keep(found(1), found(2), found(3), found(4))
    held = table.items()
    put(
        table,
        {**held[2], "version": {"N": "2"}},
        {**held[3], "record": {"S": "?"}},
        {**held[4], "record": {"N": "1"}},
    )
    assert client.comics(1, 2, 3, 4).keys() == {1}
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "malformed" in record.getMessage()
    assert all(f"'{num}'" in record.getMessage() for num in (3, 4))


def test_rubbish_is_healed_by_writing(table: LocalTable, client: Client) -> None:
    put(table, {**items.key(1), "version": {"N": "1"}})
    client.keep(found(1))
    assert client.comics(1).keys() == {1}


def test_a_batch_done_in_part_is_asked_for_again_until_it_is_done(table: LocalTable, client: Client) -> None:
    table.faults = {"BatchWriteItem": unprocessed, "BatchGetItem": unprocessed}
    client.keep(found(1), found(2), found(3))
    assert table.items().keys() == {1, 2, 3}
    assert client.comics(1, 2, 3).keys() == {1, 2, 3}
    assert table.asked["BatchWriteItem"] == table.asked["BatchGetItem"] == 3


def test_what_came_before_a_batch_was_broken_off_is_there(table: LocalTable, client: Client) -> None:
    client.keep(found(1), found(2))

    def once(body: dict[str, Any], ask: Ask) -> Response:
        table.faults["BatchGetItem"] = refusal("InternalServerError", 500)
        return unprocessed(body, ask)

    table.faults["BatchGetItem"] = once
    into: dict[int, Found] = {}
    with pytest.raises(TableError):
        client.loop.run(client.table.comics([1, 2], into))
    assert into.keys() == {1}


def test_when_one_batch_cannot_be_written_the_others_still_are(table: LocalTable, client: Client) -> None:
    def first_comic(body: dict[str, Any], ask: Ask) -> Response:
        (batch,) = body["RequestItems"].values()
        numbers = {put["PutRequest"]["Item"]["num"]["N"] for put in batch}
        return refusal("ProvisionedThroughputExceededException")(body, ask) if "1" in numbers else ask(body)

    table.faults["BatchWriteItem"] = first_comic
    with pytest.raises(TableError, match="ProvisionedThroughputExceededException"):
        client.keep(*(found(num) for num in range(1, 51)))
    assert table.items().keys() == set(range(26, 51))


REFUSALS = {
    "throttled": (refusal("ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException"),
    "forbidden": (refusal("AccessDeniedException"), "AccessDeniedException"),
    "broken": (refusal("InternalServerError", 500), "InternalServerError"),
    "no JSON": (says(b"<html>"), r"the answer \(200\) is not JSON"),
    "no text": (says(b"\xff"), r"the answer \(200\) is not JSON"),
    "too deep": (says(b"[" * 100_000), r"the answer \(200\) is not JSON"),
    "no object": (says(b"[]"), r"the answer \(200\) is not an object"),
    "not the members": (says(b'{"Responses": 5, "UnprocessedItems": 5, "Items": 5}'), "the answer has no "),
}
CALLS: dict[str, Callable[[Client], object]] = {
    "BatchGetItem": lambda client: client.comics(1),
    "BatchWriteItem": lambda client: client.keep(found(1)),
    "Scan": lambda client: client.held(),
}


@pytest.mark.parametrize("fault", REFUSALS)
@pytest.mark.parametrize("operation", CALLS)
def test_a_refusal_is_a_table_error_after_one_attempt(
    table: LocalTable, client: Client, operation: str, fault: str
) -> None:
    table.faults[operation], said = REFUSALS[fault]
    with pytest.raises(TableError, match=said):
        CALLS[operation](client)
    assert table.asked == {operation: 1}


def test_a_table_that_is_not_there_is_a_table_error(table: LocalTable) -> None:
    client = Client("elsewhere")
    with pytest.raises(TableError, match="ResourceNotFoundException"):
        client.comics(1)
    client.loop.close()


def test_an_answer_that_does_not_come_is_a_table_error_after_one_attempt(
    table: LocalTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 0.25)
    client = Client(table.name)
    over = threading.Event()

    def silence(body: dict[str, Any], ask: Ask) -> Response:
        over.wait(5)
        return ask(body)

    table.faults["BatchGetItem"] = silence
    with pytest.raises(TableError, match=r"^BatchGetItem failed: no whole answer in 0\.25 s$"):
        client.comics(1)
    over.set()
    client.loop.close()
    assert table.asked == {"BatchGetItem": 1}


def test_a_table_that_cannot_be_reached_is_a_table_error(table: LocalTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    client = Client(table.name)
    with pytest.raises(TableError, match=r"^BatchGetItem failed: .*Connect call failed"):
        client.comics(1)
    client.loop.close()


def test_what_is_held_is_scanned_page_by_page_and_only_once(table: LocalTable, client: Client) -> None:
    client.keep(*(found(num) for num in range(1, 51)))
    table.faults["Scan"] = lambda body, ask: ask({**body, "Limit": 20})
    for _ in range(2):
        assert client.held() == fresh(*range(1, 51))
        assert table.asked["Scan"] == 3


def test_what_is_held_follows_what_is_written_and_read(table: LocalTable, client: Client) -> None:
    assert client.held() == {}
    client.keep(found(1), latest=LatestNumber(2665, NOW))
    written_by_others = items.of_comic(found(2, NOW - 5))
    assert written_by_others
    put(table, written_by_others)
    assert client.held() == fresh(1)
    client.comics(2)
    assert client.held() == fresh(1) | fresh(2, fetched_at=NOW - 5)
    table.faults["BatchWriteItem"] = refusal("AccessDeniedException")
    with pytest.raises(TableError):
        client.keep(found(3))
    assert client.held() == fresh(1) | fresh(2, fetched_at=NOW - 5)


def test_a_scan_has_more_time_than_a_request(table: LocalTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dynamodb_client, "REQUEST_TIMEOUT", 0.05)

    def slow(body: dict[str, Any], ask: Ask) -> Response:
        threading.Event().wait(0.3)
        return ask(body)

    table.faults["Scan"] = slow
    client = Client(table.name)
    assert client.held() == {}
    client.loop.close()


def test_a_scan_that_says_it_has_more_and_not_where_is_over(table: LocalTable, client: Client) -> None:
    table.faults["Scan"] = says(b'{"Items": [], "LastEvaluatedKey": {}}')
    assert client.held() == {}
    assert table.asked["Scan"] == 1


def test_pauses_grow_while_the_table_leaves_things_undone(
    table: LocalTable, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    table.faults["BatchWriteItem"] = unprocessed
    monkeypatch.setattr(asyncio, "sleep", note)
    client.keep(*(found(num) for num in range(1, 11)))
    assert len(pauses) == 9
    assert all(0 <= pause <= dynamodb.FIRST_BACKOFF * 2**i for i, pause in enumerate(pauses))
    assert max(pauses) > dynamodb.FIRST_BACKOFF * 8


def test_without_a_region_there_is_no_table(table: LocalTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(
        TableError, match=r"^The table cannot be used: set AWS_REGION to its region, such as 'eu-central-1'\.$"
    ):
        ComicsTable(table.name, Clock())


def test_another_loop_has_connections_of_its_own(client: Client) -> None:
    client.keep(found(1))
    other = EventLoop()
    other.on_close(client.table.aclose)
    into: dict[int, Found] = {}
    other.run(client.table.comics([1], into))
    other.close()
    assert into.keys() == client.comics(1).keys() == {1}


def test_a_table_that_was_never_used_is_closed_too(table: LocalTable) -> None:
    client = Client(table.name)
    client.loop.run(client.table.aclose())
    client.loop.close()
