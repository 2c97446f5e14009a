"""What the reference platform holds, what it really did, and the faults that a test switches on."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sync.errors import CounterpartError
from sync.model.call import Change, Outcome
from sync.model.order import Order
from sync.model.product import Product, Variant
from sync.model.support import Choice


@dataclass(slots=True)
class Fault:
    """An error raised by the next `times` sends ("send"), page reads ("read") or checks ("check"), after
    `after_calls` good ones. `applied`: the call has had its effect when the error comes."""

    error: CounterpartError
    where: str = "send"
    times: int = 1
    applied: bool = False
    after_calls: int = 0


@dataclass(slots=True)
class Store:
    """One platform's truth. `done` is the ledger: (change, outcome) in order, one entry per applied
    effect; `answers` the outcomes of every carried-out call by its key. `refuse` maps a change's label or
    SKU to the reason why it is refused; `visible_after` is the settling time of look-ups in scaled
    seconds."""

    products: dict[str, Product] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    choices: dict[str, list[Choice]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    done: list[tuple[Change, Outcome]] = field(default_factory=list)
    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    failed_at: dict[str, float] = field(default_factory=dict)
    refuse: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    authorised: bool = True
    visible_after: float = 0.0
    page_size: int = 2
    lock: threading.RLock = field(default_factory=threading.RLock)
    _number: int = 0

    def new_id(self, prefix: str) -> str:
        """An id never given before: "p1", "v2", …"""
        self._number += 1
        return f"{prefix}{self._number}"

    def add(self, records: Iterable[Product | Order]) -> None:
        """Puts records in as the platform's own; missing ids of variants, items and pictures are given."""
        for record in records:
            if isinstance(record, Order):
                self.orders[record.id] = record
            else:
                self.products[record.id] = self.identified(record)

    def identified(self, product: Product) -> Product:
        """The product with an id on every variant, inventory item and picture."""
        variants = tuple(self.identified_variant(variant) for variant in product.variants)
        media = (
            None
            if product.media is None
            else tuple(m if m.id else replace(m, id=self.new_id("m")) for m in product.media)
        )
        return replace(product, variants=variants, media=media)

    def identified_variant(self, variant: Variant) -> Variant:
        """The variant with an id and an inventory item."""
        return replace(
            variant, id=variant.id or self.new_id("v"), item_id=variant.item_id or self.new_id("i")
        )

    def fault(self, where: str) -> Fault | None:
        """The fault that strikes now, counted."""
        for fault in self.faults:
            if fault.where != where or fault.times < 1:
                continue
            if fault.after_calls > 0:
                fault.after_calls -= 1
                return None
            fault.times -= 1
            return fault
        return None

    def owner(self, item_id: str) -> tuple[Product, Variant] | None:
        """The product and variant of an inventory item."""
        return next(
            ((p, v) for p in self.products.values() for v in p.variants if v.item_id == item_id), None
        )

    def put_variant(self, product_id: str, variant: Variant) -> None:
        """Replaces a variant by the one of the same id, or adds it."""
        product = self.products[product_id]
        known = [v.id for v in product.variants]
        variants = tuple(variant if v.id == variant.id else v for v in product.variants)
        self.products[product_id] = replace(
            product, variants=variants if variant.id in known else (*variants, variant)
        )
