"""What a stock run counts while it plans: one row a source item and location of the target. Rows that are to
be written are counted at the end, by what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

LEFT_OUT = "left_out"
"""What the plan alone left out: "skipped" grows at the end by rows that were planned and not written."""


@dataclass(slots=True)
class Tally:
    """Sums of one plan; `figures` is how they are stored with the run."""

    read: int = 0
    unchanged: int = 0
    parked: int = 0
    to_write: int = 0
    zeroed: int = 0
    hidden: int = 0
    products: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def skip(self, reason: str, rows: int = 1) -> None:
        if rows:
            self.read += rows
            self.skipped[reason] += rows

    def same(self, rows: int = 1) -> None:
        self.read += rows
        self.unchanged += rows

    def park(self) -> None:
        self.read += 1
        self.parked += 1

    def write(self, before: int | None, after: int) -> None:
        self.read += 1
        self.to_write += 1
        self.zeroed += int(after == 0 and (before or 0) > 0)

    def hide(self, products: int, of: int) -> None:
        """So many products are made drafts or archived, of so many that have a partner."""
        self.read += products
        self.to_write += products
        self.hidden += products
        self.products = of

    def show(self) -> None:
        """One product is shown again."""
        self.read += 1
        self.to_write += 1

    def figures(self) -> dict[str, object]:
        return {
            "read": self.read,
            "unchanged": self.unchanged,
            "parked": self.parked,
            "to_write": self.to_write,
            "zeroed": self.zeroed,
            "hidden": self.hidden,
            "products": self.products,
            "skipped": dict(self.skipped),
            LEFT_OUT: dict(self.skipped),
        }

    @staticmethod
    def of(figures: Mapping[str, object]) -> Tally:
        """A stored tally; zeros where the run ended before it had planned."""
        names = ("read", "unchanged", "parked", "to_write", "zeroed", "hidden", "products")
        whole = {name: _int(figures.get(name)) for name in names}
        raw = figures.get("skipped")
        skipped = {str(k): _int(v) for k, v in raw.items()} if isinstance(raw, Mapping) else {}
        return Tally(**whole, skipped=Counter(skipped))


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
