"""What must have happened at the target after a run, by both stores' own books."""

from __future__ import annotations

from typing import Any

from bench.parts.books import Books
from bench.parts.judge import Judgement
from bench.parts.stores import Stores


class Truth:
    """`stale`: percent of the rows that people buy just before the call that carries them. The books are
    opened after the run, so that they cost it no memory."""

    def __init__(self, stores: Stores, stale: float = 0.0) -> None:
        self._stores, self._books = stores, Books(stores.target)
        self._books.mark()
        if stale:
            stores.target.post("/hooks", {"share": stale / 100, "count": None, "seed": 1})
        self.rows, self._said = stores.shape.skus, dict[str, Any]()

    @property
    def staled(self) -> int:
        """Rows that were moved behind our back."""
        return int(self._said.get("by_hand", 0))

    def _left(self, wanted: dict[str, int]) -> dict[str, int]:
        """What is wanted, less what people bought meanwhile: the source has not been told of it."""
        for effect in self._books.effects(self._stores.place):
            if effect.hand:
                wanted[effect.pair] = max(0, wanted[effect.pair] + effect.after - effect.before)
        return wanted

    @property
    def overwritten(self) -> int:
        """Sales that somebody wrote over without having seen them."""
        return int(self._said.get("blind", 0)) + int(self._said.get("overwritten", 0))

    def judged(self) -> Judgement:
        self._said, shown = self._books.judged(), self._stores.shown()
        wanted = self._left(self._stores.wanted()) if self.staled else self._stores.wanted()
        lost = [sku for sku, pieces in wanted.items() if shown.get(sku) != pieces]
        named = [f"{sku}: wanted {wanted[sku]}, shows {shown.get(sku)}" for sku in lost[:3]]
        return Judgement(len(lost), int(self._said["again"]), tuple(named))
