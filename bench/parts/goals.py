"""What a benchmark has to reach, and whether it did. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """`figure` (dots lead into figures of figures) is to be `bound` at most, or with `least` at least."""

    figure: str
    bound: float
    least: bool = False

    def got(self, figures: Figures) -> Any:
        """What was measured; None if it was not."""
        found: Any = figures
        for name in self.figure.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def met(self, figures: Figures) -> bool:
        """A figure that is missing reaches nothing."""
        got = self.got(figures)
        return got is not None and (got >= self.bound if self.least else got <= self.bound)

    def __str__(self) -> str:
        return f"{self.figure} {'≥' if self.least else '≤'} {self.bound:,g}"


NOTHING_WRONG = (Goal("lost", 0), Goal("doubled", 0))


def judged(figures: Figures, goals: Iterable[Goal]) -> dict[str, Any]:
    """The figures with `goals` (each in words, with what was measured) and `missed`: the figures that did not
    get there."""
    every = list(goals)
    return {
        **figures,
        "goals": {str(goal): goal.got(figures) for goal in every},
        "missed": [goal.figure for goal in every if not goal.met(figures)],
    }
