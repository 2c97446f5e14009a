"""Products as both sides see them.

In every field `None` means "this side does not say" and is never a difference; an empty text, tuple or
mapping is a statement. Ids are the platform's own, as text; "" marks a record that does not exist yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sync.model.problem import Problem
from sync.model.values import Money


@dataclass(frozen=True, slots=True)
class PricePair:
    """One price list's word on an item: what is asked, and the struck-through price if any."""

    price: Money | None
    compare_at: Money | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """Stock of one item at one location or warehouse. `available` is what can be sold, in pieces; may be
    negative. `active` False: the item is not stocked there."""

    location_id: str
    available: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class Media:
    """A picture. `url` is where it was fetched from (source) or is shown (target). `status`: ready,
    processing, failed."""

    id: str
    url: str
    alt: str = ""
    status: str = "ready"


@dataclass(frozen=True, slots=True)
class Variant:
    """One sellable item. `options` are (option name, value) in order; a product without variants has one with
    (). `compare_at` of amount 0 says "no struck-through price". `media` are ids (or source URLs) of its
    product's pictures. `origin` is an ISO country code, `stock_policy` "deny" or "continue", `item_id` the
    platform's inventory item."""

    id: str
    sku: str | None = None
    barcode: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    price: Money | None = None
    compare_at: Money | None = None
    cost: Money | None = None
    weight_grams: Decimal | None = None
    hs_code: str | None = None
    origin: str | None = None
    taxable: bool | None = None
    stock_policy: str | None = None
    tracked: bool | None = None
    requires_components: bool = False
    item_id: str = ""
    media: tuple[str, ...] | None = None
    levels: tuple[Level, ...] = ()
    prices: Mapping[str, PricePair] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its variants and pictures. `prices` and `extra` hold what a platform has beyond the
    canonical fields: price lists by name, and raw fields (flat, as text) for custom mappings. `metafields` by
    "namespace.key"."""

    id: str
    handle: str | None = None
    title: str | None = None
    description: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    category: str | None = None
    tags: tuple[str, ...] | None = None
    seo_title: str | None = None
    seo_description: str | None = None
    status: str | None = None
    sku: str | None = None
    option_names: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    media: tuple[Media, ...] | None = None
    metafields: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] | None = None
    prices: Mapping[str, PricePair] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    updated_at: datetime | None = None
    problems: tuple[Problem, ...] = ()
