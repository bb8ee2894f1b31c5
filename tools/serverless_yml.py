"""serverless.yml, as it stands: with unresolved variables."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parent.parent / "serverless.yml"


@cache
def serverless() -> dict[str, Any]:
    """The whole document."""
    document: dict[str, Any] = yaml.load(PATH.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    return document


def variable(name: str) -> str:
    """The function's environment variable of that name."""
    value: str = serverless()["provider"]["environment"][name]
    return value


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, such as !GetAtt, as their text."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: f"{tag} {node.value}")
