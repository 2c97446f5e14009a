"""Stock moved behind the API's back: sales, edits by hand, and many random ones at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from sandbox.control import BadRequest
from sandbox.shopify.cells import Cell, ObjectCell, cell_at
from sandbox.shopify.hooks import Hook
from sandbox.shopify.store import Store
from sandbox.stock_effects import BY_HAND, SOLD, StockEffect

Obj = dict[str, Any]
SHOWN = 10_000
HOW = ("sale", "edit")


def write(store: Store, cell: Cell, after: int, kind: str, name: str = "available") -> None:
    """Set one quantity by hand and write it down."""
    before = cell.quantity(name)
    cell.change("available" if name == "on_hand" else name, after - before)
    effect = StockEffect(kind, cell.item, cell.place, cell.sku, name, before, after)
    store.tools.ledger.moved(effect)
    if isinstance(cell, ObjectCell):
        store.touch(store.product_of(store.variants[cell.object["_variant"]]))


def set_stock(store: Store, rows: list[Obj]) -> list[Obj]:
    """Change quantities: ``{"sku", "location" (name or id; first if left out), "available" | "delta"}``
    each. A negative delta is a sale."""
    return [_set_row(store, row) for row in rows]


def _set_row(store: Store, row: Obj) -> Obj:
    if "available" not in row and "delta" not in row:
        raise BadRequest("a stock row needs available or delta")
    location, name = location_of(store, row.get("location")), str(row.get("name", "available"))
    cell = cell_of(store, row, location, name)
    before = cell.quantity(name)
    after = int(row["available"]) if "available" in row else before + int(row["delta"])
    write(store, cell, after, SOLD if "delta" in row and after < before else BY_HAND, name)
    return {"sku": cell.sku, "location": location["name"], "before": before, "after": after}


def cell_of(store: Store, row: Obj, location: Obj, name: str = "available") -> Cell:
    """The first cell with a row's ``sku`` at a location; BadRequest if no variant has it."""
    ids = store.with_sku(str(row.get("sku")))
    if not ids:
        raise BadRequest(f"there is no variant with SKU {row.get('sku')!r}")
    return _cell(store, ids[0], location, name)


def _cell(store: Store, variant_id: str, location: Obj, name: str = "available") -> Cell:
    cell = cell_at(store, store.variants[variant_id]["_item"]["id"], location["id"], name)
    assert cell is not None
    return cell


def location_of(store: Store, key: str | None) -> Obj:
    """A location by id, name or number; the first if nothing is said."""
    rows = list(store.kinds["location"].values())
    if key is None:
        return rows[0]
    for row in rows:
        if key in (row["id"], row["name"], row["legacyResourceId"]):
            return row
    raise BadRequest(f"there is no location {key!r}; there are {', '.join(row['name'] for row in rows)}")


def strike(store: Store, hook: Hook, rows: list[Obj]) -> None:
    """Let a hook happen: its own rows, and sales from the rows of the call that is about to run."""
    hook.sold += len(set_stock(store, hook.rows))
    for cell in hook.drawn(rows, store):
        write(store, cell, cell.quantity("available") - hook.pieces, SOLD)
        hook.sold += 1


def move_many(store: Store, given: Obj) -> Obj:
    """Change ``count`` levels drawn by ``seed``: ``how`` "sale" sells ``pieces`` (1) of each, "edit" sets
    another quantity, none below zero; at ``location``, or anywhere. ``skus`` limits them to these SKUs."""
    count, how = int(given.get("count", 1)), str(given.get("how", "edit"))
    if how not in HOW:
        raise BadRequest(f"how must be one of {', '.join(HOW)}, not {how!r}")
    dice, pieces = random.Random(int(given.get("seed", 1))), int(given.get("pieces", 1))
    changed: list[Obj] = []
    for cell in _drawn(store, given, count, dice):
        before = cell.quantity("available")
        after = before - pieces if how == "sale" else _another(before, dice)
        write(store, cell, after, SOLD if how == "sale" else BY_HAND)
        if len(changed) < SHOWN:
            changed.append({"sku": cell.sku, "item": cell.item, "location": cell.place, "before": before,
                            "after": after})  # fmt: skip
    return {"changed": count, "rows": changed}


def _another(before: int, dice: random.Random) -> int:
    after = dice.randrange(0, 1000)
    return after if after != before else before + 1


def _drawn(store: Store, given: Obj, count: int, dice: random.Random) -> Iterator[Cell]:
    """Tracked plain cells that are stocked, each once; BadRequest when there are fewer."""
    wanted = given.get("location")
    places = [location_of(store, wanted)] if wanted else list(store.kinds["location"].values())
    ids = [id for sku in given["skus"] for id in store.with_sku(sku)] if given.get("skus") else None
    pool = ids if ids is not None else variant_ids(store)
    tried: set[tuple[int, int]] = set()
    found, size = 0, len(pool) * len(places)
    while found < count:
        if len(tried) >= size:
            raise BadRequest(f"there are only {found} levels that can be changed, not {count}")
        pick = (dice.randrange(len(pool)), dice.randrange(len(places)))
        if pick in tried:
            continue
        tried.add(pick)
        cell = _cell(store, pool[pick[0]], places[pick[1]])
        if cell.tracked and cell.stocked and not cell.bundle:
            found += 1
            yield cell


def variant_ids(store: Store) -> Any:
    """The ids of all variants, as a list that is not made."""
    return [obj["id"] for obj in store.sorted("variant", "id")] if store.stock is None else _Ids(store)


class _Ids:
    """The ids of a store's variants by position, without its objects."""

    def __init__(self, store: Store) -> None:
        self._numbers = store.sorted("variant", "id").numbers  # type: ignore[attr-defined]

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, n: int) -> str:
        return f"gid://shopify/ProductVariant/{self._numbers[n]}"


def tag(store: Store, given: Obj) -> Obj:
    """Add the tag ``tag`` to the products of ``skus``, or to ``count`` products drawn by ``seed``."""
    name = str(given.get("tag") or "").strip()
    if not name:
        raise BadRequest("tagging needs a tag")
    ids = products_of(store, given)
    for id in ids:
        product = store.kinds["product"][id]
        if name.casefold() not in (one.casefold() for one in product["tags"]):
            product["tags"] = [*product["tags"], name]
            store.touch(product)
    store.tools.ledger.effect("hand.products.tagged", name, after=len(ids))
    return {"tagged": len(ids), "products": ids[:SHOWN]}


def remove(store: Store, given: Obj) -> Obj:
    """Delete the variants with these ``skus`` (a product's last one takes the product along), or whole
    products: those of ``product_skus``, or ``count`` drawn by ``seed``."""
    variants, products = 0, []
    for sku in given.get("skus") or ():
        for id in store.with_sku(sku):
            variants += 1
            _remove_variant(store, id)
    if given.get("product_skus") or given.get("count"):
        products = products_of(store, {**given, "skus": given.get("product_skus")})
    for id in products:
        store.drop("product", id)
    store.tools.ledger.effect(
        "hand.removed", "stock", after={"variants": variants, "products": len(products)}
    )
    return {"variants": variants, "products": len(products)}


def _remove_variant(store: Store, id: str) -> None:
    variant = store.variants[id]
    product = store.product_of(variant)
    if len(product["_variants"]) == 1:
        store.drop("product", product["id"])
        return
    product["_variants"].remove(variant)
    store.forget_variant(variant)
    store.touch(product)


def products_of(store: Store, given: Obj) -> list[str]:
    """Ids of products: those that ``skus`` belong to, or ``count`` drawn by ``seed``."""
    if given.get("skus"):
        ids = [store.variants[id]["_product"] for sku in given["skus"] for id in store.with_sku(sku)]
        return list(dict.fromkeys(ids))
    pool, count = list(store.kinds["product"]), int(given.get("count", 0))
    if count > len(pool):
        raise BadRequest(f"there are only {len(pool)} products, not {count}")
    return random.Random(int(given.get("seed", 1))).sample(pool, count)
