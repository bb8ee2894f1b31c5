"""TLS: which authorities are trusted."""

import asyncio
import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import certifi
import pytest
import trustme

from app.connections import tls
from tools.authorities import write_directory
from tools.stand_in import StandIn


def verified(xkcd: StandIn, context: ssl.SSLContext) -> bool:
    """Whether a client with that context takes the server for the one it claims to be."""

    async def connect() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(xkcd.url).port, ssl=context)
        except ssl.SSLCertVerificationError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    return asyncio.run(connect())


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA(organization_name="Ős  Authority")


@pytest.fixture
def authorities(authority: trustme.CA, tmp_path: Path) -> Path:
    """The directory that a package would have, if certifi trusted another authority as well."""
    pem, directory = tmp_path / "authorities.pem", tmp_path / "authorities"
    pem.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    write_directory(pem, directory)
    return directory


def test_a_server_is_trusted_by_the_authorities_in_the_directory_alone(
    authority: trustme.CA, authorities: Path, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with StandIn(latency=0.0, ssl_context=context) as xkcd:
        assert verified(xkcd, tls.context(None, authorities))
        assert not verified(xkcd, tls.context(None, tmp_path / "none"))
        assert not verified(xkcd, tls.context(certifi.where(), authorities))


def test_without_the_directory_all_of_certifi_is_read(tmp_path: Path) -> None:
    written = re.findall("BEGIN CERTIFICATE", certifi.contents())
    assert len(tls.context(None, tmp_path / "none").get_ca_certs()) == len(written) > 100
