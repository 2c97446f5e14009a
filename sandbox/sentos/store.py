"""Everything one Sentos tenant holds, written through to the state file."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from sandbox.catalogue import WAREHOUSES, Catalogue
from sandbox.platform import Tools
from sandbox.sentos import render
from sandbox.sentos.settings import Settings

Raw = dict[str, Any]
TURKEY = timezone(timedelta(hours=3))
# Above 2^31: clients must not squeeze order ids into 32 bits.
FIRST_ORDER_ID = 3_000_000_001
PLATFORMS: Raw = {
    "e-commerce": [{"id": 1, "name": "b2c"}, {"id": 2, "name": "shopify"}],
    "trendyol": [{"id": 3, "name": "trendyol"}],
}
_KINDS = ("product", "order", "channel", "category", "warehouse", "truth", "picture", "meta")


class Store:
    """Products, orders, channels and categories by id, with an index of SKUs; raw values, see
    ``catalogue``."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._state = tools.state
        self._json: dict[int, dict[str, bytes]] = {}
        self._skus: dict[str, list[tuple[int, int | None]]] | None = None
        self.load()

    def load(self) -> None:
        """Take up what the state file holds; ``seeded`` tells whether it held anything."""
        held = {kind: self._state.load(kind) for kind in _KINDS}
        self.products = _by_number(held["product"])
        self.orders = _by_number(held["order"])
        self.channels = _by_number(held["channel"])
        self.truth = _by_number(held["truth"])
        self.pictures = _by_number(held["picture"])
        self.categories: list[Raw] = list(held["category"].values())
        self.warehouses: list[Raw] = list(held["warehouse"].values()) or [dict(one) for one in WAREHOUSES]
        self._meta: Raw = held["meta"].get("meta", {})
        self._forget_rendered()

    @property
    def seeded(self) -> bool:
        """Whether a catalogue was ever put in; an emptied shop is still a seeded one."""
        return bool(self._meta.get("seeded"))

    def fill(self, catalogue: Catalogue) -> None:
        """Replace products, categories, warehouses and pictures; orders and channels stay."""
        for kind, old in (("product", self.products), ("truth", self.truth), ("picture", self.pictures)):
            for number in old:
                self._state.delete(kind, str(number))
        self.products = {product["id"]: product for product in catalogue.products}
        self.truth, self.pictures = dict(catalogue.truth), dict(catalogue.pictures)
        self.categories, self.warehouses = catalogue.categories, catalogue.warehouses
        for kind, held in (("product", self.products), ("truth", self.truth), ("picture", self.pictures)):
            for number, obj in held.items():
                self._state.put(kind, str(number), obj)
        self._fill_reference()
        self._forget_rendered()

    def _fill_reference(self) -> None:
        for kind, rows in (("category", self.categories), ("warehouse", self.warehouses)):
            for row in rows:
                self._state.put(kind, str(row["id"]), row)
        self._meta["seeded"] = True
        self._state.put("meta", "meta", self._meta)

    def clear(self) -> None:
        """Forget everything in memory (the state file was emptied before)."""
        self.load()

    def next_id(self, kind: str, first: int) -> int:
        """A number never given before to this kind, not even before a restart."""
        number = max(first, int(self._meta.get(kind, first)))
        self._meta[kind] = number + 1
        self._state.put("meta", "meta", self._meta)
        return number

    def now(self) -> str:
        """The time as Sentos writes it: Turkish, without zone."""
        return local(self._tools.clock.now())

    def save_product(self, product: Raw, same_skus: bool = False) -> None:
        """Put a new or changed product; ``same_skus`` spares the index when only other things changed."""
        self.products[product["id"]] = product
        self._state.put("product", str(product["id"]), product)
        self._json.pop(product["id"], None)
        if not same_skus:
            self._skus = None

    def remove_product(self, number: int) -> None:
        """Take a product out of the catalogue."""
        del self.products[number]
        self._state.delete("product", str(number))
        self._forget_rendered()

    def save_order(self, order: Raw) -> None:
        """Put a new or changed order, changed now."""
        order["updated_at"] = self.now()
        self.orders[order["id"]] = order
        self._state.put("order", str(order["id"]), order)

    def save_channel(self, channel: Raw) -> None:
        """Put a sales channel."""
        self.channels[channel["id"]] = channel
        self._state.put("channel", str(channel["id"]), channel)

    def save_category(self, root: Raw) -> None:
        """Put a category with all below it."""
        if root not in self.categories:
            self.categories.append(root)
        self._state.put("category", str(root["id"]), root)

    def product_json(self, number: int, base: str, settings: Settings) -> bytes:
        """The product as it goes out, kept until it changes: pages of a hundred must not cost."""
        by_base = self._json.setdefault(number, {})
        if base not in by_base:
            by_base[base] = render.encode(render.product(self.products[number], base, settings))
        return by_base[base]

    def find_sku(self, sku: str) -> tuple[Raw, Raw] | None:
        """The product and the sellable thing (a variant, or the product itself) of this exact SKU; the
        first wins."""
        if self._skus is None:
            self._skus = _index(self.products)
        places = self._skus.get(sku)
        if not places:
            return None
        number, place = places[0]
        product = self.products[number]
        return product, product if place is None else product["variants"][place]

    def move_stock(self, sku: str, warehouse: int, by: int) -> Raw | None:
        """Add ``by`` to a SKU's stock in one warehouse; the row before and after, or None for an unknown
        SKU."""
        found = self.find_sku(sku)
        if found is None:
            return None
        product, item = found
        row = stock_row(item, warehouse)
        before = int(row["stock"])
        row["stock"] = str(before + by) if isinstance(row["stock"], str) else before + by
        self.save_product(product, same_skus=True)
        return {"sku": sku, "warehouse": warehouse, "before": before, "after": before + by}

    def settings_changed(self) -> None:
        """What was rendered may look different now."""
        self._json.clear()

    def _forget_rendered(self) -> None:
        self._skus = None
        self._json.clear()


def local(moment: datetime) -> str:
    """``YYYY-MM-DD HH:mm:ss`` in Turkish time (UTC+3, no daylight saving since 2016)."""
    return moment.astimezone(TURKEY).strftime("%Y-%m-%d %H:%M:%S")


def stock_row(item: Raw, warehouse: int) -> Raw:
    """The stock row of one warehouse, made with zero where there was none."""
    rows: list[Raw] = item.setdefault("stocks", [])
    for row in rows:
        if warehouse_of(row) == warehouse:
            return row
    rows.append({"warehouse": warehouse, "stock": 0})
    return rows[-1]


def warehouse_of(row: Raw) -> int:
    """The warehouse id of a stock row, whether it is a number or an object."""
    place = row["warehouse"]
    return int(place["id"] if isinstance(place, dict) else place)


def sellable(product: Raw) -> list[Raw]:
    """The variants, or the product itself when it has none."""
    return product["variants"] or [product]


def _by_number(held: dict[str, Any]) -> dict[int, Any]:
    return {int(number): obj for number, obj in held.items()}


def _index(products: dict[int, Raw]) -> dict[str, list[tuple[int, int | None]]]:
    index: dict[str, list[tuple[int, int | None]]] = {}
    for number, product in products.items():
        if not product["variants"] and product["sku"]:
            index.setdefault(str(product["sku"]).strip(), []).append((number, None))
        for place, variant in enumerate(product["variants"]):
            if variant["sku"]:
                index.setdefault(str(variant["sku"]).strip(), []).append((number, place))
    return index
