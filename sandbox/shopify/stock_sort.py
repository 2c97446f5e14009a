"""A stock catalogue's objects and the others in one order, without making the objects."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from sandbox.shopify.ids import number_of
from sandbox.shopify.stock_objects import ITEMS, VARIANTS, iso
from sandbox.shopify.stock_store import Beside, Rows, StockStore

Obj = dict[str, Any]
TYPES = {"product": "Product", "variant": "ProductVariant", "item": "InventoryItem"}
_FIRST = {"product": 0, "variant": VARIANTS, "item": ITEMS}


def sorted_rows(stock: StockStore, kind: str, by: str, source: Beside) -> Rows:
    """All objects of a kind ascending by a field, then id, made as they are looked at."""
    base = stock.objects.base + _FIRST[kind]
    rows = stock.living_products() if kind == "product" else stock.columns.living()
    look = _look(kind, source)
    if by == "id":
        numbers = [base + row for row in rows] + [number_of(obj["id"]) for obj in source.own()]
        return Rows(array("q", sorted(numbers)), look)
    keyed = [(_value(stock, kind, by, row), base + row) for row in rows]
    keyed += [(obj.get(by) or "", number_of(obj["id"])) for obj in source.own()]
    return Rows(array("q", [number for _, number in sorted(keyed)]), look)


def _look(kind: str, source: Beside) -> Callable[[int], Obj]:
    prefix = f"gid://shopify/{TYPES[kind]}/"
    return lambda number: source[f"{prefix}{number}"]


def _value(stock: StockStore, kind: str, by: str, row: int) -> str:
    if kind == "product" and by == "updatedAt":
        return iso(stock.columns.product_at[row])
    if kind == "product" and by == "title":
        return stock.objects.title(row)
    found = (stock.objects.product(row) if kind == "product" else stock.variant_at(row)) or {}
    return str(found.get(by) or "")
