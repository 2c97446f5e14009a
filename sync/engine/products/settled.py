"""What is settled about a product or variant that was just created. Pure."""

from __future__ import annotations

from sync.engine.merge import half
from sync.engine.products.draft import NORMALISED
from sync.model.fields import PRODUCT_FIELDS, VARIANT_FIELDS
from sync.model.plan import Pair, Settle
from sync.model.product import Product, Variant

MEDIA_MEMORY = "media"
"""Baseline field of a product that lists the source pictures which were carried over."""


def created_pairs(body: Product) -> dict[str, Pair]:
    """Baseline of a product that was just created: the target's half is learnt at the next read where it may be respelt."""
    pairs: dict[str, Pair] = {f.name: (half(f.read(body)), None) for f in PRODUCT_FIELDS if f.name not in ("status", "tags") and f.read(body) is not None}
    if body.tags is not None:
        pairs["tags"] = ("\n".join(sorted(body.tags)), None)
    pairs |= {f"metafield:{key}": (half(value), half(value)) for key, value in body.metafields.items()}
    if body.media is not None:
        pairs[MEDIA_MEMORY] = (" ".join(m.id for m in body.media), None)
    return pairs


def created_variant_settles(v: Variant) -> list[Settle]:
    """Baselines of a variant that was just created, stock included."""
    fields: dict[str, Pair] = {f.name: (half(f.read(v)), None if f.name in NORMALISED else half(f.read(v)))
                               for f in VARIANT_FIELDS if f.read(v) is not None}
    stock = [Settle("variant", v.id, {"available": (level.available, level.available)}, level.location_id) for level in v.levels]
    return [Settle("variant", v.id, fields), *stock]
