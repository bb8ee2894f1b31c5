"""Pure: the type of a clock."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Returns the Unix time in seconds. Tests pass one that they set."""
