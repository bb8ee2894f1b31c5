"""Pure: a request as HTTP/1.1 writes it."""

from collections.abc import Iterable


def written(method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """The bytes of a request. Its headers must have Host, and Content-Length if there is a body."""
    lines = [b"%s %s HTTP/1.1" % (method.encode("ascii"), target), *(b"%s: %s" % header for header in headers)]
    return b"\r\n".join([*lines, b"", body])
