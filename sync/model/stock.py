"""Stock as one side shows it, item by item, and what a stock flow decides about it.

A record of a stock flow is a sellable item (variant) with its quantities per location; pieces are whole
numbers and may be negative where a platform oversold. `None` means "this side does not say".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sync.model.problem import Problem


class ItemKind(StrEnum):
    """plain: has a stock of its own · bundle: its stock comes from its components, never written · gift_card:
    has no stock."""

    PLAIN = "plain"
    BUNDLE = "bundle"
    GIFT_CARD = "gift_card"


@dataclass(frozen=True, slots=True)
class StockLevel:
    """Pieces of one item at one location. `available` can be sold, `on_hand` lies there, `reserved` is
    promised to orders. `active` False: the item is not stocked there."""

    location_id: str
    available: int
    on_hand: int | None = None
    reserved: int | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class StockItem:
    """A sellable item as a stock flow reads it. `id` is the variant's id, `item_id` the id that stock is
    written by (Shopify: the inventory item), `product_id` its product; `label` is what people call it.
    `tracked` False: the platform does not count it. `tags` and `status` (active, draft, archived …; "" where
    the platform does not say) are its product's."""

    id: str
    item_id: str
    product_id: str = ""
    sku: str | None = None
    label: str = ""
    tracked: bool | None = None
    kind: ItemKind = ItemKind.PLAIN
    tags: tuple[str, ...] | None = None
    levels: tuple[StockLevel, ...] = ()
    problems: tuple[Problem, ...] = ()
    status: str = ""


class Match(StrEnum):
    """Where an item stands in the match of a stock flow, in the order of the page. All but `matched` are kept
    as exceptions (table `stock_unmatched`)."""

    MATCHED = "matched"
    ONLY_SOURCE = "only_source"
    ONLY_TARGET = "only_target"
    DUPLICATE = "duplicate"
    EMPTY = "empty"
    UNTRACKED = "untracked"
    BUNDLE = "bundle"
    GIFT_CARD = "gift_card"


class Difference(StrEnum):
    """Why both sides show different stock: differs: not written yet · missed: the source moved long ago and
    was not carried over · twice: written twice for one change · store: the target moved by itself (edited by
    hand there, or sold without telling the source)."""

    DIFFERS = "differs"
    MISSED = "missed"
    TWICE = "twice"
    STORE = "store"


ALL_PLACES = "*"
"""In a link's location mapping: every location of the source, also those that will be opened later."""


@dataclass(frozen=True, slots=True)
class StockTotals:
    """Sums over what one side shows, in pieces, and over how many matched items."""

    items: int = 0
    on_hand: int = 0
    reserved: int = 0
    available: int = 0


@dataclass(frozen=True, slots=True)
class StockStage:
    """How far a stock flow has come: baseline (one full alignment) → validated (an operator confirmed the
    figures) → delta and schedules. "" where not yet. `by` is "demo" where the sandbox's demo validated it."""

    flow_id: str
    baseline_run: str = ""
    baseline_at: str = ""
    validated_at: str = ""
    validated_by: str = ""
    figures: Mapping[str, object] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """May it run by itself and by deltas?"""
        return bool(self.baseline_run and self.validated_at)
