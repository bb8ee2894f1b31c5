"""Waits for Ctrl-C."""

import threading


def wait_for_interrupt() -> None:
    """Wait until KeyboardInterrupt.

    Linux may deliver the signal to another thread. Python then raises KeyboardInterrupt only when the main thread runs
    again, so it waits in short steps.
    """
    never = threading.Event()
    while not never.wait(0.2):
        pass
