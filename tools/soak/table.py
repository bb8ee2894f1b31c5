"""The process that plays the table in DynamoDB, with faults by name."""

import os
import time
from contextlib import redirect_stderr
from typing import Any

from werkzeug import Response

from tools.soak.remote import serve
from tools.table import Ask, Fault, LocalTable, refusal, says, unprocessed

OPERATIONS = ("BatchGetItem", "BatchWriteItem", "Scan")


def late(body: dict[str, Any], ask: Ask) -> Response:
    """The right answer after 0.15 s: within what a request waits, if it is the only one."""
    time.sleep(0.15)
    return ask(body)


FAULTS: dict[str, Fault] = {
    "throttled": refusal("ProvisionedThroughputExceededException"),
    "missing": refusal("ResourceNotFoundException"),
    "broken": refusal("InternalServerError", 500),
    "no JSON": says(b"<html>"),
    "late": late,
    "unprocessed": unprocessed,
}


class Table:
    """The table, with the methods that the soak calls."""

    def __init__(self, table: LocalTable) -> None:
        self._table = table

    def environ(self) -> dict[str, str]:
        """The environment in which a process finds it."""
        return self._table.environ

    def fail(self, fault: str) -> None:
        """Answer with this fault of FAULTS."""
        # A batch that is processed in part makes no sense for a Scan.
        operations = OPERATIONS[:2] if fault == "unprocessed" else OPERATIONS
        self._table.faults = dict.fromkeys(operations, FAULTS[fault])

    def lose_connections(self) -> None:
        """Close idle connections when they are used again."""
        self._table.lose_connections()

    def clear(self) -> None:
        """Be well again."""
        self._table.faults = {}


def main() -> None:
    """Serve until stdin ends."""
    with LocalTable() as table, open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        serve(Table(table))  # its server prints a traceback for each client that did not wait


if __name__ == "__main__":
    main()
