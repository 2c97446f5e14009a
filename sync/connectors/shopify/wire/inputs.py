"""From the model to mutation inputs of the Shopify Admin 2026-10 schema. Pure.

A key is present only where something is to be said; an explicit None clears the field (JSON null).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sync.model.call import Change, Diff, Value
from sync.model.fields import parse_money
from sync.model.product import Media, Product, Variant
from sync.model.values import Money

NAMESPACE = "sync"
RECORD_KEY = "record"
TAXONOMY = "gid://shopify/TaxonomyCategory/"
NO_OPTION = ("Title", "Default Title")
Input = dict[str, Any]
SafeUrl = Callable[[str], bool]


def price(value: Money | None) -> str | None:
    """An amount as the API wants it; None for nothing and for a struck-through price of 0."""
    return None if value is None else str(value.amount)


def diff_price(value: Value) -> str | None:
    """The same from a diff value ("12.30 TRY", "" or None)."""
    return price(parse_money(value))


def _weight(grams: Decimal) -> Input:
    return {"weight": {"value": float(grams), "unit": "GRAMS"}}


def _number(value: Value) -> Decimal:
    return Decimal(str(value or 0))


# ── products ────────────────────────────────────────────────────────────────────────────────────────────────

# Canonical field → key of ProductUpdateInput and ProductSetInput.
PRODUCT_KEYS: Mapping[str, str] = {
    "title": "title",
    "description": "descriptionHtml",
    "vendor": "vendor",
    "product_type": "productType",
    "handle": "handle",
    "status": "status",
    "category": "category",
}
_SEO_KEYS = {"seo_title": "title", "seo_description": "description"}


def product_fields(values: Mapping[str, Value]) -> Input:
    """Single-valued fields of a product, from canonical names."""
    made: Input = {}
    for name, value in values.items():
        if name in _SEO_KEYS:
            made.setdefault("seo", {})[_SEO_KEYS[name]] = value
        elif name == "status":
            made["status"] = str(value).upper()
        else:
            made[PRODUCT_KEYS[name]] = (value or None) if name == "category" else value
    return made


def product_set(product: Product, key: str, safe_url: SafeUrl) -> Input:
    """ProductSetInput of a new product with everything it has. Pictures whose address is not safe to hand on
    are left out; the reader finds them missing and names them."""
    said = {name: getattr(product, name) for name in (*PRODUCT_KEYS, *_SEO_KEYS)}
    if not str(said["category"]).startswith(TAXONOMY):
        # Another system's category would refuse the whole product; as an update it is refused alone, by name.
        said["category"] = None
    made = product_fields({name: value for name, value in said.items() if value is not None and value != ""})
    if product.tags is not None:
        made["tags"] = sorted(set(product.tags))
    pictures = {m.url: m for m in product.media or () if safe_url(m.url)}
    files = [_file(m) for m in pictures.values()]
    if files:
        made["files"] = files
    sources = {m.get("originalSource") for m in files}
    variants = product.variants or (Variant(""),)
    made["productOptions"] = _options(product.option_names, variants)
    made["variants"] = [_set_variant(v, n, sources) for n, v in enumerate(variants, 1)]
    made["metafields"] = _set_metafields(product.metafields, key)
    return {name: value for name, value in made.items() if value != []}


def _file(media: Media) -> Input:
    alt = {"alt": media.alt[:512]} if media.alt else {}
    return {"originalSource": media.url, "contentType": "IMAGE", **alt}


def _options(names: Sequence[str], variants: Sequence[Variant]) -> list[Input]:
    """Option names with their values in order of first appearance."""
    if not any(v.options for v in variants):
        return [{"name": NO_OPTION[0], "position": 1, "values": [{"name": NO_OPTION[1]}]}]
    ordered = list(dict.fromkeys([*names, *(name for v in variants for name, _ in v.options)]))
    values = {
        name: list(dict.fromkeys(value for v in variants for n, value in v.options if n == name))
        for name in ordered
    }
    return [
        {"name": name, "position": n, "values": [{"name": v} for v in values[name]]}
        for n, name in enumerate((o for o in ordered if values[o]), 1)
    ]


def option_values(variant: Variant) -> list[Input]:
    """VariantOptionValueInput list; that of a product without variants for ()."""
    return [{"optionName": name, "name": value} for name, value in variant.options or (NO_OPTION,)]


def _set_variant(variant: Variant, position: int, sources: set[Any]) -> Input:
    made = {"optionValues": option_values(variant), "position": position, **_variant_body(variant)}
    if variant.sku is not None:
        made["sku"] = variant.sku
    if stock := [
        {"locationId": s.location_id, "name": "available", "quantity": max(0, s.available)}
        for s in variant.levels
        if s.active
    ]:
        made["inventoryQuantities"] = stock
    picture = next((url for url in variant.media or () if url in sources), None)
    if picture:
        made["file"] = {"originalSource": picture, "contentType": "IMAGE"}
    return made


def _set_metafields(metafields: Mapping[str, str], key: str) -> list[Input]:
    named = {**metafields, **({f"{NAMESPACE}.{RECORD_KEY}": key} if key else {})}
    return [metafield(name, value) for name, value in sorted(named.items()) if value != ""]


def metafield(name: str, value: str) -> Input:
    """MetafieldInput of "namespace.key". Types are told because a definition may be absent."""
    namespace, _, own = name.rpartition(".")
    if (namespace, own) == (NAMESPACE, RECORD_KEY):
        kind = "id"
    else:
        kind = "multi_line_text_field" if "\n" in value else "single_line_text_field"
    return {"namespace": namespace, "key": own, "type": kind, "value": value}


# ── variants ────────────────────────────────────────────────────────────────────────────────────────────────


def _variant_body(variant: Variant) -> Input:
    """What ProductVariantSetInput and ProductVariantsBulkInput have in common, without sku and options."""
    made: Input = {}
    if variant.price is not None:
        made["price"] = price(variant.price)
    if variant.compare_at is not None and variant.compare_at.amount:
        made["compareAtPrice"] = price(variant.compare_at)
    if variant.barcode:
        made["barcode"] = variant.barcode
    if variant.taxable is not None:
        made["taxable"] = variant.taxable
    if variant.stock_policy:
        made["inventoryPolicy"] = variant.stock_policy.upper()
    if item := _item(variant):
        made["inventoryItem"] = item
    return made


def _item(variant: Variant) -> Input:
    made: Input = {}
    if variant.tracked is not None:
        made["tracked"] = variant.tracked
    if variant.cost is not None and variant.cost.amount:
        made["cost"] = price(variant.cost)
    if variant.weight_grams is not None:
        made["measurement"] = _weight(variant.weight_grams)
    if variant.hs_code:
        made["harmonizedSystemCode"] = variant.hs_code
    if variant.origin:
        made["countryCodeOfOrigin"] = variant.origin
    return made


def bulk_variant(variant: Variant) -> Input:
    """ProductVariantsBulkInput of a new variant of an existing product, with its first stock."""
    made = {"optionValues": option_values(variant), **_variant_body(variant)}
    if variant.sku:
        made["inventoryItem"] = {**made.get("inventoryItem", {}), "sku": variant.sku}
    if stock := [
        {"locationId": s.location_id, "availableQuantity": max(0, s.available)}
        for s in variant.levels
        if s.active
    ]:
        made["inventoryQuantities"] = stock
    if url := next((m for m in variant.media or () if m.startswith("gid://")), None):
        made["mediaId"] = url
    return made


# Canonical variant field → (where it lies: "" the variant, "item" its inventory item; how its value is
# written).
_VARIANT_KEYS: Mapping[str, tuple[str, Callable[[Value], Input]]] = {
    "price": ("", lambda v: {"price": diff_price(v)}),
    "compare_at": ("", lambda v: {"compareAtPrice": diff_price(v) if v and _number_of_price(v) else None}),
    "barcode": ("", lambda v: {"barcode": v}),
    "taxable": ("", lambda v: {"taxable": v}),
    "stock_policy": ("", lambda v: {"inventoryPolicy": str(v).upper()}),
    "media": ("", lambda v: {"mediaId": v[0] if isinstance(v, tuple | list) and v else v}),
    "sku": ("item", lambda v: {"sku": v}),
    "cost": ("item", lambda v: {"cost": diff_price(v)}),
    "weight": ("item", lambda v: {"measurement": _weight(_number(v))}),
    "hs_code": ("item", lambda v: {"harmonizedSystemCode": v or None}),
    "origin": ("item", lambda v: {"countryCodeOfOrigin": v or None}),
    "tracked": ("item", lambda v: {"tracked": v}),
}
VARIANT_FIELDS = frozenset(_VARIANT_KEYS)


def _number_of_price(value: Value) -> Decimal:
    money = parse_money(value)
    return money.amount if money else Decimal(0)


def variant_update(change: Change) -> Input:
    """ProductVariantsBulkInput of a variant's differing fields."""
    made: Input = {"id": change.target_id}
    item: Input = {}
    for diff in change.diffs:
        place, write = _VARIANT_KEYS[diff.field]
        (item if place else made).update(write(diff.after))
    return {**made, "inventoryItem": item} if item else made


# ── metafields ──────────────────────────────────────────────────────────────────────────────────────────────


def metafield_name(diff: Diff) -> str:
    """ "namespace.key" of a metafield diff, whose field is "metafield:namespace.key" or that without
    prefix."""
    name = diff.field.removeprefix("metafield:")
    if "." not in name:
        raise ValueError(f"not a metafield: {diff.field!r}")
    return name


def metafields_set(change: Change) -> list[Input]:
    """MetafieldsSetInput rows of one change."""
    rows = [{"ownerId": change.target_id, **metafield(metafield_name(d), str(d.after))} for d in change.diffs]
    if change.key and not any(row["key"] == RECORD_KEY and row["namespace"] == NAMESPACE for row in rows):
        rows.append({"ownerId": change.target_id, **metafield(f"{NAMESPACE}.{RECORD_KEY}", change.key)})
    return rows
