"""New objects with the values that Shopify gives when nothing is said."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.quantities import KEPT_QUANTITIES
from sandbox.shopify.store import Store

Obj = dict[str, Any]
DEFAULT_OPTION = "Title"
DEFAULT_VALUE = "Default Title"
_TURKISH = str.maketrans({"ı": "i", "İ": "i", "ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae"})


def money(value: object) -> str:
    """An amount as Shopify writes a variant's price: two decimals, as text."""
    return str(Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def handle_of(title: str) -> str:
    """The handle Shopify derives from a title: ASCII letters and digits joined by hyphens."""
    plain = unicodedata.normalize("NFKD", title.translate(_TURKISH)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or "product"


def free_handle(store: Store, title: str) -> str:
    """The derived handle, with a number behind it while another product has it."""
    base = handle_of(title)[:255]
    handle, n = base, 0
    while handle in store.handles:
        n += 1
        handle = f"{base}-{n}"
    return handle


def new_product(store: Store, title: str, handle: str) -> Obj:
    """A product without variants, published nowhere; not saved yet."""
    number, now = store.number(), store.now()
    return {
        "__typename": "Product",
        "id": gid("Product", number),
        "legacyResourceId": str(number),
        "title": title,
        "handle": handle,
        "descriptionHtml": "",
        "vendor": store.settings.name,
        "productType": "",
        "tags": [],
        "status": "ACTIVE",
        "seo": {"title": None, "description": None},
        "category": None,
        "templateSuffix": None,
        "giftCardTemplateSuffix": None,
        "isGiftCard": False,
        "requiresSellingPlan": False,
        "combinedListingRole": None,
        "createdAt": now,
        "updatedAt": now,
        "publishedAt": None,
        "onlineStorePreviewUrl": f"https://{store.settings.domain}/products/{handle}",
        "_options": [],
        "_variants": [],
        "_media": [],
        "_metafields": {},
        "_publications": {},
        "_collections": [],
    }


def new_option(store: Store, name: str, values: list[str], position: int) -> Obj:
    """A product option with its values in order."""
    return {
        "__typename": "ProductOption",
        "id": gid("ProductOption", store.number()),
        "name": name,
        "position": position,
        "linkedMetafield": None,
        "_values": [new_value(store, value) for value in values],
    }


def new_value(store: Store, name: str) -> Obj:
    """One value of an option."""
    return {
        "__typename": "ProductOptionValue",
        "id": gid("ProductOptionValue", store.number()),
        "name": name,
        "linkedMetafieldValue": None,
        "swatch": None,
    }


def new_variant(store: Store, product: Obj, choice: list[tuple[str, str]]) -> Obj:
    """A variant with price 0.00, no SKU, untracked; ``choice`` is (option name, value name) in option
    order."""
    number, now = store.number(), store.now()
    variant = {
        "__typename": "ProductVariant",
        "id": gid("ProductVariant", number),
        "legacyResourceId": str(number),
        "barcode": None,
        "price": "0.00",
        "compareAtPrice": None,
        "taxable": True,
        "taxCode": None,
        "inventoryPolicy": "DENY",
        "position": len(product["_variants"]) + 1,
        "requiresComponents": False,
        "showUnitPrice": False,
        "unitPriceMeasurement": None,
        "createdAt": now,
        "updatedAt": now,
        "_product": product["id"],
        "_media": [],
        "_metafields": {},
    }
    set_choice(variant, choice)
    variant["_item"] = new_item(store, variant["id"])
    return variant


def set_choice(variant: Obj, choice: list[tuple[str, str]]) -> None:
    """Give a variant its option values; its title follows from them."""
    variant["selectedOptions"] = [{"name": name, "value": value} for name, value in choice]
    variant["title"] = " / ".join(value for _, value in choice)


def new_item(store: Store, variant_id: str) -> Obj:
    """The inventory item of a variant, stocked nowhere yet."""
    number, now = store.number(), store.now()
    return {
        "__typename": "InventoryItem",
        "id": gid("InventoryItem", number),
        "legacyResourceId": str(number),
        "sku": None,
        "tracked": False,
        "requiresShipping": True,
        "unitCost": None,
        "countryCodeOfOrigin": None,
        "provinceCodeOfOrigin": None,
        "harmonizedSystemCode": None,
        "measurement": {
            "id": gid("InventoryItemMeasurement", number),
            "weight": {"unit": "KILOGRAMS", "value": 0.0},
        },
        "createdAt": now,
        "updatedAt": now,
        "_variant": variant_id,
        "_levels": {},
    }


def new_level(store: Store, item: Obj, location: Obj) -> Obj:
    """Stock an item at a location with nothing there."""
    now = store.now()
    query = f"?inventory_item_id={number_of(item['id'])}"
    level = {
        "__typename": "InventoryLevel",
        "id": gid("InventoryLevel", location["_level_number"]) + query,
        "isActive": True,
        "canDeactivate": True,
        "deactivationAlert": None,
        "createdAt": now,
        "updatedAt": now,
        "_item": item["id"],
        "_location": location["id"],
        "_q": dict.fromkeys(KEPT_QUANTITIES, 0),
        "_at": {},
    }
    item["_levels"][location["id"]] = level
    return level


def new_location(store: Store, name: str) -> Obj:
    """An active location of the merchant in Turkey; the first one is the primary."""
    number, now = store.number(), store.now()
    return {
        "__typename": "Location",
        "id": gid("Location", number),
        "legacyResourceId": str(number),
        "name": name,
        "isActive": True,
        "activatable": True,
        "deactivatable": True,
        "deletable": False,
        "isFulfillmentService": False,
        "fulfillsOnlineOrders": True,
        "hasActiveInventory": True,
        "hasUnfulfilledOrders": False,
        "shipsInventory": True,
        "isPrimary": not store.kinds["location"],
        "fulfillmentService": None,
        "address": _istanbul(),
        "createdAt": now,
        "updatedAt": now,
        "_level_number": store.number(),
        "_metafields": {},
    }


def _istanbul() -> Obj:
    return {
        "address1": "Merter Keresteciler Sitesi 12",
        "address2": None,
        "city": "İstanbul",
        "province": "İstanbul",
        "provinceCode": "TR-34",
        "country": "Turkey",
        "countryCode": "TR",
        "zip": "34169",
        "phone": "+902125550000",
        "latitude": None,
        "longitude": None,
        "formatted": ["Merter Keresteciler Sitesi 12", "34169 İstanbul", "Turkey"],
    }


def new_publication(store: Store, name: str) -> Obj:
    """A sales channel's publication; products are published to none by themselves."""
    number = store.number()
    return {
        "__typename": "Publication",
        "id": gid("Publication", number),
        "name": name,
        "catalog": {
            "__typename": "AppCatalog",
            "id": gid("AppCatalog", number),
            "title": name,
            "status": "ACTIVE",
        },
        "autoPublish": False,
        "supportsFuturePublishing": name == "Online Store",
    }


def new_metafield(store: Store, owner: Obj, namespace: str, key: str, type_name: str, value: str) -> Obj:
    """A metafield on an owner; not indexed yet."""
    now, number = store.now(), store.number()
    return {
        "__typename": "Metafield",
        "id": gid("Metafield", number),
        "legacyResourceId": str(number),
        "namespace": namespace,
        "key": key,
        "type": type_name,
        "value": value,
        "ownerType": OWNER_TYPES[owner["__typename"]],
        "description": None,
        "createdAt": now,
        "updatedAt": now,
        "_owner": owner["id"],
    }


OWNER_TYPES = {
    "Product": "PRODUCT",
    "ProductVariant": "PRODUCTVARIANT",
    "Order": "ORDER",
    "Customer": "CUSTOMER",
    "Location": "LOCATION",
    "Collection": "COLLECTION",
    "Shop": "SHOP",
}
