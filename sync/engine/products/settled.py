"""What is settled about a product or variant that was just created. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sync.engine.merge import half
from sync.engine.products.draft import NORMALISED
from sync.model.fields import PRODUCT_FIELDS, VARIANT_FIELDS
from sync.model.plan import Pair, Settle
from sync.model.product import Media, Product, Variant

MEDIA_MEMORY, PICTURE = "media", "picture:"
"""Baseline fields of a product: that its pictures are remembered, and each source picture that was carried
over, by its id."""

PUBLISHED, WANTED = "published", "wanted"


def channel_pairs(channels: Sequence[str]) -> dict[str, Pair]:
    """Where a product that was just created is still to be published: remembered, so that a run which ends in
    between does not leave it hidden for ever."""
    return {f"channel:{channel}": (WANTED, None) for channel in channels}


def picture_pairs(media: Iterable[Media]) -> dict[str, Pair]:
    """Pictures that were carried over. Kept by id and by address: a source may give the same picture a new
    one of either."""
    return {MEDIA_MEMORY: (True, None), **{f"{PICTURE}{m.id}": (half(m.url), None) for m in media}}


def created_pairs(body: Product) -> dict[str, Pair]:
    """Baseline of a product that was just created: the target's half is learnt at the next read where it may
    be respelt."""
    pairs: dict[str, Pair] = {
        f.name: (half(f.read(body)), None)
        for f in PRODUCT_FIELDS
        if f.name not in ("status", "tags") and f.read(body) is not None
    }
    if body.tags is not None:
        pairs["tags"] = ("\n".join(sorted(body.tags)), None)
    pairs |= {f"metafield:{key}": (half(value), half(value)) for key, value in body.metafields.items()}
    if body.media is not None:
        pairs |= picture_pairs(body.media)
    return pairs


def created_variant_settles(v: Variant) -> list[Settle]:
    """Baselines of a variant that was just created, stock included."""
    fields: dict[str, Pair] = {
        f.name: (half(f.read(v)), None if f.name in NORMALISED else half(f.read(v)))
        for f in VARIANT_FIELDS
        if f.read(v) is not None
    }
    stock = [
        Settle("variant", v.id, {"available": (level.available, level.available)}, level.location_id)
        for level in v.levels
    ]
    return [Settle("variant", v.id, fields), *stock]


_ATTRIBUTE = {"weight": "weight_grams"}


def new_variant(v: Variant, fields: Collection[str]) -> Variant:
    """The body of a variant that is created: only the fields that the flow writes, and what no variant can do
    without."""
    always = {"price", "sku", "tracked"}
    plain = {
        _ATTRIBUTE.get(f.name, f.name): None
        for f in VARIANT_FIELDS
        if f.name not in fields and f.name not in always
    }
    return replace(v, extra={}, prices={}, levels=v.levels if "stock" in fields else (), **plain)  # type: ignore[arg-type]
