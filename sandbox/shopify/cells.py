"""One quantity's place: an item at a location, whether its store keeps objects or columns."""

from __future__ import annotations

from typing import Any, Protocol

from sandbox.shopify.columns import ACTIVE, BUNDLE, TRACKED, UNSTOCKED, Place
from sandbox.shopify.ids import number_of
from sandbox.shopify.make import new_level
from sandbox.shopify.quantities import ON_HAND, quantity
from sandbox.shopify.stock_objects import ITEMS, iso
from sandbox.shopify.stock_plan import SIZES
from sandbox.shopify.stock_store import StockStore
from sandbox.shopify.store import Store

Obj = dict[str, Any]
_ITEM = "gid://shopify/InventoryItem/"


class Cell(Protocol):
    """What the stock mutations need to know and do."""

    item: int
    place: int

    @property
    def sku(self) -> str | None:
        """The item's SKU."""

    @property
    def tracked(self) -> bool:
        """Whether the item is counted."""

    @property
    def bundle(self) -> bool:
        """Whether its stock comes from its components."""

    @property
    def stocked(self) -> bool:
        """Whether the location stocks the item now."""

    def quantity(self, name: str) -> int:
        """A quantity by name; 0 where the item is not stocked."""

    def change(self, kept: str, delta: int) -> None:
        """Move one kept quantity; stocks the item where it was not."""


class ObjectCell:
    """A cell of a store that keeps objects. Whoever changes it saves the product afterwards."""

    __slots__ = ("_location", "_store", "item", "object", "place")

    def __init__(self, store: Store, item: Obj, location: Obj) -> None:
        self._store, self.object, self._location = store, item, location
        self.item, self.place = number_of(item["id"]), number_of(location["id"])

    @property
    def sku(self) -> str | None:
        found: str | None = self.object["sku"]
        return found

    @property
    def tracked(self) -> bool:
        return bool(self.object["tracked"])

    @property
    def bundle(self) -> bool:
        return bool(self._store.variants[self.object["_variant"]]["requiresComponents"])

    @property
    def stocked(self) -> bool:
        level = self.object["_levels"].get(self._location["id"])
        return level is not None and level["isActive"]

    def quantity(self, name: str) -> int:
        level = self.object["_levels"].get(self._location["id"])
        return quantity(level, name) if level else 0

    def change(self, kept: str, delta: int) -> None:
        item = self.object
        level = item["_levels"].get(self._location["id"]) or new_level(self._store, item, self._location)
        level["isActive"] = True
        level["_q"][kept] += delta
        level["_at"][kept] = level["updatedAt"] = item["updatedAt"] = self._store.now()


class ColumnCell:
    """A cell of a store that keeps columns; knows ``available`` and what it is part of."""

    __slots__ = ("_at", "_row", "_stock", "item", "place")

    def __init__(self, stock: StockStore, row: int, at: Place, item: int, place: int) -> None:
        self._stock, self._row, self._at = stock, row, at
        self.item, self.place = item, place

    @property
    def sku(self) -> str | None:
        return self._stock.columns.skus[self._row]

    @property
    def tracked(self) -> bool:
        return bool(self._stock.columns.flags[self._row] & TRACKED)

    @property
    def bundle(self) -> bool:
        return bool(self._stock.columns.flags[self._row] & BUNDLE)

    @property
    def stocked(self) -> bool:
        return self._at.state[self._row] == ACTIVE

    def quantity(self, name: str) -> int:
        at, row = self._at, self._row
        if name == "available":
            return at.available[row]
        assert name == "on_hand", name
        more = at.more.get(row, {}).get("q", {})
        return at.available[row] + at.committed[row] + sum(more.get(part, 0) for part in ON_HAND)

    def change(self, kept: str, delta: int) -> None:
        assert kept == "available", kept
        at, row, stock = self._at, self._row, self._stock
        now = stock.seconds()
        if at.state[row] == UNSTOCKED:
            at.more[row] = {**at.more.get(row, {}), "created": iso(now)}
        at.state[row] = ACTIVE
        at.available[row] += delta
        if at.more and (more := at.more.get(row)) and "at" in more:
            more["at"]["available"] = iso(now)
        at.at[row] = stock.columns.item_at[row] = now
        stock.touched(row // len(SIZES), now)


def cell_at(store: Store, item_id: str, location_id: str, name: str) -> Cell | None:
    """Where an item lies at a location, by gids; None if one of them is unknown. ``name`` is the quantity
    that is asked of it."""
    if store.stock is not None and name in ("available", "on_hand"):
        found = _column_cell(store.stock, item_id, location_id)
        if found is not None:
            return found
    item, location = store.items.get(item_id), store.kinds["location"].get(location_id)
    return ObjectCell(store, item, location) if item and location else None


def _column_cell(stock: StockStore, item_id: str, location_id: str) -> ColumnCell | None:
    """None if the item is none of the columns' own or the location unknown."""
    columns, base = stock.columns, stock.objects.base
    place = columns.place_of.get(location_id)
    if place is None or not item_id.startswith(_ITEM):
        return None
    digits = item_id[len(_ITEM) :]
    row = int(digits) - base - ITEMS if digits.isdigit() else -1
    if not columns.is_alive(row):
        return None
    at = columns.places[place]
    return ColumnCell(stock, row, at, base + ITEMS + row, at.number)
