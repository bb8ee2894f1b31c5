"""The app on a local server, threaded, with the stand-in for xkcd.com behind it or whatever XKCD_URL names.

    python -m tools.serve

PORT in the environment says where; without it, a free port is taken. With TABLE=1 there is a table too: that of
COMICS_TABLE, or one of its own, whose environment it prints.
"""

import contextlib
import os

from werkzeug.serving import make_server

from app import create_app
from app.settings import Settings
from tools.stand_in import xkcd_environ
from tools.table import table_environ


def main() -> None:
    """Serve until Ctrl-C."""
    with contextlib.ExitStack() as stack:
        os.environ.update(stack.enter_context(xkcd_environ()))
        table = stack.enter_context(table_environ()) if os.environ.get("TABLE") else {}
        os.environ.update(table)
        app = create_app(Settings.from_environ())
        stack.callback(app.close)
        server = make_server("127.0.0.1", int(os.environ.get("PORT") or 0), app, threaded=True)
        stack.callback(server.server_close)
        print(f"http://127.0.0.1:{server.server_port}/ asks {os.environ['XKCD_URL']}; Ctrl-C ends it", flush=True)
        if table:
            print(f"Its table: {' '.join(f'{name}={value}' for name, value in table.items())}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


if __name__ == "__main__":
    main()
