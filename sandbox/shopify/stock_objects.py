"""Rows of a stock catalogue as the objects the resolvers know, made when asked for and taken back when
saved."""

from __future__ import annotations

from array import array
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sandbox.catalogue_words import TREE
from sandbox.shopify.columns import ACTIVE, BUNDLE, INACTIVE, TRACKED, UNSTOCKED, Columns, Place
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.stock_plan import SIZES

Obj = dict[str, Any]
# Where the numbers of variants, items and options begin, counted from the first product.
VARIANTS, ITEMS, OPTIONS = 1_000_000_000, 2_000_000_000, 3_000_000_000
# An option with its values takes so many numbers.
OPTION_SPAN = 10
OTHERS = ("incoming", "reserved", "damaged", "safety_stock", "quality_control")
OPTION_NAME = "Beden"
_TITLES = [
    f"{look} {one.noun}" for group in TREE.values() for one in group.values() for look in one.looks[:3]
]
TAG = "stok"


@lru_cache(4096)
def iso(seconds: int) -> str:
    """Epoch seconds as Shopify writes a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def epoch(text: str) -> int:
    """The other way round."""
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


class StockObjects:
    """Makes product objects out of columns. ``base`` is the number of the first product."""

    def __init__(self, columns: Columns, base: int, domain: str, vendor: str, channels: list[str]) -> None:
        self.columns, self.base = columns, base
        self._domain, self._vendor, self._channels = domain, vendor, channels
        self._made = iso(columns.made)

    # numbers --------------------------------------------------------------------------------------------

    def product_of(self, id: str) -> int:
        """The product that a gid names; -1 if it is none of ours."""
        number = number_of(id) - self.base
        return number if 0 <= number < self.columns.plan.products else -1

    def row_of(self, id: str, first: int) -> int:
        """The living row that a variant's (first=VARIANTS) or item's (ITEMS) gid names; -1 if none."""
        row = number_of(id) - self.base - first
        return row if self.columns.is_alive(row) else -1

    def variant_id(self, row: int) -> str:
        """The gid of a row's variant."""
        return f"gid://shopify/ProductVariant/{self.base + VARIANTS + row}"

    def item_id(self, row: int) -> str:
        """The gid of a row's inventory item."""
        return f"gid://shopify/InventoryItem/{self.base + ITEMS + row}"

    def handle(self, product: int) -> str:
        """The handle of a product."""
        return f"stok-{product:07d}"

    def title(self, product: int) -> str:
        """The title of a product."""
        return f"{_TITLES[product % len(_TITLES)]} {product:07d}"

    # objects --------------------------------------------------------------------------------------------

    def product(self, number: int) -> Obj | None:
        """A product with its variants, fresh; None when nothing of it is here."""
        rows = self.columns.living_rows(number)
        if not rows:
            return None
        id, at, handle = gid("Product", self.base + number), iso(self.columns.product_at[number]), ""
        handle = self.handle(number)
        return {
            "__typename": "Product",
            "id": id,
            "legacyResourceId": str(self.base + number),
            "title": self.title(number),
            "handle": handle,
            "descriptionHtml": "",
            "vendor": self._vendor,
            "productType": "",
            "tags": list(self.columns.tags.get(number, (TAG,))),
            "status": "ACTIVE",
            "seo": {"title": None, "description": None},
            "category": None,
            "templateSuffix": None,
            "giftCardTemplateSuffix": None,
            "isGiftCard": self.columns.plan.is_gift(number),
            "requiresSellingPlan": False,
            "combinedListingRole": None,
            "createdAt": self._made,
            "updatedAt": at,
            "publishedAt": self._made,
            "onlineStorePreviewUrl": f"https://{self._domain}/products/{handle}",
            "_options": [self._option(number)],
            "_variants": [self._variant(row, id) for row in rows],
            "_media": [],
            "_metafields": {},
            "_publications": dict.fromkeys(self._channels, self._made),
            "_collections": [],
        }

    def _option(self, product: int) -> Obj:
        first, count = self.base + OPTIONS + product * OPTION_SPAN, len(self.columns.rows_of(product))
        values = [
            {
                "__typename": "ProductOptionValue",
                "id": gid("ProductOptionValue", first + 1 + n),
                "name": SIZES[n],
                "linkedMetafieldValue": None,
                "swatch": None,
            }
            for n in range(count)
        ]
        return {
            "__typename": "ProductOption",
            "id": gid("ProductOption", first),
            "name": OPTION_NAME,
            "position": 1,
            "linkedMetafield": None,
            "_values": values,
        }

    def _variant(self, row: int, product_id: str) -> Obj:
        place, number = row % len(SIZES), self.base + VARIANTS + row
        return {
            "__typename": "ProductVariant",
            "id": self.variant_id(row),
            "legacyResourceId": str(number),
            "barcode": f"869{row:010d}",
            "price": self.price(row),
            "compareAtPrice": None,
            "taxable": True,
            "taxCode": None,
            "inventoryPolicy": "DENY",
            "position": place + 1,
            "requiresComponents": bool(self.columns.flags[row] & BUNDLE),
            "showUnitPrice": False,
            "unitPriceMeasurement": None,
            "createdAt": self._made,
            "updatedAt": self._made,
            "_product": product_id,
            "_media": [],
            "_metafields": {},
            "selectedOptions": [{"name": OPTION_NAME, "value": SIZES[place]}],
            "title": SIZES[place],
            "_item": self._item(row),
        }

    def price(self, row: int) -> str:
        """A price in the shop's currency."""
        return f"{100 + row // len(SIZES) % 900}.90"

    def _item(self, row: int) -> Obj:
        columns, number, id = self.columns, self.base + ITEMS + row, self.item_id(row)
        levels = {
            place.id: self._level(place, row, number)
            for place in columns.places
            if place.state[row] != UNSTOCKED
        }
        return {
            "__typename": "InventoryItem",
            "id": id,
            "legacyResourceId": str(number),
            "sku": columns.skus[row],
            "tracked": bool(columns.flags[row] & TRACKED),
            "requiresShipping": True,
            "unitCost": None,
            "countryCodeOfOrigin": None,
            "provinceCodeOfOrigin": None,
            "harmonizedSystemCode": None,
            "measurement": {
                "id": gid("InventoryItemMeasurement", number),
                "weight": {"unit": "KILOGRAMS", "value": 0.0},
            },
            "createdAt": self._made,
            "updatedAt": iso(columns.item_at[row]),
            "_variant": self.variant_id(row),
            "_levels": levels,
        }

    def _level(self, place: Place, row: int, item_number: int) -> Obj:
        at = iso(place.at[row])
        more = place.more.get(row) or {}
        quantities = {"available": place.available[row], "committed": place.committed[row]}
        return {
            "__typename": "InventoryLevel",
            "id": f"gid://shopify/InventoryLevel/{place.level_number}?inventory_item_id={item_number}",
            "isActive": place.state[row] == ACTIVE,
            "canDeactivate": True,
            "deactivationAlert": None,
            "createdAt": more.get("created", self._made),
            "updatedAt": at,
            "_item": self.item_id(row),
            "_location": place.id,
            "_q": {**quantities, **dict.fromkeys(OTHERS, 0), **more.get("q", {})},
            "_at": dict(more.get("at", {"available": at})),
        }

    # taking back ----------------------------------------------------------------------------------------

    def absorb(self, number: int, product: Obj) -> bool:
        """Write what an object now says into the columns; False when it says more than they can hold."""
        columns = self.columns
        if any(
            place not in columns.place_of for v in product["_variants"] for place in v["_item"]["_levels"]
        ):
            return False
        kept = {number_of(v["id"]) - self.base - VARIANTS: v for v in product["_variants"]}
        if not kept.keys() <= set(columns.living_rows(number)):
            return False
        columns.product_at[number] = epoch(product["updatedAt"])
        if product["tags"] != columns.tags.get(number, [TAG]):
            columns.tags[number] = list(product["tags"])
        for row in columns.living_rows(number):
            if row in kept:
                self._absorb_item(row, kept[row])
            else:
                columns.kill(row)
        return self.product(number) == product

    def _absorb_item(self, row: int, variant: Obj) -> None:
        columns, item = self.columns, variant["_item"]
        columns.skus[row] = item["sku"]
        flags = columns.flags[row] & ~(TRACKED | BUNDLE)
        flags |= TRACKED if item["tracked"] else 0
        columns.flags[row] = flags | (BUNDLE if variant["requiresComponents"] else 0)
        columns.item_at[row] = epoch(item["updatedAt"])
        for place in columns.places:
            level = item["_levels"].get(place.id)
            if level is None:
                place.state[row] = UNSTOCKED
            else:
                self._absorb_level(place, row, level)

    def _absorb_level(self, place: Place, row: int, level: Obj) -> None:
        place.state[row] = ACTIVE if level["isActive"] else INACTIVE
        place.available[row], place.committed[row] = level["_q"]["available"], level["_q"]["committed"]
        place.at[row] = epoch(level["updatedAt"])
        more: Obj = {}
        if others := {name: n for name, n in level["_q"].items() if name in OTHERS and n}:
            more["q"] = others
        if level["_at"] != {"available": level["updatedAt"]}:
            more["at"] = dict(level["_at"])
        if level["createdAt"] != self._made:
            more["created"] = level["createdAt"]
        if more:
            place.more[row] = more
        else:
            place.more.pop(row, None)


def numbers(first: int, rows: list[int] | range) -> array[int]:
    """Object numbers of rows, as an array."""
    return array("q", (first + row for row in rows))
