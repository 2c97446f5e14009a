"""Reading stock: Sentos has no list of its own for it, so products are read and taken apart into items."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

from sync.connectors.digest import ContentDigest
from sync.connectors.sentos.reading import MOST_LOOKUPS, ProductReader, limited
from sync.model import codec
from sync.model.page import Page, ReadFilter
from sync.model.product import Product, Variant
from sync.model.stock import StockItem, StockLevel
from sync.model.values import key_of

# With one of these a product has items that cannot be shown.
_HIDING = frozenset(
    {
        "record.unreadable",
        "variant.unreadable",
        "variants.none",
        "sku.empty",
        "sku.duplicate",
        "options.duplicate",
    }
)
_OWN = "product:"


class StockReader:
    """Yields pages of stock items, warehouses being the locations."""

    def __init__(self, products: ProductReader) -> None:
        self._products = products
        self._owners: dict[str, str] = {}

    def pages(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """Pages of the wanted items. A sweep's last page carries the digest of its content; nothing else has
        a cursor, because a sweep does not resume in its middle."""
        if which.ids or which.skus or which.tags or which.limit:
            yield from limited(self._some(which), which.limit)
        elif since:
            yield from self._compared(which, since)
        else:
            yield from self._sweep(which)

    def _some(self, which: ReadFilter) -> Iterator[Page]:
        asked = ReadFilter(locations=which.locations, skus=which.skus)
        if which.ids:
            owners = {self._owners.get(one, one.removeprefix(_OWN)) for one in which.ids}
            known = all(one in self._owners or one.startswith(_OWN) for one in which.ids)
            asked = replace(asked, ids=tuple(sorted(owners)) if known and len(owners) <= MOST_LOOKUPS else ())
        for page in self._products.pages(asked, ""):
            items = self._items(page)
            yield Page(tuple(item for item in items if _wanted(item, which)))

    def _sweep(self, which: ReadFilter) -> Iterator[Page]:
        digest = ContentDigest(repr(sorted(which.locations)))
        for page in self._products.pages(ReadFilter(locations=which.locations), ""):
            items = self._items(page)
            digest.add(repr(item).encode() for item in items)
            yield Page(tuple(items), f"s:{digest.text()}" if page.complete else "", complete=page.complete)

    def _compared(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """The sweep laid aside on disk until its digest is known."""
        with tempfile.TemporaryFile() as aside:
            last = Page(())
            for page in self._sweep(which):
                aside.write(json.dumps(codec.dump(page.records)).encode() + b"\n")
                last = page
            if last.complete and last.cursor == since:
                yield replace(last, records=(), unchanged=True)
                return
            yield from _laid_aside(aside)
            yield replace(last, records=())

    def _items(self, page: Page) -> list[StockItem]:
        found = [item for p in page.records if isinstance(p, Product) for item in items_of(p)]
        self._owners.update((item.id, item.product_id) for item in found if item.sku)
        return found


def items_of(product: Product) -> list[StockItem]:
    """Every sellable item of a product with its pieces by warehouse. Where some cannot be shown (no SKU, not
    readable), one more without SKU and levels stands for them with their problems: nobody may then take the
    product's items for gone."""
    made = [_item(product, variant) for variant in product.variants]
    hidden = tuple(p for p in product.problems if p.cause in _HIDING)
    if hidden:
        stand_in = f"{_OWN}{product.id}"
        made.append(
            StockItem(stand_in, stand_in, product.id, label=product.title or product.id, problems=hidden)
        )
    return made


def _item(product: Product, variant: Variant) -> StockItem:
    named = " / ".join(value for _, value in variant.options)
    return StockItem(
        variant.id,
        variant.id,
        product.id,
        variant.sku,
        " - ".join(part for part in (product.title or "", named) if part),
        variant.tracked,
        tags=product.tags,
        levels=tuple(StockLevel(lv.location_id, lv.available, active=lv.active) for lv in variant.levels),
        problems=tuple(p for p in product.problems if p.field == "stock" and p.sku == (variant.sku or "")),
    )


def _wanted(item: StockItem, which: ReadFilter) -> bool:
    return (
        (not which.ids or item.id in which.ids)
        and (not which.skus or key_of(item.sku) in set(map(key_of, which.skus)))
        and (not which.tags or bool(set(map(key_of, which.tags)) & set(map(key_of, item.tags or ()))))
    )


def _laid_aside(file: IO[bytes]) -> Iterator[Page]:
    file.seek(0)
    for line in file:
        yield Page(codec.load(tuple[StockItem, ...], json.loads(line)))
