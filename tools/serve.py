"""Serves the app locally, threaded, with the stand-in for xkcd.com behind it, or the server that XKCD_URL names.

    python -m tools.serve

PORT is the port; without it, or with 0, a free one is taken. With TABLE=1 there is a table too: the one that
COMICS_TABLE names, or one of its own, whose environment is printed. Without XKCD_URL, ARCHIVE and an archive, one is
made from the stand-in first, in seconds.
"""

import contextlib
import os
import socket
import sys
from pathlib import Path

from werkzeug.serving import make_server

from app import create_app
from app.settings import ARCHIVE, Settings
from app.variables import switch
from tools import archive
from tools.aws_environ import aws_environ
from tools.draining import Draining
from tools.failing import number, one_line_errors
from tools.stand_in import xkcd_environ
from tools.table import table_environ
from tools.waiting import interrupt_at_termination


def main() -> None:
    """Serve until Ctrl-C or SIGTERM. Requests that are running then are answered; a second Ctrl-C cuts them off."""
    interrupt_at_termination()
    with contextlib.ExitStack() as stack:
        with one_line_errors():
            port = number(os.environ, "PORT", default=0, least=0, most=65535)
            with_table = switch(os.environ, "TABLE", default=False)
            os.environ.update(aws_environ() if with_table else {})
        if not os.environ.get("XKCD_URL") and "ARCHIVE" not in os.environ:
            make_archive(ARCHIVE)
        os.environ.update(stack.enter_context(xkcd_environ()))
        table = stack.enter_context(table_environ()) if with_table else {}
        os.environ.update(table)
        with one_line_errors():
            listening = stack.enter_context(listen(port))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            settings = Settings.from_environ({**os.environ, "PUBLIC_URL": os.environ.get("PUBLIC_URL") or url})
            app = create_app(settings)
        stack.callback(app.close)
        draining = Draining(app)
        server = make_server("127.0.0.1", port, draining, threaded=True, fd=listening.fileno())
        stack.callback(server.server_close)
        print(f"{url}/ asks {os.environ['XKCD_URL']}; Ctrl-C ends it", flush=True)
        if table:
            print(f"Its table: {' '.join(f'{name}={value}' for name, value in table.items())}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
        with contextlib.suppress(KeyboardInterrupt):
            draining.wait(settings.time_limit)


def listen(port: int) -> socket.socket:
    """A socket that listens there. Raises ValueError, which names the variable, if it cannot."""
    try:
        return socket.create_server(("127.0.0.1", port), backlog=128)
    except OSError as error:
        raise ValueError(f"PORT is {port}, which cannot be used: {error.strerror}") from error


def make_archive(path: Path) -> None:
    """Make an archive from the stand-in, unless there is one. Exits if that fails."""
    if not path.exists() and (status := archive.main({**os.environ, "ARCHIVE": str(path)})):
        sys.exit(status)


if __name__ == "__main__":
    main()
