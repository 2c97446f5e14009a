"""A generated stock catalogue put into a store: as columns, or as objects where a state file keeps them."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.columns import Columns
from sandbox.shopify.stock_objects import StockObjects
from sandbox.shopify.stock_store import StockStore
from sandbox.shopify.store import Store

Obj = dict[str, Any]
# Ids of the catalogue end below the store's first own one.
BELOW = 5_000_000_000
MOST_KEPT = 100_000


def stock(store: Store) -> Obj:
    """Fill an empty store with the catalogue that its settings ask for; its counts. ValueError if it is to be
    kept in a file and too large for one."""
    plan, tools = store.settings.stock_plan, store.tools
    now = int(tools.clock.now().timestamp())
    columns = Columns(plan, list(store.kinds["location"].values()), now)
    objects = StockObjects(
        columns,
        store.settings.first_id - BELOW,
        store.settings.domain,
        store.settings.name,
        list(store.kinds["publication"]),
    )
    if not tools.state.keeps:
        store.stand_beside(StockStore(objects, tools.clock))
    elif plan.skus > MOST_KEPT:
        raise ValueError(f"a state file keeps up to {MOST_KEPT} SKUs; start without --state for {plan.skus}")
    else:
        _enter(store, objects)
    return {"products": plan.products, "variants": plan.skus, "common": plan.common, "rows": plan.counts()}


def _enter(store: Store, objects: StockObjects) -> None:
    for number in range(objects.columns.plan.products):
        product = objects.product(number)
        assert product is not None
        store.save("product", product)
        store.note_product(product)
