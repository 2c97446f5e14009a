"""The store's products as stock items."""

from __future__ import annotations

from collections.abc import Iterator

from sync.connectors.digest import ContentDigest
from sync.connectors.memory.store import Store
from sync.model.page import ReadFilter
from sync.model.product import Product, Variant
from sync.model.stock import ItemKind, StockItem, StockLevel
from sync.model.values import key_of


def stock_items(store: Store, which: ReadFilter) -> list[StockItem]:
    """The wanted items in the order of the store."""
    return [item for item in _all(store, which.locations) if _wanted(item, which)]


def digest_of(items: list[StockItem], places: tuple[str, ...]) -> str:
    """What stands for their whole content."""
    digest = ContentDigest(repr(sorted(places)))
    digest.add(repr(item).encode() for item in items)
    return digest.text()


def _all(store: Store, places: tuple[str, ...]) -> Iterator[StockItem]:
    for product in store.products.values():
        for variant in product.variants:
            yield _item(product, variant, places)


def _item(product: Product, variant: Variant, places: tuple[str, ...]) -> StockItem:
    levels = tuple(
        StockLevel(level.location_id, level.available, active=level.active)
        for level in variant.levels
        if not places or level.location_id in places
    )
    return StockItem(
        variant.id,
        variant.item_id,
        product.id,
        variant.sku,
        product.title or "",
        variant.tracked,
        ItemKind.BUNDLE if variant.requires_components else ItemKind.PLAIN,
        product.tags,
        levels,
        status=product.status or "",
    )


def _wanted(item: StockItem, which: ReadFilter) -> bool:
    return (
        (not which.ids or item.id in which.ids or item.item_id in which.ids)
        and (not which.skus or key_of(item.sku) in set(map(key_of, which.skus)))
        and (not which.tags or bool(set(map(key_of, which.tags)) & set(map(key_of, item.tags or ()))))
    )
