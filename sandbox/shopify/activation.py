"""Stocking an item at locations: activate, deactivate, several at once; and the item's own fields."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.idempotency import once
from sandbox.shopify.ids import number_of
from sandbox.shopify.inventory import MOST, why_closed
from sandbox.shopify.make import new_level
from sandbox.shopify.project import mutation
from sandbox.shopify.shop import level_by_id
from sandbox.shopify.variant_fields import item_errors, write_item

Obj = dict[str, Any]
EMPTY: Obj = {"inventoryLevel": None, "userErrors": []}


@mutation("inventoryActivate")
def activate(_: Any, arguments: Obj, context: Context) -> Obj:
    """Stock an item at a location; a level that was active before gets its old quantities back."""
    answer = once(context, arguments, EMPTY, lambda: _activate(context, arguments))
    return {
        **answer,
        "inventoryLevel": level_by_id(answer["_level"], context) if answer.get("_level") else None,
    }


def _activate(context: Context, arguments: Obj) -> Obj:
    store = context.store
    item = store.items.get(arguments["inventoryItemId"])
    location = store.get("location", arguments["locationId"])
    if item is None:
        message = "The inventory item was not found."
        return {**EMPTY, "userErrors": [user_error(["inventoryItemId"], message)]}
    if location is None:
        message = "The product couldn't be stocked because the location wasn't found."
        return {**EMPTY, "userErrors": [user_error(["locationId"], message)]}
    if why := why_closed(location):
        return {**EMPTY, "userErrors": [user_error(["locationId"], why)]}
    errors, level = _errors(arguments, location), item["_levels"].get(location["id"])
    if errors:
        return {**EMPTY, "userErrors": errors}
    if level is not None and level["isActive"]:
        return {"_level": level["id"], "userErrors": _already(arguments)}
    level = level or new_level(store, item, location)
    level["isActive"], level["updatedAt"] = True, store.now()
    given = arguments.get("available") if arguments.get("available") is not None else arguments.get("onHand")
    if given is not None:
        level["_q"]["available"] = given
        level["_at"]["available"] = store.now()
    _save(context, item)
    target = f"{number_of(item['id'])}@{number_of(location['id'])}"
    context.effect("inventory.activated", target, args=arguments, after=given, detail={"sku": item["sku"]})
    return {"_level": level["id"], "userErrors": []}


def _errors(arguments: Obj, location: Obj) -> list[Obj]:
    start = f"The product couldn't be stocked at {location['name']} because "
    available, on_hand = arguments.get("available"), arguments.get("onHand")
    if available is not None and on_hand is not None:
        message = start + "not allowed to set available and on_hand quantities at the same time."
        return [user_error(["available"], message), user_error(["onHand"], message)]
    errors = []
    for name, value in (("available", available), ("onHand", on_hand)):
        if value is not None and abs(value) > MOST:
            message = start + "the quantity needs to be between -1 billion and 1 billion."
            errors.append(user_error([name], message))
    return errors


def _already(arguments: Obj) -> list[Obj]:
    if arguments.get("available") is not None:
        message = "Not allowed to set available quantity when the item is already active at the location."
        return [user_error(["available"], message)]
    if arguments.get("onHand") is not None:
        message = "Not allowed to set an on_hand quantity when the item is already active at the location."
        return [user_error(["onHand"], message)]
    return []


def _save(context: Context, item: Obj) -> None:
    item["updatedAt"] = context.store.now()
    context.store.touch(context.store.product_of(context.store.variants[item["_variant"]]))


@mutation("inventoryDeactivate")
def deactivate(_: Any, arguments: Obj, context: Context) -> Obj:
    """Stop stocking an item at a location; it keeps its quantities for another day."""
    level = level_by_id(arguments["inventoryLevelId"], context)
    if level is None:
        message = "The inventory level was not found."
        return {"userErrors": [user_error(["inventoryLevelId"], message)]}
    item = context.store.items[level["_item"]]
    location = context.store.kinds["location"][level["_location"]]
    wrong = _keeps(item, level, location["name"])
    if wrong:
        return {"userErrors": [user_error(None, wrong[1])]}
    level["isActive"] = False
    _save(context, item)
    target = f"{number_of(item['id'])}@{number_of(level['_location'])}"
    context.effect("inventory.deactivated", target, detail={"sku": item["sku"]})
    return {"userErrors": []}


def _keeps(item: Obj, level: Obj, name: str) -> tuple[str, str] | None:
    """Why a level must stay: (code, message)."""
    start = f"The product couldn't be unstocked from {name} because "
    if sum(1 for one in item["_levels"].values() if one["isActive"]) <= 1:
        message = start + "products need to be stocked at a minimum of 1 location."
        return "CANNOT_DEACTIVATE_FROM_ONLY_LOCATION", message
    for held, code in (("committed", "COMMITTED"), ("incoming", "INCOMING"), ("reserved", "RESERVED")):
        if level["_q"][held]:
            return f"{code}_INVENTORY_AT_LOCATION", start + f"it has {held} inventory."
    return None


@mutation("inventoryBulkToggleActivation")
def toggle(_: Any, arguments: Obj, context: Context) -> Obj:
    """Stock or unstock an item at several locations."""
    store, item = context.store, context.store.items.get(arguments["inventoryItemId"])
    if item is None:
        error = user_error(["inventoryItemId"], "Inventory item not found.", "INVENTORY_ITEM_NOT_FOUND")
        return {"inventoryItem": None, "inventoryLevels": None, "userErrors": [error]}
    errors = [
        error
        for n, one in enumerate(arguments["inventoryItemUpdates"])
        for error in _toggle_errors(context, item, one, n)
    ]
    if errors:
        return {"inventoryItem": item, "inventoryLevels": [], "userErrors": errors}
    levels = []
    for one in arguments["inventoryItemUpdates"]:
        location = store.kinds["location"][one["locationId"]]
        level = item["_levels"].get(location["id"])
        if one["activate"]:
            level = level or new_level(store, item, location)
        if level is not None:
            level["isActive"] = one["activate"]
            levels.append(level)
    _save(context, item)
    context.effect(
        "inventory.toggled", str(number_of(item["id"])), args=arguments, detail={"sku": item["sku"]}
    )
    return {"inventoryItem": item, "inventoryLevels": levels, "userErrors": []}


def _toggle_errors(context: Context, item: Obj, given: Obj, n: int) -> list[Obj]:
    path = ["inventoryItemUpdates", str(n), "locationId"]
    location = context.store.get("location", given["locationId"])
    if location is None:
        message = "The location was not found."
        return [user_error(path, message, "LOCATION_NOT_FOUND")]
    if given["activate"] and (why := why_closed(location)):
        foreign = location["isFulfillmentService"]
        return [user_error(path, why, "INVENTORY_MANAGED_BY_3RD_PARTY" if foreign else "LOCATION_NOT_FOUND")]
    level = item["_levels"].get(location["id"])
    if given["activate"] or level is None or not level["isActive"]:
        return []
    wrong = _keeps(item, level, location["name"])
    return [user_error(path, wrong[1], wrong[0])] if wrong else []


@mutation("inventoryItemUpdate")
def item_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Change cost, weight, customs data, SKU or tracking of an item."""
    item = context.store.items.get(arguments["id"])
    if item is None:
        return {
            "inventoryItem": None,
            "userErrors": [user_error(["id"], "The inventory item does not exist.")],
        }
    if errors := item_errors(arguments["input"], ["input"]):
        return {"inventoryItem": item, "userErrors": errors}
    write_item(context, item, arguments["input"])
    _save(context, item)
    context.effect("inventory.item_updated", str(number_of(item["id"])), args=arguments)
    return {"inventoryItem": item, "userErrors": []}
