"""What a proof found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """`n` times it was tried; `lost`: rows whose effect is missing at the target; `doubled`: rows that it
    took twice; `wrong`: what else was not as promised, in words; `slow`: what took longer than promised;
    `figures`: what was measured beside."""

    proof: str
    n: int
    lost: int = 0
    doubled: int = 0
    wrong: tuple[str, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    slow: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """As promised, whatever the clock of a machine says that others use as well."""
        return not (self.lost or self.doubled or self.wrong)

    @property
    def good(self) -> bool:
        return self.right and not self.slow

    def row(self) -> dict[str, Any]:
        return {
            "proof": self.proof,
            "n": self.n,
            "lost": self.lost,
            "doubled": self.doubled,
            "wrong": [*self.wrong, *self.slow],
            **self.figures,
            "good": self.good,
        }
