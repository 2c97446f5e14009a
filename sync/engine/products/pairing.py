"""Which variants of a product's two sides are the same item. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.engine.products.wanted import RECORD_KEY, VARIANTS_KEY
from sync.model.plan import Binding, Pair
from sync.model.product import Product, Variant
from sync.model.values import key_of


@dataclass(frozen=True, slots=True)
class Memory:
    """What was settled about a product before: its binding, its variants' bindings by source id, and stock
    pairs by (variant binding id, location)."""

    binding: Binding | None = None
    variants: Mapping[str, Binding] = field(default_factory=dict)
    stock: Mapping[tuple[int, str], tuple[int, int]] = field(default_factory=dict)

    def pair(self, name: str) -> Pair | None:
        return self.binding.baseline.get(name) if self.binding else None


@dataclass(frozen=True, slots=True)
class Paired:
    """Variants of both sides that are the same item; `new` are missing at the target, `gone` are bound but
    missing at the source, `lost` are bound but missing at the target."""

    both: tuple[tuple[Variant, Variant], ...] = ()
    new: tuple[Variant, ...] = ()
    gone: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def pair_variants(source: Product, target: Product, memory: Memory, *, trusted: bool = False) -> Paired:
    """By binding, then by our mark at the target, by SKU, by option values; a target variant is used once.
    Hand-made ones stay unpaired. Equal options under different SKUs are the same item only if somebody said
    that the products are (`trusted`)."""
    free = {v.id: v for v in target.variants}
    both: list[tuple[Variant, Variant]] = []
    rest: list[Variant] = []
    lost: list[str] = []
    for v in source.variants:
        bound = memory.variants.get(v.id)
        if bound is None:
            rest.append(v)
        elif bound.id_b in free:
            both.append((v, free.pop(bound.id_b)))
        else:
            lost.append(v.sku or v.id)
    found, new = _by_keys(rest, free, _marked(source, target), trusted)
    both += found
    known = {v.id for v in source.variants}
    return Paired(
        tuple(both),
        tuple(new),
        tuple(b.label or i for i, b in memory.variants.items() if i not in known),
        tuple(lost),
    )


def _by_keys(
    rest: Sequence[Variant], free: dict[str, Variant], marked: Mapping[str, str], trusted: bool
) -> tuple[list[tuple[Variant, Variant]], list[Variant]]:
    """Pairs what is not bound yet, the surest key first for all of them; answers the pairs and what is left
    over."""
    both: list[tuple[Variant, Variant]] = []
    keys: tuple[Callable[[Variant], object], ...] = (
        lambda v: key_of(marked.get(v.id)),
        lambda v: key_of(v.sku),
    )
    for key in keys:
        by_sku = {key_of(t.sku): t for t in free.values() if t.sku}
        for v in [v for v in rest if key(v) in by_sku]:
            if (hit := by_sku[str(key(v))]).id in free:
                both.append((v, free.pop(hit.id)))
                rest = [r for r in rest if r is not v]
    by_options = {option_values(t): t for t in free.values() if trusted or not t.sku}
    for v in [v for v in rest if option_values(v) in by_options]:
        both.append((v, free.pop(by_options.pop(option_values(v)).id)))
        rest = [r for r in rest if r is not v]
    return both, list(rest)


def _marked(source: Product, target: Product) -> Mapping[str, str]:
    """SKUs by source variant id, as we noted them at the target; nothing if the note is another record's or
    unreadable."""
    record = target.metafields.get(RECORD_KEY)
    if not record or record != source.metafields.get(RECORD_KEY):
        return {}
    try:
        noted = json.loads(target.metafields.get(VARIANTS_KEY) or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in noted.items()} if isinstance(noted, dict) else {}


def option_values(v: Variant) -> tuple[str, ...]:
    return tuple(value.casefold() for _, value in v.options)
