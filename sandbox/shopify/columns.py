"""Stock of very many variants in arrays: a row a variant, a column a fact. No objects, no dicts a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.shopify.ids import number_of
from sandbox.shopify.stock_plan import SIZES, SPREAD, StockPlan

Obj = dict[str, Any]
TRACKED, BUNDLE, GONE = 1, 2, 4
UNSTOCKED, ACTIVE, INACTIVE = 0, 1, 2


@dataclass
class Place:
    """The columns of one location. ``state`` is UNSTOCKED, ACTIVE or INACTIVE; ``at`` are epoch seconds."""

    id: str
    number: int
    level_number: int
    available: array[int]
    committed: array[int]
    state: bytearray
    at: array[int]
    # Rows whose level holds more than the columns can say: other quantities, times of their own.
    more: dict[int, Obj] = field(default_factory=dict)


class Columns:
    """All rows of a plan at the given locations (dicts of the store), as of ``now`` (epoch seconds)."""

    def __init__(self, plan: StockPlan, locations: list[Obj], now: int) -> None:
        self.plan, self.made = plan, now
        self.rows = plan.skus
        self.skus: list[str | None] = list(plan.clean_skus())
        self.flags = bytearray(bytes([TRACKED]) * self.rows)
        self.item_at = array("I", [now]) * self.rows
        self.product_at = array("I", [now]) * plan.products
        # Products whose tags are no longer the common ones; how many rows are gone.
        self.tags: dict[int, list[str]] = {}
        self.dead = 0
        self.places = [self._place(n, one, len(locations)) for n, one in enumerate(locations)]
        self.place_of = {place.id: n for n, place in enumerate(self.places)}
        self._mark_dirt()

    def _place(self, number: int, location: Obj, places: int) -> Place:
        rows, shift, plan = self.rows, self.plan.shift(number), self.plan
        available = array("i", [(n * 7919 + shift) % SPREAD for n in range(rows)])
        committed = array("i", [0]) * rows
        if number == 0:
            for n in range(0, rows, 20):
                committed[n] = plan.committed(n)
        state = bytearray(bytes([ACTIVE]) * rows)
        at = array("I", [self.made]) * rows
        id = location["id"]
        place = Place(id, number_of(id), location["_level_number"], available, committed, state, at)
        if plan.unstocked and number and number == places - 1:
            for n in range(rows):
                if not plan.is_stocked(n, number, places):
                    state[n], available[n] = UNSTOCKED, 0
        return place

    def _mark_dirt(self) -> None:
        for n in self.plan.dirty_rows():
            kind, self.skus[n] = self.plan.dirt_of(n), self.plan.sku(n)
            if kind == "untracked":
                self.flags[n] &= ~TRACKED
            elif kind == "bundle":
                self.flags[n] |= BUNDLE

    def rows_of(self, product: int) -> range:
        """The rows of a product, dead ones too."""
        first = product * len(SIZES)
        return range(max(first, 0), min(first + len(SIZES), self.rows))

    def is_alive(self, row: int) -> bool:
        """Whether the row is (still) here and was not moved into an object of its own."""
        return 0 <= row < self.rows and not self.flags[row] & GONE

    def living(self) -> Iterator[int]:
        """Rows that are here, ascending."""
        if not self.dead:
            yield from range(self.rows)
            return
        flags = self.flags
        yield from (n for n in range(self.rows) if not flags[n] & GONE)

    def living_rows(self, product: int) -> list[int]:
        """The rows of a product that are here."""
        return [n for n in self.rows_of(product) if not self.flags[n] & GONE]

    def kill(self, row: int) -> None:
        """Take a row out."""
        if not self.flags[row] & GONE:
            self.flags[row] |= GONE
            self.dead += 1
