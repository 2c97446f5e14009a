"""Does a record already show what an input asks for? Used to look up writes whose answer was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.shopify.wire.values import decimal, grams, nodes
from sync.model.values import text

Wire = Mapping[str, Any]


def product_has(raw: Wire, given: Wire) -> bool:
    """Whether a product shows the single-valued fields of a ProductUpdateInput."""
    shown = {**raw, "category": (raw.get("category") or {}).get("id")}
    for name, value in given.items():
        if name == "seo":
            seo = raw.get("seo") or {}
            if any(text(seo.get(k)) != text(v) for k, v in value.items()):
                return False
        elif text(shown.get(name)) != text(value):
            return False
    return True


def variant_has(raw: Wire, given: Wire) -> bool:
    """Whether a variant shows the fields of a ProductVariantsBulkInput."""
    item = raw.get("inventoryItem") or {}
    for name, value in given.items():
        if name == "inventoryItem":
            if not all(_item_has(raw, item, k, v) for k, v in value.items()):
                return False
        elif not _variant_field_has(raw, name, value):
            return False
    return True


def _variant_field_has(raw: Wire, name: str, value: object) -> bool:
    if name == "mediaId":
        return value in [row.get("id") for row in nodes(raw.get("media"))]
    if name in ("price", "compareAtPrice"):
        return _same_number(raw.get(name), value)
    return bool(text(raw.get(name)) == text(value))


def _item_has(raw: Wire, item: Wire, name: str, value: Any) -> bool:
    if name == "sku":
        return text(raw.get("sku")) == text(value)
    if name == "cost":
        return _same_number((item.get("unitCost") or {}).get("amount"), value)
    if name == "measurement":
        shown, wanted = grams((item.get("measurement") or {}).get("weight")), grams(value["weight"])
        return shown == wanted
    return text(item.get(name)) == text(value)


def _same_number(shown: object, wanted: object) -> bool:
    if shown is None or wanted is None:
        return shown is wanted
    return decimal(shown) == decimal(wanted)


def option_key(rows: Sequence[Wire], value: str, name: str = "name") -> tuple[tuple[str, str], ...]:
    """How one variant of a product is told from its siblings: its option values."""
    return tuple(sorted((text(row.get(name)), text(row.get(value)).casefold()) for row in rows))
