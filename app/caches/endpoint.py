"""Where DynamoDB is, by AWS's environment variables."""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from app.errors import TableError
from app.variables import check_origin

_REGION = re.compile(r"[a-z]+(-[a-z0-9]+)+", re.ASCII)


class Endpoint(NamedTuple):
    """DynamoDB's region, and its scheme, host and port."""

    region: str
    url: str


def from_environ(environ: Mapping[str, str] = os.environ) -> Endpoint:
    """DynamoDB of the region, or what another variable names in its place. An empty variable counts as absent.

    Raises TableError, naming the variable, when one is missing or makes no sense.
    """
    # Lambda sets AWS_REGION; on other machines AWS's programs read AWS_DEFAULT_REGION.
    name, region = _first(environ, "AWS_REGION", "AWS_DEFAULT_REGION")
    if not region:
        raise TableError("The table cannot be used: set AWS_REGION to its region, such as 'eu-central-1'.")
    if not _REGION.fullmatch(region):
        raise TableError(f"The table cannot be used: {name} is {region!r}, but must be like 'eu-central-1'.")
    name, url = _first(environ, "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL")
    url = url.removesuffix("/") or _of_region(region)
    try:
        check_origin(name, url, "http://127.0.0.1:8002")
    except ValueError as error:
        raise TableError(f"The table cannot be used: {error}.") from error
    return Endpoint(region, url)


def _first(environ: Mapping[str, str], *names: str) -> tuple[str, str]:
    """The first of these variables that is set, and its value; both empty if none is."""
    return next(((name, environ[name]) for name in names if environ.get(name)), ("", ""))


def _of_region(region: str) -> str:
    return f"https://dynamodb.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
