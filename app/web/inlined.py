"""The style, script and icon that each page carries itself, so that one request shows it."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path

_TEMPLATES = Path(__file__).with_name("templates")


@cache
def text(name: str) -> str:
    """The text of a file beside the templates."""
    return (_TEMPLATES / name).read_text()


@cache
def data_uri(name: str) -> str:
    """An SVG file beside the templates, as a data: URI."""
    return f"data:image/svg+xml;base64,{_base64(text(name).encode())}"


@cache
def sources(kind: str) -> str:
    """The hashes of all "css" or "js" files, as sources of a Content-Security-Policy."""
    names = sorted(path.name for path in _TEMPLATES.glob(f"*.{kind}"))
    return " ".join(f"'sha256-{_base64(sha256(text(name).encode()).digest())}'" for name in names)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
