"""The stand-in as a command."""

import argparse
import ssl
import sys

from tools import stand_in
from tools.faults import FAULTS
from tools.stand_in import StandIn
from tools.waiting import wait_for_interrupt


def main() -> None:
    """Serve until Ctrl-C or a termination signal."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.stand_in", description=(stand_in.__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--latency", type=float, default=0.1, help="seconds before each answer (0.1)")
    parser.add_argument(
        "--slow", type=_slow, default=(0.0, 1.0), metavar="SHARE:TIMES", help="this share takes so many times as long"
    )
    parser.add_argument("--certificate", help="serve over TLS with what is in this PEM file, its key too")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--fault", type=_fault, action="append", default=[], metavar="NAME[:NUMBER]", help=", ".join(FAULTS)
    )
    options = parser.parse_args()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    try:
        with StandIn(options.latency, options.port, dict(options.fault), context, options.slow) as xkcd:
            print(xkcd.url, flush=True)
            wait_for_interrupt()
    except KeyboardInterrupt:
        sys.exit(0)


def _fault(text: str) -> tuple[int, str]:
    name, _, num = text.partition(":")
    if name not in FAULTS or not (num == "" or num.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME or NAME:NUMBER with one of {', '.join(FAULTS)}")
    return int(num or 0), name


def _slow(text: str) -> tuple[float, float]:
    share, _, times = text.partition(":")
    try:
        return float(share), float(times)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not SHARE:TIMES, such as 0.02:10") from error


if __name__ == "__main__":
    main()
