"""Price lists, cost and their problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sync.connectors.sentos import money
from sync.connectors.sentos.problems import problem
from sync.connectors.sentos.shapes import object_of
from sync.model.problem import Problem
from sync.model.product import PricePair
from sync.model.values import Money, key_of

# The product's own sale price, as a price list among the others.
BASE = "base"


@dataclass(slots=True)
class Prices:
    """One item's word on money. In `lists` a pair without a price is one that cannot be read: never fall
    back behind it; a list that is absent has no price at all. `lists["base"]` is the product's own sale
    price."""

    lists: dict[str, PricePair] = field(default_factory=dict)
    cost: Money | None = None
    problems: list[Problem] = field(default_factory=list)

    @property
    def base(self) -> Money | None:
        return self.lists[BASE].price if BASE in self.lists else None

    def over(self, own: Prices) -> Prices:
        """A variant's prices: the parent's, replaced where the variant has a positive one or an unreadable
        one."""
        if not own.lists:
            return Prices(self.lists, own.cost or self.cost, own.problems)
        lists = {**self.lists, **{name: pair for name, pair in own.lists.items() if _counts(pair)}}
        return Prices(lists, own.cost or self.cost, own.problems)


def _counts(pair: PricePair) -> bool:
    return pair.price is None or pair.price.amount > 0


class PriceReader:
    """Reads the money of one record. `dots` is the operator's word on lone points."""

    def __init__(self, currency: str, dots: str, sku: str = "") -> None:
        self._currency, self._dots, self._sku = currency, dots, sku
        self.found = Prices()

    def read(self, raw: Mapping[str, Any]) -> Prices:
        """All price lists and the cost. A cost of zero says nothing; a price of zero is kept and left to
        the brake."""
        self._list(BASE, "price", raw.get("sale_price"), None)
        for name, entry in object_of(raw.get("prices")).items():
            row = object_of(entry)
            key = key_of(name)
            self._list(key, f"prices.{key}", row.get("sale_price"), row.get("list_price"))
        cost = self._money(raw.get("purchase_price"), "cost")
        self.found.cost = cost if cost is not None and cost.amount > 0 else None
        return self.found

    def _list(self, name: str, where: str, sale: Any, listed: Any) -> None:
        """A list's pair. Without a sale price the list price is the price (so do the public Shopify
        syncs)."""
        flaws = len(self.found.problems)
        asked = self._money(sale, where)
        struck = None if len(self.found.problems) > flaws else self._money(listed, where)
        if len(self.found.problems) > flaws:
            self.found.lists[name] = PricePair(None)
            return
        if (asked is None or asked.amount == 0) and struck is not None and struck.amount > 0:
            asked, struck = struck, None
        if asked is not None:
            self.found.lists[name] = PricePair(asked, None if name == BASE else self._struck(asked, struck))

    def _struck(self, asked: Money, struck: Money | None) -> Money:
        """The struck-through price; 0 (none) unless it is above the price."""
        return (
            struck
            if struck is not None and struck.amount > asked.amount
            else Money(Decimal(0), self._currency)
        )

    def _money(self, raw: Any, where: str) -> Money | None:
        cause = ""
        try:
            value = money.amount(raw, self._dots)
        except money.Ambiguous:
            value, cause = None, "price.ambiguous"
        except money.Unreadable:
            value, cause = None, "price.unreadable"
        if value is not None and value < 0:
            value, cause = None, "price.negative"
        if cause:
            self.found.problems.append(problem(cause, sku=self._sku, field=where, value=raw))
        return None if value is None else Money(value, self._currency)
