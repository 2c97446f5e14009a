"""Runs that faults strike, one after the other, and what became of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.parts.box import Box
from bench.parts.stores import Stores
from bench.proof.rounds import Round, Shopper

Raw = Mapping[str, Any]
"""A fault as the store's control plane takes it."""


class Series:
    """All runs of one proof. With `broken` it is over as soon as something was noticed."""

    def __init__(self, stores: Stores, dice: random.Random, broken: str = "") -> None:
        self.stores, self._dice, self._broken = stores, dice, broken
        self.lost = self.doubled = 0
        self.ended = Counter[str]()
        self.wrong: list[str] = []

    @property
    def noticed(self) -> bool:
        return bool(self._broken and self.lost + self.doubled)

    @property
    def runs(self) -> int:
        return self.ended.total()

    def carried(self, box: Box, faults: Sequence[Raw], what: str, **scope: Any) -> list[int]:
        """One run while a store has these faults; if it did not end well, the next one must. A run that a
        brake holds is ended as an operator would who sees that the store showed nonsense: it counts as
        braked, and the run after it has to carry everything. Answers how often each fault struck."""
        this = Round(self.stores, self._dice)
        for fault in faults:
            box.fault(**fault)
        with Shopper(self.stores, self._dice):
            run = self.stores.ended(self.stores.start(reason="proof", **scope))
        hits = [int(one["hits"]) for one in box.get("/faults")["faults"]]
        box.calm()
        self.ended[run.status.value] += 1
        found = this.judged(this.carried_through(run.id))
        self.lost, self.doubled = self.lost + found.lost, self.doubled + found.doubled
        self.wrong += [f"{what}: {line}" for line in found.wrong]
        return hits
