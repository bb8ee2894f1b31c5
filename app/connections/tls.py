"""TLS, with the authorities that are trusted."""

import ssl
from pathlib import Path

AUTHORITIES = Path(__file__).parent.parent / "authorities"
"""certifi's authorities, each in a file that OpenSSL reads when it is needed. Only the package has them."""


def context(ca_file: str | None, authorities: Path = AUTHORITIES) -> ssl.SSLContext:
    """A context for clients that trusts the authorities in this PEM file; with None, those of certifi.

    Raises ValueError if they cannot be read.
    """
    if ca_file is None and authorities.exists():
        made = ssl.create_default_context(capath=str(authorities))
    else:
        made = _of_file(ca_file or _certifi())
    made.set_alpn_protocols(["http/1.1"])
    return made


def _of_file(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ValueError(f"SSL_CERT_FILE is {ca_file!r}, but must name a PEM file of authorities: {error}") from error


def _certifi() -> str:
    import certifi  # a package never needs it

    return certifi.where()
