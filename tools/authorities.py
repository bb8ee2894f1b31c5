"""Writes the authorities trusted for TLS as OpenSSL's hashed directory.

A start that reads all of certifi's file takes 15 ms of CPU for it. From such a directory, OpenSSL reads the one
authority that a server's certificate needs.
"""

import hashlib
import re
import ssl
from collections import Counter
from pathlib import Path

SEQUENCE, SET, VERSION, UTF8 = 0x30, 0x31, 0xA0, 0x0C
"""Tags of DER, the encoding of certificates (ITU-T X.690). VERSION is that of a certificate, which old ones omit."""

TEXTS = {UTF8: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1E: "utf-16-be"}
"""The encoding of each type of text, by its tag."""

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def write_directory(pem: Path, directory: Path) -> None:
    """Write each certificate of this file into the directory, which must not exist, under OpenSSL's name for it."""
    directory.mkdir()
    written: Counter[str] = Counter()
    for text in _PEM.findall(pem.read_text("utf-8")):
        name = subject_hash(ssl.PEM_cert_to_DER_cert(text))
        (directory / f"{name}.{written[name]}").write_text(f"{text}\n")
        written[name] += 1


def subject_hash(certificate: bytes) -> str:
    """The hash of a certificate's subject, as `openssl x509 -hash` prints it. The certificate is DER.

    It is over the subject's texts as UTF-8, in lower case and with single spaces (x509_name_canon in OpenSSL's
    crypto/x509/x_name.c).
    """
    ((_, whole),) = _values(certificate)
    (_, signed), *_ = _values(whole)
    _serial, _algorithm, _issuer, _validity, (_, subject), *_ = [
        value for value in _values(signed) if value[0] != VERSION
    ]
    names = (sorted(_canonical(name) for _, name in _values(names)) for _, names in _values(subject))
    digest = hashlib.sha1(b"".join(_der(SET, b"".join(each)) for each in names), usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _canonical(name: bytes) -> bytes:
    """A name of a subject, which is its kind and its text, as it is hashed."""
    (kind_tag, kind), (tag, text) = _values(name)
    if tag in TEXTS:
        tag, text = UTF8, b" ".join(text.decode(TEXTS[tag]).encode().lower().split())
    return _der(SEQUENCE, _der(kind_tag, kind) + _der(tag, text))


def _values(content: bytes) -> list[tuple[int, bytes]]:
    """The tags and contents of DER values that follow one another."""
    values = []
    while content:
        length, start = content[1], 2
        if length > 0x7F:
            start += length & 0x7F
            length = int.from_bytes(content[2:start])
        values.append((content[0], content[start : start + length]))
        content = content[start + length :]
    return values


def _der(tag: int, content: bytes) -> bytes:
    """One DER value of less than 128 bytes, which a name has by X.520's limits, or of less than 256."""
    length = [len(content)] if len(content) < 0x80 else [0x81, len(content)]
    return bytes([tag, *length]) + content
