"""AWS on 127.0.0.1, played by moto, for deployments.

    python -m tools.cloud --port 8003

prints the environment with which a process uses it, and stops at Ctrl-C. Its state ends with it. It makes
the bucket, the role, the function, the log groups, the rule and the table, and ignores the resources that moto does not
know: the HTTP API, the alarms, CloudFront's policies and the bucket's policy.
"""

import argparse
import sys
import warnings
from typing import Any

from moto.cloudformation.models import CloudFormationBackend
from moto.server import ThreadedMotoServer

from tools.waiting import wait_for_interrupt

REGION = "eu-central-1"


def environ(port: int) -> dict[str, str]:
    """The environment for using the cloud on that port. It keeps all other clouds out of reach."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def let_warnings_pass() -> None:
    """Make moto refuse a template only for cfn-lint's errors. It also refuses warnings, which AWS does not."""
    lint = CloudFormationBackend.validate_template

    def errors(backend: CloudFormationBackend, template: str) -> list[Any]:
        return [match for match in lint(backend, template) if match.rule.id.startswith("E")]

    CloudFormationBackend.validate_template = errors  # type: ignore[assignment,method-assign]


def main() -> None:
    """Serve until Ctrl-C or a termination signal."""
    parser = argparse.ArgumentParser(prog="python -m tools.cloud", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Tried to parse", UserWarning)  # what moto passes over
    let_warnings_pass()
    server = ThreadedMotoServer("127.0.0.1", options.port, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    try:
        print(" ".join(f"{name}={value}" for name, value in environ(port).items()), flush=True)
        wait_for_interrupt()
    except KeyboardInterrupt:
        server.stop()
        sys.exit(0)


if __name__ == "__main__":
    main()
