"""The upstream of all ways, in a process of its own: the stand-in with and without TLS, and its authority.

    python -m bench.upstream DIRECTORY

writes the certificates into that directory and prints all addresses and paths as one JSON document.
"""

import json
import ssl
import sys
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import certifi
import trustme

from tools.stand_in import StandIn, records

LATENCY = 0.1
"""Seconds that the stand-in takes for an answer, but for `near`."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The stand-in's addresses (`near`: TLS without latency), and the PEM files of its authority and certificate."""

    http: str
    https: str
    near: str
    authority: str
    authorities: str
    certificate: str

    def environ(self, url: str) -> dict[str, str]:
        """The environment in which a way asks that address, by a name: xkcd's must be looked up, too."""
        return {
            "XKCD_URL": url.replace("127.0.0.1", "localhost"),
            "XKCD_FLOOR": str(max(records())),
            "SSL_CERT_FILE": self.authorities,
            "REQUESTS_CA_BUNDLE": self.authorities,
            "NODE_EXTRA_CA_CERTS": self.authority,
        }

    def package_environ(self, url: str) -> dict[str, str]:
        """The same for the package, which has the authorities in a directory."""
        return {**self.environ(url), "SSL_CERT_FILE": ""}


def main(directory: Path) -> None:
    """Serve until a termination signal."""
    authority, authorities = directory / "authority.pem", directory / "authorities.pem"
    certificate = directory / "certificate.pem"
    certify(authority, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # All that a process usually trusts as well: to read it is a part of what TLS costs.
    authorities.write_text(certifi.contents() + authority.read_text())
    with (
        StandIn(LATENCY) as http,
        StandIn(LATENCY, ssl_context=context) as https,
        StandIn(0.0, ssl_context=context) as near,
    ):
        upstream = Upstream(http.url, https.url, near.url, str(authority), str(authorities), str(certificate))
        print(json.dumps(asdict(upstream)), flush=True)
        threading.Event().wait()


def certify(authority_file: Path, certificate_file: Path) -> None:
    """Write a certificate for this machine with its key, and the authority that issued it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(authority_file)
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate_file)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
