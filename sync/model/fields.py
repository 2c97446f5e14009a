"""The canonical fields of products and variants: how each is read off a record, compared and named.

The planner walks this table, the settings form offers it, connectors declare their support in its names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.model.call import Value
from sync.model.product import Product, Variant
from sync.model.values import Money


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical field. `level` product or variant; `label` is the operator's word (translatable
    English)."""

    name: str
    level: str
    label: str
    read: Callable[[Any], Value]


def money_value(money: Money | None) -> Value:
    """Money as a diff value: "12.30 TRY"; a zero struck-through price is "" (none)."""
    return None if money is None else str(money)


def parse_money(value: Value) -> Money | None:
    """The inverse of `money_value`; None for None and ""."""
    return Money.parse(str(value)) if value else None


def _compare_at(variant: Variant) -> Value:
    money = variant.compare_at
    return None if money is None else ("" if money.amount == 0 else str(money))


def _number(value: Decimal | None) -> Value:
    return None if value is None else format(value.normalize(), "f")


def _tags(product: Product) -> Value:
    return None if product.tags is None else tuple(sorted(set(product.tags)))


PRODUCT_FIELDS: tuple[Field, ...] = (
    Field("title", "product", "Title", lambda p: p.title),
    Field("description", "product", "Description", lambda p: p.description),
    Field("vendor", "product", "Vendor", lambda p: p.vendor),
    Field("product_type", "product", "Product type", lambda p: p.product_type),
    Field("category", "product", "Category", lambda p: p.category),
    Field("tags", "product", "Tags", _tags),
    Field("seo_title", "product", "SEO title", lambda p: p.seo_title),
    Field("seo_description", "product", "SEO description", lambda p: p.seo_description),
    Field("status", "product", "Status", lambda p: p.status),
)

VARIANT_FIELDS: tuple[Field, ...] = (
    Field("price", "variant", "Price", lambda v: money_value(v.price)),
    Field("compare_at", "variant", "Compare-at price", _compare_at),
    Field("cost", "variant", "Cost", lambda v: money_value(v.cost)),
    Field("sku", "variant", "SKU", lambda v: v.sku),
    Field("barcode", "variant", "Barcode", lambda v: v.barcode),
    Field("weight", "variant", "Weight", lambda v: _number(v.weight_grams)),
    Field("hs_code", "variant", "HS code", lambda v: v.hs_code),
    Field("origin", "variant", "Country of origin", lambda v: v.origin),
    Field("taxable", "variant", "Taxable", lambda v: v.taxable),
    Field("stock_policy", "variant", "Stock policy", lambda v: v.stock_policy),
    Field("tracked", "variant", "Track stock", lambda v: v.tracked),
)

# Not single values but lists or rows of their own; named here so that forms and support speak of them alike.
LIST_FIELDS: tuple[Field, ...] = (
    Field("options", "product", "Options and variants", lambda p: None),
    Field("images", "product", "Images", lambda p: None),
    Field("stock", "variant", "Stock", lambda v: None),
    Field("channels", "product", "Sales channels", lambda p: None),
    Field("metafields", "product", "Metafields", lambda p: None),
)

ALL_FIELDS: dict[str, Field] = {f.name: f for f in (*PRODUCT_FIELDS, *VARIANT_FIELDS, *LIST_FIELDS)}
