"""What the soak found out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.soak.process import Held

EXAMPLES, EXAMPLES_OF_ONE = 10, 3
"""Wrong answers that are kept whole: in all, and in one weather."""


@dataclass(slots=True)
class Played:
    """The calls that were answered in one weather."""

    calls: int = 0
    wrong: int = 0
    requests: int = 0
    """Requests that xkcd received."""
    milliseconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Result:
    """What one front of the service did."""

    front: str
    clients: int
    seconds: float = 0.0
    weather: dict[str, Played] = field(default_factory=dict)
    """By the name of the weather; the calm between two is "calm"."""
    wrong: int = 0
    """Wrong answers, and whatever else is wrong."""
    examples: list[tuple[str, str]] = field(default_factory=list)
    """The first of them: the weather, and what was wrong."""
    held: dict[int, Held] = field(default_factory=dict)
    """What the idle process held after that many calls."""

    def complain(self, weather: str, text: str) -> None:
        """Record that something is wrong."""
        self.wrong += 1
        alike = sum(name == weather for name, _ in self.examples)
        if len(self.examples) < EXAMPLES and alike < EXAMPLES_OF_ONE:
            self.examples.append((weather, text))

    @property
    def calls(self) -> int:
        """Calls that were answered."""
        return sum(played.calls for played in self.weather.values())

    @property
    def requests(self) -> int:
        """Requests that xkcd received."""
        return sum(played.requests for played in self.weather.values())


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 if there is none."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)] if values else 0.0
