"""The store itself: name, plan, scopes, versions, locations, channels, and look-ups by any id."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal
from sandbox.shopify.ids import gid, type_of
from sandbox.shopify.pages import listed, page
from sandbox.shopify.products import by_custom_id
from sandbox.shopify.project import query, resolver
from sandbox.shopify.scopes import REQUIRED, need
from sandbox.shopify.settings import FIRST_ID

Obj = dict[str, Any]
VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
CANDIDATE = "2027-01"
# What stands between a shop's first object id and its own number.
SHOP_OFFSET = 92_891_250_994 - FIRST_ID
PLAN_NAMES = {"standard": "Basic", "advanced": "Advanced", "plus": "Shopify Plus"}


@query("shop")
def shop(_: Any, arguments: Obj, context: Context) -> Obj:
    """The store's own facts."""
    return shop_object(context)


def shop_object(context: Context) -> Obj:
    """A ``Shop``; its domain is the permanent one, whatever address it was reached at."""
    settings = context.settings
    return {
        "__typename": "Shop",
        "id": gid("Shop", settings.first_id + SHOP_OFFSET),
        "name": settings.name,
        "email": f"info@{settings.shop}.example",
        "contactEmail": f"info@{settings.shop}.example",
        "myshopifyDomain": settings.domain,
        "url": f"https://{settings.domain}",
        "primaryDomain": {"host": settings.domain, "url": f"https://{settings.domain}", "sslEnabled": True},
        "currencyCode": settings.currency,
        "enabledPresentmentCurrencies": [settings.currency],
        "ianaTimezone": settings.timezone,
        "timezoneAbbreviation": "+03",
        "timezoneOffset": "+0300",
        "timezoneOffsetMinutes": 180,
        "unitSystem": "METRIC_SYSTEM",
        "weightUnit": "KILOGRAMS",
        "taxesIncluded": True,
        "taxShipping": True,
        "setupRequired": False,
        "checkoutApiSupported": True,
        "plan": {
            "displayName": PLAN_NAMES[settings.plan],
            "publicDisplayName": PLAN_NAMES[settings.plan],
            "partnerDevelopment": False,
            "shopifyPlus": settings.plan == "plus",
        },
        "resourceLimits": {
            "maxProductVariants": settings.max_variants,
            "maxProductOptions": 3,
            "locationLimit": 200,
            "redirectLimitReached": False,
            "skuEnabled": True,
        },
        "billingAddress": {"countryCodeV2": "TR", "country": "Turkey", "city": "İstanbul"},
        "_metafields": {},
    }


@query("currentAppInstallation")
def app_installation(_: Any, arguments: Obj, context: Context) -> Obj:
    """The app with the scopes it was granted."""
    handles = sorted(context.settings.granted)
    return {
        "__typename": "AppInstallation",
        "id": gid("AppInstallation", 4711),
        "accessScopes": [{"handle": handle, "description": handle.replace("_", " ")} for handle in handles],
        "app": {"id": gid("App", 987654321), "title": "Sandbox app", "handle": "sandbox-app"},
    }


@query("publicApiVersions")
def api_versions(_: Any, arguments: Obj, context: Context) -> list[Obj]:
    """The versions a store supports."""
    latest = VERSIONS[-1]
    made = [
        {"handle": one, "displayName": f"{one} (Latest)" if one == latest else one, "supported": True}
        for one in VERSIONS
    ]
    return [
        *made,
        {"handle": CANDIDATE, "displayName": f"{CANDIDATE} (Release candidate)", "supported": False},
        {"handle": "unstable", "displayName": "unstable", "supported": False},
    ]


@query("locations")
def locations(_: Any, arguments: Obj, context: Context) -> Obj:
    """Active locations; with ``includeInactive`` all."""
    rows = context.store.sorted("location", "id")
    if not arguments.get("includeInactive"):
        rows = [row for row in rows if row["isActive"]]
    return page(rows, arguments)


@query("location")
def location(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One location; without an id the primary one."""
    if arguments.get("id"):
        return context.store.get("location", arguments["id"])
    return primary_location(context)


def primary_location(context: Context) -> Obj:
    """Where new items are stocked when nothing is said."""
    return next(row for row in context.store.kinds["location"].values() if row["isPrimary"])


@query("publications")
def publications(_: Any, arguments: Obj, context: Context) -> Obj:
    """The sales channels' publications."""
    return page(context.store.sorted("publication", "id"), arguments)


@query("publication")
def publication(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One publication."""
    return context.store.get("publication", arguments["id"])


@query("node")
def node(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """Any object by id."""
    return find(arguments["id"], context)


@query("nodes")
def nodes(_: Any, arguments: Obj, context: Context) -> list[Obj | None]:
    """Objects by id in the order asked; null where the store has none."""
    if len(arguments["ids"]) > 250:
        size = len(arguments["ids"])
        message = f"The input array size of {size} is greater than the maximum allowed of 250."
        raise Refusal(message, code="MAX_INPUT_SIZE_EXCEEDED")
    return [find(id, context) for id in arguments["ids"]]


_KIND_OF = {
    "Product": "product",
    "Order": "order",
    "Customer": "customer",
    "MediaImage": "file",
    "GenericFile": "file",
    "Video": "file",
    "Location": "location",
    "Publication": "publication",
    "MetafieldDefinition": "definition",
    "WebhookSubscription": "webhook",
    "BulkOperation": "bulk",
    "ProductSetOperation": "operation",
    "Job": "job",
}
_ROOT_OF = {
    "Product": "product",
    "ProductVariant": "productVariant",
    "InventoryItem": "inventoryItem",
    "InventoryLevel": "inventoryLevel",
    "Order": "order",
    "Customer": "customer",
    "FulfillmentOrder": "fulfillmentOrder",
    "Location": "location",
    "Publication": "publication",
}


def find(id: str, context: Context) -> Obj | None:
    """The object that a gid names; the scope of its type is needed. Refusal for a type that is no node."""
    type_name, store = type_of(id), context.store
    need(REQUIRED.get(_ROOT_OF.get(type_name, "")), context.settings.granted, context.root.name)
    if type_name in _KIND_OF:
        return store.get(_KIND_OF[type_name], id)
    if type_name == "ProductVariant":
        return store.variants.get(id)
    if type_name == "InventoryItem":
        return store.items.get(id)
    if type_name == "InventoryLevel":
        return level_by_id(id, context)
    if type_name in ("FulfillmentOrder", "Fulfillment", "LineItem", "Refund"):
        return _part_of_order(type_name, id, context)
    if type_name == "Shop":
        return shop_object(context)
    return _part_of_product(id, context)


def level_by_id(id: str, context: Context) -> Obj | None:
    """An inventory level by its gid with the item in its query."""
    item = context.store.items.get(gid("InventoryItem", int(id.partition("inventory_item_id=")[2] or 0)))
    for level in (item or {"_levels": {}})["_levels"].values():
        if level["id"] == id:
            found: Obj = level
            return found
    return None


_PARTS = {"FulfillmentOrder": "_fulfillment_orders", "Fulfillment": "_fulfillments", "LineItem": "_lines"}


def _part_of_order(type_name: str, id: str, context: Context) -> Obj | None:
    order = context.store.order_with(id)
    for part in order[_PARTS.get(type_name, "_refunds")] if order else ():
        if part["id"] == id:
            found: Obj = part
            return found
    return None


def _part_of_product(id: str, context: Context) -> Obj | None:
    for product in context.store.with_options(id):
        for part in product["_options"]:
            if part["id"] == id:
                found: Obj = part
                return found
    return None


@query("locationByIdentifier")
def location_by_identifier(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One location by id or custom id."""
    identifier = arguments["identifier"]
    if "customId" in identifier:
        return context.store.get("location", by_custom_id("LOCATION", identifier["customId"], context) or "")
    return context.store.get("location", identifier["id"])


@query("inventoryLevel")
def inventory_level(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One level by id."""
    return level_by_id(arguments["id"], context)


@resolver("Location", "inventoryLevels")
def levels_of_location(owner: Obj, arguments: Obj, context: Context) -> Obj:
    """What is stocked at a location."""
    rows = []
    for item in context.store.sorted("item", "id"):
        level = item["_levels"].get(owner["id"])
        if level and (level["isActive"] or arguments.get("includeInactive")):
            rows.append(level)
    return listed(rows, arguments)
