"""Things that metafields and tags hang on: find them by id, save them when they changed."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.ids import type_of

Obj = dict[str, Any]
_KIND = {"Product": "product", "Order": "order", "Customer": "customer", "Location": "location"}


def owner_of(id: str, context: Context) -> Obj | None:
    """The object of a gid that may carry metafields; None if there is none."""
    type_name = type_of(id)
    if type_name == "ProductVariant":
        return context.store.variants.get(id)
    kind = _KIND.get(type_name)
    return context.store.get(kind, id) if kind else None


def save_owner(owner: Obj, context: Context) -> None:
    """Save an owner that changed, with its time of change."""
    store = context.store
    owner["updatedAt"] = store.now()
    if owner["__typename"] == "ProductVariant":
        store.touch(store.product_of(owner))
    else:
        store.save(_KIND[owner["__typename"]], owner)
