"""Pure: the type of a clock."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Returns a time in seconds: Unix time where it decides how old something is, monotonic where it measures a duration.

Tests pass one that they set.
"""
