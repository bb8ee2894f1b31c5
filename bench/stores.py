"""This service with stores in which it finds comics before it asks xkcd: an archive, a table, both or neither.

The table is moto's server in a process of its own, which is slower than DynamoDB.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench.lineup import IN_RUNTIME, OURS, ROOT, WAYS, Way, function_packages
from bench.processes import Worker, serving_table
from bench.setting import Setting

IN_TABLE = 100
"""The table has the comics 1 to this one. The archive has all."""

PLAIN = replace(WAYS[0], command=IN_RUNTIME)
STORES: dict[Way, tuple[str, ...]] = {
    PLAIN: (),
    replace(PLAIN, name=f"{OURS}, with an archive"): ("archive",),
    replace(PLAIN, name=f"{OURS}, with a table"): ("table",),
    replace(PLAIN, name=f"{OURS}, with both"): ("archive", "table"),
}


@contextmanager
def environs(setting: Setting, xkcd_url: str, package: Path) -> Iterator[Mapping[Way, Mapping[str, str]]]:
    """The environment of each, to be run in `package`. The table is there meanwhile."""
    if package == ROOT:
        xkcd = {**setting.upstream.environ(xkcd_url), "PYTHONPATH": f"{ROOT}:{function_packages()}"}
    else:
        xkcd = {**setting.upstream.package_environ(xkcd_url), "PYTHONPATH": str(ROOT)}
    with serving_table() as table:
        with Worker(IN_RUNTIME, {**xkcd, **table}, package) as worker:
            worker.invoke(IN_TABLE)  # fills the table
        variables = {"archive": setting.archive, "table": table}
        environs = {}
        for way, stores in STORES.items():
            environs[way] = dict(xkcd)
            for store in stores:
                environs[way] |= variables[store]
        yield environs
