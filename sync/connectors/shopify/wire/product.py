"""Products, variants, media and stock levels, from an answer to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sync.connectors.shopify.wire.values import amount, grams, moment, money_v2, nodes, number_of
from sync.model.problem import Problem
from sync.model.product import Level, Media, Product, Variant
from sync.model.text import say
from sync.model.values import Money, text

Wire = Mapping[str, Any]
_NOTHING = Decimal(0)
# MediaStatus of the Shopify Admin 2026-10 schema.
_STATUS = {"READY": "ready", "FAILED": "failed", "PROCESSING": "processing", "UPLOADED": "processing"}


def product(raw: Wire, currency: str, locations: Sequence[str] = ()) -> Product:
    """A product with what the answer holds of it: its first pages of variants and media, levels of
    `locations`. What cannot be understood is left None and named in `problems`."""
    found: list[Problem] = []
    variants = tuple(variant(row, currency, locations, found) for row in nodes(raw.get("variants")))
    names = _option_names(raw, variants)
    return Product(
        id=text(raw.get("id")),
        handle=text(raw.get("handle")),
        title=text(raw.get("title")),
        description=text(raw.get("descriptionHtml")),
        vendor=text(raw.get("vendor")),
        product_type=text(raw.get("productType")),
        category=_category(raw),
        tags=tuple(map(text, raw.get("tags") or ())),
        seo_title=text(_of(raw, "seo").get("title")),
        seo_description=text(_of(raw, "seo").get("description")),
        status=text(raw.get("status")).lower(),
        option_names=names,
        variants=variants,
        media=tuple(media(row) for row in nodes(raw.get("media"))) if "media" in raw else None,
        metafields=metafields([*nodes(raw.get("metafields")), *nodes(raw.get("marks"))]),
        channels=channels(nodes(raw.get("resourcePublicationsV2")))
        if "resourcePublicationsV2" in raw
        else None,
        extra=_extra(raw),
        updated_at=moment(raw.get("updatedAt")),
        problems=tuple(found),
    )


def lean(raw: Wire) -> Product:
    """A product as the read-back after a create shows it: ids, SKUs, options, media, status and channels; all
    else None."""
    variants = tuple(
        Variant(
            text(row.get("id")),
            sku=text(row.get("sku")),
            options=options(row),
            item_id=text(_of(row, "inventoryItem").get("id")),
        )
        for row in nodes(raw.get("variants"))
    )
    return Product(
        text(raw.get("id")),
        handle=text(raw.get("handle")),
        status=text(raw.get("status")).lower(),
        variants=variants,
        media=tuple(media(row) for row in nodes(raw.get("media"))),
    )


def variant(raw: Wire, currency: str, locations: Sequence[str], problems: list[Problem]) -> Variant:
    """One variant; flaws go to `problems`."""
    item, sku = _of(raw, "inventoryItem"), text(raw.get("sku"))
    zero = Money(_NOTHING, currency)
    price = _money(raw.get("price"), currency, "price", sku, problems)
    compare = _money(raw.get("compareAtPrice"), currency, "compare_at", sku, problems)
    return Variant(
        id=text(raw.get("id")),
        sku=sku,
        barcode=text(raw.get("barcode")),
        options=options(raw),
        price=price,
        compare_at=zero if raw.get("compareAtPrice") is None else compare,
        # No cost is shown as cost 0, so that a first cost is a difference.
        cost=(money_v2(item.get("unitCost")) or zero) if "unitCost" in item else None,
        weight_grams=grams(_of(_of(item, "measurement"), "weight")),
        hs_code=text(item.get("harmonizedSystemCode")) if "harmonizedSystemCode" in item else None,
        origin=text(item.get("countryCodeOfOrigin")) if "countryCodeOfOrigin" in item else None,
        taxable=_bool(raw.get("taxable")),
        stock_policy=text(raw.get("inventoryPolicy")).lower() or None,
        tracked=_bool(item.get("tracked")),
        requires_components=bool(raw.get("requiresComponents")),
        item_id=text(item.get("id")),
        media=_variant_media(raw),
        levels=levels(item, locations),
    )


def levels(item: Wire, locations: Sequence[str]) -> tuple[Level, ...]:
    """Stock at each of `locations`, which the answer names l0, l1 …; not stocked there: inactive, 0 pieces (a
    level that was deactivated keeps its quantity, which comes back when it is activated)."""
    return tuple(
        _level(item.get(f"l{n}"), location) for n, location in enumerate(locations) if f"l{n}" in item
    )


def _level(raw: object, location: str) -> Level:
    if not isinstance(raw, Mapping):
        return Level(location, 0, active=False)
    quantity = next((row.get("quantity") for row in raw.get("quantities") or ()), 0)
    return Level(location, int(quantity or 0), active=bool(raw.get("isActive", True)))


def options(raw: Wire) -> tuple[tuple[str, str], ...]:
    """(name, value) pairs of a variant; () for the one variant of a product without variants."""
    pairs = tuple((text(o.get("name")), text(o.get("value"))) for o in raw.get("selectedOptions") or ())
    return () if pairs == (("Title", "Default Title"),) else pairs


def media(raw: Wire) -> Media:
    """A picture (or video: without url)."""
    return Media(
        text(raw.get("id")),
        text(_of(raw, "image").get("url")),
        text(raw.get("alt")),
        _STATUS.get(text(raw.get("status")), "processing"),
    )


def metafields(rows: Sequence[Wire]) -> dict[str, str]:
    """Values by "namespace.key"."""
    return {f"{text(row.get('namespace'))}.{text(row.get('key'))}": text(row.get("value")) for row in rows}


def channels(rows: Sequence[Wire]) -> tuple[str, ...]:
    """Ids of the publications that list the product, sorted."""
    return tuple(sorted(text(_of(row, "publication").get("id")) for row in rows if row.get("publication")))


def _option_names(raw: Wire, variants: Sequence[Variant]) -> tuple[str, ...]:
    if len(variants) == 1 and not variants[0].options:
        return ()
    rows = sorted(nodes(raw.get("options")), key=lambda o: o.get("position") or 0)
    return tuple(text(row.get("name")) for row in rows)


def _variant_media(raw: Wire) -> tuple[str, ...] | None:
    return tuple(text(row.get("id")) for row in nodes(raw.get("media"))) if "media" in raw else None


def _category(raw: Wire) -> str | None:
    return None if "category" not in raw else text(_of(raw, "category").get("id"))


def _extra(raw: Wire) -> dict[str, str]:
    found = {
        "category_name": text(_of(raw, "category").get("fullName")),
        "number": str(number_of(text(raw.get("id")))),
    }
    if raw.get("isGiftCard"):
        found["gift_card"] = "yes"
    return {name: value for name, value in found.items() if value}


def _money(raw: object, currency: str, field: str, sku: str, problems: list[Problem]) -> Money | None:
    try:
        return amount(raw, currency)
    except ValueError:
        problems.append(
            Problem(
                "price.unreadable",
                say("{field} of {sku} is not a number: {value}", field=field, sku=sku, value=str(raw)[:40]),
                field,
                sku,
            )
        )
        return None


def _of(raw: Wire, name: str) -> Wire:
    """A nested object; {} for null."""
    inner = raw.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _bool(raw: object) -> bool | None:
    return raw if isinstance(raw, bool) else None
