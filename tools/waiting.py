"""Ctrl-C: waits for it, and has a termination signal do the same."""

import signal
import threading


def wait_for_interrupt() -> None:
    """Wait until KeyboardInterrupt.

    Linux may deliver the signal to another thread. Python then raises KeyboardInterrupt only when the main thread runs
    again, so it waits in short steps.
    """
    never = threading.Event()
    while not never.wait(0.2):
        pass


def interrupt_at_termination() -> None:
    """Have SIGTERM raise KeyboardInterrupt in the main thread, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
