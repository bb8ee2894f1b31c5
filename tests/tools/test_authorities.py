"""The authorities trusted for TLS, as OpenSSL's hashed directory. tests/connections/test_tls.py connects with it."""

import ssl
from pathlib import Path

import certifi
import trustme

from tools.authorities import subject_hash, write_directory

WELL_KNOWN = {
    "062cdee6.0": "GlobalSign Root CA - R3",
    "4042bcee.0": "ISRG Root X1",
    "988a38cb.0": "NetLock Arany (Class Gold) Főtanúsítvány",
    "ce5e74ef.0": "Amazon Root CA 1",
}
"""Names that these authorities have in the directory of every Linux distribution."""


def test_authorities_have_the_names_that_openssl_looks_for(tmp_path: Path) -> None:
    write_directory(Path(certifi.where()), tmp_path / "authorities")
    for name, subject in WELL_KNOWN.items():
        context = ssl.create_default_context(cafile=str(tmp_path / "authorities" / name))
        (authority,) = context.get_ca_certs()
        assert subject in str(authority["subject"])


def test_none_is_lost(tmp_path: Path) -> None:
    write_directory(Path(certifi.where()), tmp_path / "authorities")
    assert len(list((tmp_path / "authorities").iterdir())) == certifi.contents().count("BEGIN CERTIFICATE")


def test_authorities_with_the_same_subject_are_numbered(tmp_path: Path) -> None:
    first, second = (trustme.CA(organization_name="Same", organization_unit_name="Same") for _ in range(2))
    (tmp_path / "ca.pem").write_bytes(first.cert_pem.bytes() + second.cert_pem.bytes())
    write_directory(tmp_path / "ca.pem", tmp_path / "authorities")
    name = subject_hash(ssl.PEM_cert_to_DER_cert(first.cert_pem.bytes().decode()))
    written = {path.name: path.read_bytes() for path in (tmp_path / "authorities").iterdir()}
    assert written == {f"{name}.0": first.cert_pem.bytes(), f"{name}.1": second.cert_pem.bytes()}


def test_neither_case_nor_spaces_nor_the_length_of_names_matter() -> None:
    def hashed(name: str) -> str:
        authority = trustme.CA(organization_name=name, organization_unit_name="x")
        return subject_hash(ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode()))

    assert hashed(" An  Authority ") == hashed("an authority")
    assert hashed("an authority") != hashed("another authority")
