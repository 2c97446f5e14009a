"""Pairing and merging the variants, stock and pictures of a product that exists on both sides. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.engine.merge import Verdict, merge
from sync.engine.products.draft import Draft
from sync.engine.products.settled import MEDIA_MEMORY, created_variant_settles
from sync.engine.products.wanted import RECORD_KEY, VARIANTS_KEY
from sync.model.call import Diff, Verb
from sync.model.entity import Entity
from sync.model.fields import VARIANT_FIELDS
from sync.model.plan import Bind, Binding, Pair, Settle
from sync.model.product import Level, Product, Variant
from sync.model.text import say
from sync.model.values import key_of


@dataclass(frozen=True, slots=True)
class Memory:
    """What was settled about a product before: its binding, its variants' bindings by source id, and stock pairs by
    (variant binding id, location)."""

    binding: Binding | None = None
    variants: Mapping[str, Binding] = field(default_factory=dict)
    stock: Mapping[tuple[int, str], tuple[int, int]] = field(default_factory=dict)

    def pair(self, name: str) -> Pair | None:
        return self.binding.baseline.get(name) if self.binding else None


@dataclass(frozen=True, slots=True)
class Paired:
    """Variants of both sides that are the same item; `new` are missing at the target, `gone` are bound but missing at the
    source, `lost` are bound but missing at the target."""

    both: tuple[tuple[Variant, Variant], ...] = ()
    new: tuple[Variant, ...] = ()
    gone: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def pair_variants(source: Product, target: Product, memory: Memory, *, trusted: bool = False) -> Paired:
    """By binding, then by our mark at the target, by SKU, by option values; a target variant is used once. Hand-made ones stay
    unpaired. Equal options under different SKUs are the same item only if somebody said that the products are (`trusted`)."""
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
    return Paired(tuple(both), tuple(new), tuple(b.label or i for i, b in memory.variants.items() if i not in known), tuple(lost))


def _by_keys(rest: Sequence[Variant], free: dict[str, Variant], marked: Mapping[str, str],
             trusted: bool) -> tuple[list[tuple[Variant, Variant]], list[Variant]]:
    """Pairs what is not bound yet, the surest key first for all of them; answers the pairs and what is left over."""
    both: list[tuple[Variant, Variant]] = []
    keys: tuple[Callable[[Variant], object], ...] = (lambda v: key_of(marked.get(v.id)), lambda v: key_of(v.sku))
    for key in keys:
        by_sku = {key_of(t.sku): t for t in free.values() if t.sku}
        for v in [v for v in rest if key(v) in by_sku]:
            if (hit := by_sku[str(key(v))]).id in free:
                both.append((v, free.pop(hit.id)))
                rest = [r for r in rest if r is not v]
    by_options = {_values(t): t for t in free.values() if trusted or not t.sku}
    for v in [v for v in rest if _values(v) in by_options]:
        both.append((v, free.pop(by_options.pop(_values(v)).id)))
        rest = [r for r in rest if r is not v]
    return both, list(rest)


def _marked(source: Product, target: Product) -> Mapping[str, str]:
    """SKUs by source variant id, as we noted them at the target; nothing if the note is another record's or unreadable."""
    record = target.metafields.get(RECORD_KEY)
    if not record or record != source.metafields.get(RECORD_KEY):
        return {}
    try:
        noted = json.loads(target.metafields.get(VARIANTS_KEY) or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in noted.items()} if isinstance(noted, dict) else {}


def _values(v: Variant) -> tuple[str, ...]:
    return tuple(value.casefold() for _, value in v.options)


def plan_variants(draft: Draft, source: Product, target: Product, paired: Paired, memory: Memory, fields: frozenset[str]) -> None:
    """Field changes of paired variants, and the missing ones to add."""
    for ours, theirs in paired.both:
        _bind(draft, ours, theirs.id, memory)
        _update(draft, ours, theirs, target.id, memory.variants.get(ours.id), fields)
    if paired.new and "options" in fields:
        _add(draft, source, target, paired.new)
    for sku in paired.lost:
        draft.park("variant.gone_at_target", say("The variant {sku} was deleted in the shop. It is not created again unasked.", sku=sku),
                   sku=sku, record_id=f"{source.id}:{sku}")
    for sku in paired.gone:
        draft.park("variant.gone_at_source", say("The variant {sku} is gone at the source. Nothing is deleted in the shop.", sku=sku),
                   sku=sku, record_id=f"{source.id}:{sku}")


def _bind(draft: Draft, ours: Variant, target_id: str, memory: Memory) -> None:
    if ours.id not in memory.variants:
        draft.binds.append(Bind("variant", ours.id, target_id, draft.source.id, ours.sku or ""))


def _update(draft: Draft, ours: Variant, theirs: Variant, product_id: str, binding: Binding | None, fields: frozenset[str]) -> None:
    diffs: list[Diff] = []
    carried: dict[str, Pair] = {}
    settled: dict[str, Pair] = {}
    for f in VARIANT_FIELDS:
        if f.name not in fields:
            continue
        base = binding.baseline.get(f.name) if binding else None
        diff, pair = draft.field(f.name, base, f.read(ours), f.read(theirs), f"{ours.sku} ")
        if diff is not None:
            diffs.append(diff)
        if pair is not None:
            (settled if diff is None else carried)[f.name] = pair
    if settled:
        draft.settles.append(Settle("variant", ours.id, settled))
    if diffs:
        draft.change("variants", Entity.VARIANT, Verb.UPDATE, source_id=ours.id, target_id=theirs.id, parent_id=product_id,
                     label=ours.sku or draft.label, diffs=tuple(diffs), settle=(Settle("variant", ours.id, carried),))


def _add(draft: Draft, source: Product, target: Product, new: tuple[Variant, ...]) -> None:
    names = target.option_names
    if set(names) != set(source.option_names) and len(names) != len(source.option_names) or _is_default(target):
        draft.park("options.differ", say(
            "{count} variants are missing in the shop, but its product has the options {theirs} and the source {ours}. Make the options alike, or add them by hand.",
            count=len(new), theirs=", ".join(names) or "-", ours=", ".join(source.option_names) or "-"), skus=[v.sku for v in new])
        return
    taken = {_values(t): t for t in target.variants}
    for v in new:
        if v.price is None:
            draft.park("price.missing", say("{sku} cannot be added: it has no price.", sku=v.sku), sku=v.sku or "", record_id=f"{source.id}:{v.sku}")
            continue
        if theirs := taken.get(_values(v)):
            draft.park("options.taken", say(
                "{sku} cannot be added: the shop's variant {theirs} has the same options ({options}). Give both the same SKU, or one of them other options.",
                sku=v.sku, theirs=theirs.sku or theirs.id, options=" / ".join(x for _, x in v.options) or "-"), sku=v.sku or "", record_id=f"{source.id}:{v.sku}")
            continue
        body = v if set(names) == set(source.option_names) else replace(
            v, options=tuple((name, value) for name, (_, value) in zip(names, v.options, strict=True)))
        draft.change("variants", Entity.VARIANT, Verb.CREATE, source_id=v.id, parent_id=target.id, label=v.sku or "", body=body,
                     diffs=(Diff("variant", None, v.sku),), settle=tuple(created_variant_settles(v)))


def _is_default(target: Product) -> bool:
    """A product without real options: Shopify shows it as one option "Title" with "Default Title"."""
    return target.option_names in ((), ("Title",)) and len(target.variants) <= 1


def plan_stock(draft: Draft, paired: Paired, memory: Memory) -> int:
    """Stock rows of paired variants, with activation where the item is not stocked. Answers how many rows were compared."""
    rows = 0
    for ours, theirs in paired.both:
        if theirs.requires_components or not theirs.item_id:
            continue  # a bundle's stock comes from its components
        levels = {level.location_id: level for level in theirs.levels}
        for wanted in ours.levels:
            rows += 1
            _stock(draft, ours, theirs, wanted, levels.get(wanted.location_id), memory)
    return rows


def _stock(draft: Draft, ours: Variant, theirs: Variant, wanted: Level, level: Level | None, memory: Memory) -> None:
    binding = memory.variants.get(ours.id)
    base = memory.stock.get((binding.id, wanted.location_id)) if binding else None
    active = level is not None and level.active
    shown = level.available if level is not None and active else 0
    verdict = merge(base, wanted.available, shown, drift=draft.drift)
    settle = Settle("variant", ours.id, {"available": (wanted.available, wanted.available)}, wanted.location_id)
    if not active:
        _activate(draft, ours, theirs, wanted)
    if verdict is Verdict.CARRY:
        draft.change("stock", Entity.STOCK, Verb.SET, source_id=ours.id, target_id=theirs.item_id, parent_id=theirs.id,
                     place=wanted.location_id, label=ours.sku or "", diffs=(Diff("available", shown, wanted.available),), settle=(settle,))
    elif verdict is Verdict.SETTLE:
        draft.settles.append(Settle("variant", ours.id, {"available": (wanted.available, shown)}, wanted.location_id))
    elif verdict is Verdict.KEEP:
        draft.kept.append(f"{ours.sku} stock")


def _activate(draft: Draft, ours: Variant, theirs: Variant, wanted: Level) -> None:
    draft.change("activate", Entity.STOCK, Verb.ACTIVATE, source_id=ours.id, target_id=theirs.item_id, parent_id=theirs.id,
                 place=wanted.location_id, label=ours.sku or "", diffs=(Diff("stocked", False, True),))


def plan_media(draft: Draft, source: Product, target: Product, memory: Memory) -> None:
    """Pictures that were never carried over are added; nothing is ever removed. A product that was matched and has pictures of its
    own keeps them: the source's are taken as carried, so that nothing doubles."""
    if source.media is None or target.media is None:
        return
    ids = [m.id for m in source.media]
    base = memory.pair(MEDIA_MEMORY)
    carried = set(str(base[0]).split(" ")) if base and base[0] else set()
    if base is None and target.media:
        draft.settles.append(_media_settle(draft, ids))
        return
    new = [m for m in source.media if m.id not in carried]
    if not new:
        return
    settle = _media_settle(draft, [*sorted(carried), *(m.id for m in new)])
    for m in new:
        draft.change("media", Entity.MEDIA, Verb.CREATE, source_id=m.id, parent_id=target.id, body=m,
                     diffs=(Diff("image", None, m.url),), settle=(settle,))


def _media_settle(draft: Draft, ids: list[str]) -> Settle:
    return Settle("product", draft.source.id, {MEDIA_MEMORY: (" ".join(ids), None)})
