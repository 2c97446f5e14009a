"""What reading yields."""

from __future__ import annotations

from dataclasses import dataclass

from sync.model.order import Order
from sync.model.product import Product
from sync.model.stock import StockItem

Record = Product | Order | StockItem


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a read. `cursor` may be stored once the records are handled; `expected` is the platform's
    own total where it tells one; `complete` is True only on the last page of a sweep that missed nothing:
    only then may absence be concluded. `unchanged`: everything is still as it was at the cursor that was
    handed in; there are no records then."""

    records: tuple[Record, ...]
    cursor: str = ""
    deleted: tuple[str, ...] = ()
    expected: int | None = None
    complete: bool = False
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class ReadFilter:
    """Which records of an entity to read. Empty means all. `ids` are the platform's own ids; `skus` and
    `names` are looked up; `references` are our own names of orders, and `names` beside them only what people
    call those (each number is then asked for where it belongs); `created_since` and `updated_since` are ISO
    times in UTC; `limit` stops after that many records; `locations` are those whose stock is read. `lean`:
    ids, SKUs, options and inventory items are enough (reading back what was created). `urgent`: a person
    waits, so that the read may spend what is kept for that. `tags`: stock of products that carry one of
    them."""

    ids: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    created_since: str = ""
    updated_since: str = ""
    limit: int = 0
    locations: tuple[str, ...] = ()
    lean: bool = False
    urgent: bool = False
    tags: tuple[str, ...] = ()
