"""Variants and pictures of a product that exists on both sides: what to write, what to leave alone. Pure."""

from __future__ import annotations

from dataclasses import replace

from sync.engine.merge import half
from sync.engine.products.draft import Draft
from sync.engine.products.pairing import Memory, Paired, option_values
from sync.engine.products.settled import (
    MEDIA_MEMORY,
    PICTURE,
    created_variant_settles,
    new_variant,
    picture_pairs,
)
from sync.model.call import Diff, Verb
from sync.model.entity import Entity
from sync.model.fields import VARIANT_FIELDS
from sync.model.plan import Bind, Binding, Pair, Settle
from sync.model.product import Product, Variant
from sync.model.text import Message, say


def plan_variants(
    draft: Draft,
    source: Product,
    target: Product,
    paired: Paired,
    memory: Memory,
    fields: frozenset[str],
    whole: frozenset[str],
) -> None:
    """Changes of paired variants in `fields`, and the missing ones to add with `whole`."""
    for ours, theirs in paired.both:
        _bind(draft, ours, theirs.id, memory)
        _update(draft, ours, theirs, target.id, memory.variants.get(ours.id), fields)
    if paired.new and "options" in fields:
        _add(draft, source, target, tuple(new_variant(v, whole) for v in paired.new))
    for sku in paired.lost:
        draft.park(
            "variant.gone_at_target",
            say("The variant {sku} was deleted in the shop. It is not created again unasked.", sku=sku),
            sku=sku,
            record_id=f"{source.id}:{sku}",
        )
    for sku in paired.gone:
        draft.park(
            "variant.gone_at_source",
            say("The variant {sku} is gone at the source. Nothing is deleted in the shop.", sku=sku),
            sku=sku,
            record_id=f"{source.id}:{sku}",
        )


def _bind(draft: Draft, ours: Variant, target_id: str, memory: Memory) -> None:
    if ours.id not in memory.variants:
        draft.binds.append(Bind("variant", ours.id, target_id, draft.source.id, ours.sku or ""))


def _update(
    draft: Draft,
    ours: Variant,
    theirs: Variant,
    product_id: str,
    binding: Binding | None,
    fields: frozenset[str],
) -> None:
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
        draft.change(
            "variants",
            Entity.VARIANT,
            Verb.UPDATE,
            source_id=ours.id,
            target_id=theirs.id,
            parent_id=product_id,
            label=ours.sku or draft.label,
            diffs=tuple(diffs),
            settle=(Settle("variant", ours.id, carried),),
        )


def _add(draft: Draft, source: Product, target: Product, new: tuple[Variant, ...]) -> None:
    """Variants that the shop's product lacks; where the options do not fit, a person has to look."""
    if not _options_fit(source, target):
        draft.park("options.differ", _differ(source, target, len(new)), skus=[v.sku for v in new])
        return
    taken = {option_values(t): t for t in target.variants}
    for v in new:
        theirs = taken.get(option_values(v))
        if v.price is None:
            _not_added(draft, v, "price.missing", say("{sku} cannot be added: it has no price.", sku=v.sku))
        elif theirs is not None:
            _not_added(draft, v, "options.taken", _taken(v, theirs))
        else:
            _create(draft, _renamed(v, source, target), target.id)


def _create(draft: Draft, v: Variant, product_id: str) -> None:
    draft.change(
        "variants",
        Entity.VARIANT,
        Verb.CREATE,
        source_id=v.id,
        parent_id=product_id,
        label=v.sku or "",
        body=v,
        diffs=(Diff("variant", None, v.sku),),
        settle=tuple(created_variant_settles(v)),
    )


def _not_added(draft: Draft, v: Variant, cause: str, message: Message) -> None:
    draft.park(cause, message, sku=v.sku or "", record_id=f"{draft.source.id}:{v.sku}")


def _options_fit(source: Product, target: Product) -> bool:
    """Same option names, or as many of them under other names (Renk, Color): those go by position."""
    same = set(target.option_names) == set(source.option_names)
    return not _is_default(target) and (same or len(target.option_names) == len(source.option_names))


def _renamed(v: Variant, source: Product, target: Product) -> Variant:
    """The variant under the target's option names."""
    if set(target.option_names) == set(source.option_names):
        return v
    values = [value for _, value in v.options]
    return replace(v, options=tuple(zip(target.option_names, values, strict=True)))


def _differ(source: Product, target: Product, count: int) -> Message:
    return say(
        "{count} variants are missing in the shop, but its product has the options {theirs} and the "
        "source {ours}. Make the options alike, or add them by hand.",
        count=count,
        theirs=", ".join(target.option_names) or "-",
        ours=", ".join(source.option_names) or "-",
    )


def _taken(v: Variant, theirs: Variant) -> Message:
    return say(
        "{sku} cannot be added: the shop's variant {theirs} has the same options ({options}). "
        "Give both the same SKU, or one of them other options.",
        sku=v.sku,
        theirs=theirs.sku or theirs.id,
        options=" / ".join(value for _, value in v.options) or "-",
    )


def _is_default(target: Product) -> bool:
    """A product without real options: Shopify shows it as one option "Title" with "Default Title"."""
    return target.option_names in ((), ("Title",)) and len(target.variants) <= 1


def plan_media(draft: Draft, source: Product, target: Product, memory: Memory) -> None:
    """Pictures that were never carried over are added; nothing is ever removed. A product that was matched
    and has pictures of its own keeps them: the source's are taken as carried, so that nothing doubles."""
    if source.media is None or target.media is None:
        return
    remembered = memory.pair(MEDIA_MEMORY)
    if target.media and (remembered is None or remembered[0] is not True):
        draft.settles.append(Settle("product", draft.source.id, picture_pairs(source.media)))
        return
    baseline = memory.binding.baseline if memory.binding else {}
    known = {name: pair[0] for name, pair in baseline.items() if name.startswith(PICTURE)}
    for m in source.media:
        if f"{PICTURE}{m.id}" not in known and half(m.url) not in known.values():
            draft.change(
                "media",
                Entity.MEDIA,
                Verb.CREATE,
                source_id=m.id,
                parent_id=target.id,
                body=m,
                diffs=(Diff("image", None, m.url),),
                settle=(Settle("product", source.id, picture_pairs([m])),),
            )
