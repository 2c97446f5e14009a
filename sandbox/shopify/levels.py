"""Reading inventory: items, their levels at locations, quantities by name."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.pages import listed, page
from sandbox.shopify.products import those
from sandbox.shopify.project import query, resolver
from sandbox.shopify.quantities import QUANTITIES, quantity
from sandbox.shopify.search import compiled

Obj = dict[str, Any]
ITEM_FIELDS = {"id", "sku", "created_at", "updated_at"}


@query("inventoryItems")
def inventory_items(_: Any, arguments: Obj, context: Context) -> Obj:
    """A page of inventory items, by id."""
    rows = context.store.sorted("item", "id")
    if arguments.get("query"):
        test = compiled(arguments["query"], ITEM_FIELDS, context.settings.sku_search == "loose")
        known = context.store.searched(arguments["query"])
        found = {
            one["item_gid"]
            for facts in known
            for one in facts["variants"]
            if test is None or test({**one, "id": one["item_id"], "updated_at": one["item_updated_at"]})
        }
        rows = those(rows, found)
    return page(rows, arguments)


@query("inventoryItem")
def inventory_item(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One inventory item by id."""
    return context.store.items.get(arguments["id"])


@resolver("InventoryItem", "variant")
def variant_of_item(item: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The variant an item belongs to (deprecated spelling)."""
    return context.store.variants.get(item["_variant"])


@resolver("InventoryItem", "variants")
def variants_of_item(item: Obj, arguments: Obj, context: Context) -> Obj:
    """The variants an item belongs to: one."""
    return listed([context.store.variants[item["_variant"]]], arguments)


@resolver("InventoryItem", "duplicateSkuCount")
def duplicate_skus(item: Obj, arguments: Obj, context: Context) -> int:
    """How many other items carry the same SKU."""
    return max(0, len(context.store.with_sku(item["sku"])) - 1) if item["sku"] else 0


@resolver("InventoryItem", "locationsCount")
def locations_count(item: Obj, arguments: Obj, context: Context) -> Obj:
    """At how many locations it is stocked."""
    active = sum(1 for level in item["_levels"].values() if level["isActive"])
    return {"count": active, "precision": "EXACT"}


@resolver("InventoryItem", "inventoryLevels")
def levels_of_item(item: Obj, arguments: Obj, context: Context) -> Obj:
    """Where it is stocked; inactive levels only on demand."""
    if not context.allowed("InventoryItem", "inventoryLevels"):
        return listed([], arguments)
    rows = list(item["_levels"].values())
    if not arguments.get("includeInactive"):
        rows = [level for level in rows if level["isActive"]]
    return listed(rows, arguments)


@resolver("InventoryItem", "inventoryLevel")
def level_at(item: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Its level at one location; None where it is not stocked."""
    if not context.allowed("InventoryItem", "inventoryLevel"):
        return None
    level: Obj | None = item["_levels"].get(arguments["locationId"])
    if level is None or level["isActive"] or arguments.get("includeInactive"):
        return level
    return None


@resolver("InventoryLevel", "quantities")
def quantities(level: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Quantities by name, in the order asked; unknown names are left out."""
    at = level["_at"]
    return [
        {
            "id": f"{level['id'].replace('InventoryLevel', 'InventoryQuantity')}&name={name}",
            "name": name,
            "quantity": quantity(level, name),
            "updatedAt": at.get(name),
        }
        for name in arguments["names"]
        if name in QUANTITIES
    ]


@resolver("InventoryLevel", "location")
def location_of_level(level: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Where a level is."""
    return context.store.get("location", level["_location"])


@resolver("InventoryLevel", "item")
def item_of_level(level: Obj, arguments: Obj, context: Context) -> Obj:
    """What a level counts."""
    return context.store.items[level["_item"]]
