"""Stock of paired variants: what to write so that nothing is oversold. Pure.

The source is the master of stock, yet the shop sells in between. A fall that only the shop shows is a sale
the source has not heard of and stays; a rise that only the shop shows is written back; when both moved, the
shop's sales are taken off the source's figure. A pair that was left unequal that way is made equal by the
next run, when the orders are through.
"""

from __future__ import annotations

from enum import StrEnum

from sync.engine.products.draft import Draft
from sync.engine.products.pairing import Memory, Paired
from sync.model.call import Diff, Verb
from sync.model.entity import Entity
from sync.model.plan import Binding, Pair, Settle
from sync.model.product import Level, Variant


class Do(StrEnum):
    """quiet: nothing · settle: only our memory is behind · write: set the value · keep: a sale that stays as
    it is."""

    QUIET = "quiet"
    SETTLE = "settle"
    WRITE = "write"
    KEEP = "keep"


def decide(base: tuple[int, int] | None, wanted: int, shown: int, drift: str = "keep") -> tuple[Do, int]:
    """What to do, and the value that the shop then shows. `base` is (source, shop) when last settled; pieces,
    never below 0."""
    if wanted == shown:
        return (Do.QUIET if base == (wanted, shown) else Do.SETTLE), shown
    if base is None:
        return Do.WRITE, wanted
    source_moved, shop_fell = wanted != base[0], shown < base[1]
    if shop_fell and not source_moved and shown < wanted and drift == "keep":
        return Do.KEEP, shown
    if shop_fell and source_moved:
        value = max(0, wanted - (base[1] - shown))
        return (Do.SETTLE, shown) if value == shown else (Do.WRITE, value)
    return Do.WRITE, wanted


def rest(place: str, pair: tuple[int, int]) -> dict[str, Pair]:
    """The baseline field of a variant that says: this (source, shop) pair was left unequal on purpose (an
    undo restored it), and stays so until one of the two moves."""
    return {f"rest:{place}": pair}


def _rests(binding: Binding | None, place: str, base: tuple[int, int] | None, now: tuple[int, int]) -> bool:
    return binding is not None and base == now == binding.baseline.get(f"rest:{place}")


def plan_stock(draft: Draft, paired: Paired, memory: Memory) -> None:
    """Stock rows of paired variants, with activation where the item is not stocked."""
    for ours, theirs in paired.both:
        if theirs.requires_components or not theirs.item_id:
            continue  # a bundle's stock comes from its components
        levels = {level.location_id: level for level in theirs.levels}
        for wanted in ours.levels:
            _row(draft, ours, theirs, wanted, levels.get(wanted.location_id), memory)


def _row(
    draft: Draft, ours: Variant, theirs: Variant, wanted: Level, level: Level | None, memory: Memory
) -> None:
    binding = memory.variants.get(ours.id)
    base = memory.stock.get((binding.id, wanted.location_id)) if binding else None
    active = level is not None and level.active
    shown = level.available if level is not None and active else 0
    if not active:
        _activate(draft, ours, theirs, wanted)
    do, value = decide(base, wanted.available, shown, draft.drift)
    if _rests(binding, wanted.location_id, base, (wanted.available, shown)):
        do = Do.QUIET
    settle = Settle("variant", ours.id, {"available": (wanted.available, value)}, wanted.location_id)
    if do is Do.WRITE:
        draft.change(
            "stock",
            Entity.STOCK,
            Verb.SET,
            source_id=ours.id,
            target_id=theirs.item_id,
            parent_id=theirs.id,
            place=wanted.location_id,
            label=ours.sku or "",
            diffs=(Diff("available", shown, value),),
            settle=(settle,),
        )
    elif do is Do.SETTLE:
        draft.settles.append(settle)
    elif do is Do.KEEP:
        draft.sold.append(ours.sku or "")


def _activate(draft: Draft, ours: Variant, theirs: Variant, wanted: Level) -> None:
    draft.change(
        "activate",
        Entity.STOCK,
        Verb.ACTIVATE,
        source_id=ours.id,
        target_id=theirs.item_id,
        parent_id=theirs.id,
        place=wanted.location_id,
        label=ours.sku or "",
        diffs=(Diff("stocked", False, True),),
    )
