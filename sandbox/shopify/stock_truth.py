"""What the store's stock really is, and what its ledger says about how it came to be so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import Any

from sandbox.ledger import argument_hash
from sandbox.shopify.columns import ACTIVE
from sandbox.shopify.ids import number_of
from sandbox.shopify.quantities import ON_HAND, quantity
from sandbox.shopify.store import Store
from sandbox.stock_effects import ADJUSTED, KINDS, SET

Obj = dict[str, Any]
# row, sku, place, is active, available, on_hand
Line = tuple[int, str | None, int, bool, int, int]
_OWN = {KINDS.index(SET), KINDS.index(ADJUSTED)}


def levels_of(store: Store, sku: str) -> list[Obj]:
    """Every variant with exactly this SKU: ids, tags of its product, and its levels."""
    made = []
    for id in store.with_sku(sku):
        variant = store.variants[id]
        item, product = variant["_item"], store.product_of(variant)
        made.append(
            {
                "variant": id,
                "item": item["id"],
                "product": product["id"],
                "status": product["status"],
                "tags": product["tags"],
                "tracked": item["tracked"],
                "levels": [_level(store, id, level) for id, level in item["_levels"].items()],
            }
        )
    return made


def effects_of(store: Store, sku: str) -> list[Obj]:
    """The ledger's stock effects on the variants that now have a SKU, oldest first."""
    items = {number_of(store.variants[id]["_item"]["id"]) for id in store.with_sku(sku)}
    stock = store.tools.ledger.stock
    return [stock.entry(n, argument_hash) for n, item in enumerate(stock.item) if item in items]


def _level(store: Store, location_id: str, level: Obj) -> Obj:
    name = store.kinds["location"][location_id]["name"]
    figures = {part: quantity(level, part) for part in ("available", "on_hand", "committed", "reserved")}
    return {"location": location_id, "name": name, "active": level["isActive"], **figures}


def lines(store: Store, place: int | None = None) -> Iterator[Line]:
    """Every level, by variant id and place; ``row`` is the generated row, or -1 of other variants."""
    if store.stock is not None:
        yield from _column_lines(store, place)
        variants: Iterable[Obj] = store.variants.own()  # type: ignore[attr-defined]
    else:
        variants = store.sorted("variant", "id")
    places = {id: n for n, id in enumerate(store.kinds["location"])}
    for variant in variants:
        item = variant["_item"]
        for id, level in item["_levels"].items():
            if place in (None, places[id]):
                held = quantity(level, "on_hand")
                yield -1, item["sku"], places[id], level["isActive"], level["_q"]["available"], held


def _column_lines(store: Store, place: int | None) -> Iterator[Line]:
    assert store.stock is not None
    columns = store.stock.columns
    wanted = [(n, one) for n, one in enumerate(columns.places) if place in (None, n)]
    for row in columns.living():
        sku = columns.skus[row]
        for n, one in wanted:
            if one.state[row]:
                held = one.available[row] + one.committed[row]
                if row in one.more:
                    held += sum(one.more[row].get("q", {}).get(part, 0) for part in ON_HAND)
                yield row, sku, n, one.state[row] == ACTIVE, one.available[row], held


def chunks(found: Iterator[Line]) -> Iterator[str]:
    """Lines as text, some thousand at a time."""
    while part := list(islice(found, 5000)):
        yield "".join(
            f"{row}\t{sku or ''}\t{n}\t{int(active)}\t{available}\t{held}\n"
            for row, sku, n, active, available, held in part
        )


def digest(store: Store, place: int | None = None, common: bool = False) -> Obj:
    """A sum over hashes of (SKU, place, available) of active levels, whatever their order: two stores with
    the same quantities have the same, whatever their ids. ``common`` leaves out SKUs of this shop alone."""
    own = f"{store.settings.shop.upper()}-"
    total, count, pieces, held = 0, 0, 0, 0
    for _, sku, n, active, available, on_hand in lines(store, place):
        if not active or not sku or (common and sku.startswith(own)):
            continue
        text = f"{sku}\t{n}\t{available}"
        total += int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")
        count, pieces, held = count + 1, pieces + available, held + on_hand
    return {"digest": f"{total % 2**64:016x}", "levels": count, "available": pieces, "on_hand": held}


def judged(store: Store, since: int = 0) -> Obj:
    """How the API wrote stock after effect ``since``.

    ``written``: places by how often they were written · ``again``: writes to a place that the API had written
    before with nothing in between (a change applied twice shows here) · ``blind``: writes that did not say
    what they expected · ``overwritten``: blind writes on top of a sale or an edit by hand that no write had
    seen · ``keys``: different idempotency keys that had effects, ``replays``: repeated ones answered from
    memory."""
    effects = store.tools.ledger.stock
    last: dict[tuple[int, int], bool] = {}
    often: Counter[tuple[int, int]] = Counter()
    again = blind = overwritten = by_hand = 0
    keys: set[int] = set()
    for n in effects.after_seq(since):
        cell, own = (effects.item[n], effects.place[n]), effects.kind[n] in _OWN
        before = last.get(cell)
        last[cell] = own
        if not own:
            by_hand += 1
            continue
        often[cell] += 1
        keys.add(effects.key[n])
        again += before is True
        blind += effects.blind[n]
        overwritten += bool(effects.blind[n]) and before is False
    return {
        "effects": sum(often.values()),
        "places": len(often),
        "written": {str(times): count for times, count in sorted(Counter(often.values()).items())},
        "again": again,
        "blind": blind,
        "overwritten": overwritten,
        "by_hand": by_hand,
        "keys": len(keys),
        "replays": store.replays,
        "last": effects.seq[-1] if len(effects) else 0,
    }
