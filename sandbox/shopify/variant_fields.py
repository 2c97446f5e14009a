"""The fields of a variant and its inventory item: what is refused about them, and writing them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify import media, metafields
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.make import money, new_level

Obj = dict[str, Any]
PLAIN = ("barcode", "taxable", "taxCode", "inventoryPolicy", "requiresComponents", "showUnitPrice")
ITEM_PLAIN = ("tracked", "requiresShipping", "countryCodeOfOrigin", "provinceCodeOfOrigin")
DEAREST = Decimal(10) ** 18


def variant_errors(context: Context, given: Obj, variant_id: str, path: list[str]) -> list[Obj]:
    """What is wrong with one variant's own fields (options and stock are looked at elsewhere)."""
    errors = _price_errors(given, path)
    if len(given.get("barcode") or "") > 255:
        errors.append(
            user_error([*path, "barcode"], "Barcode is too long (maximum is 255 characters)", "TOO_LONG")
        )
    errors += item_errors(given.get("inventoryItem") or {}, [*path, "inventoryItem"])
    for n, one in enumerate(given.get("metafields") or ()):
        at = [*path, "metafields", str(n)]
        errors += metafields.input_errors(context, "PRODUCTVARIANT", variant_id, one, at)
    return errors


def _price_errors(given: Obj, path: list[str]) -> list[Obj]:
    errors = []
    compare, price = given.get("compareAtPrice"), given.get("price")
    if compare is not None and Decimal(compare) >= DEAREST:
        message = "must be less than 1000000000000000000"
        errors.append(user_error([*path, "compareAtPrice"], message, "INVALID_INPUT"))
    if price is not None and Decimal(price) < 0:
        message = "Price must be greater than or equal to 0"
        errors.append(user_error([*path, "price"], message, "GREATER_THAN_OR_EQUAL_TO"))
    elif price is not None and Decimal(price) >= DEAREST:
        message = "must be less than 1000000000000000000"
        errors.append(user_error([*path, "price"], message, "INVALID_INPUT"))
    return errors


def item_errors(given: Obj, path: list[str]) -> list[Obj]:
    """What is wrong with the fields of an inventory item."""
    errors = []
    if len(given.get("sku") or "") > 255:
        errors.append(user_error([*path, "sku"], "SKU is too long (maximum is 255 characters)", "TOO_LONG"))
    if given.get("cost") is not None and Decimal(given["cost"]) < 0:
        message = "Unit cost must be greater than or equal to 0"
        errors.append(user_error([*path, "cost"], message, "GREATER_THAN_OR_EQUAL_TO"))
    weight = (given.get("measurement") or {}).get("weight") or {}
    if weight and weight["value"] < 0:
        message = "Weight must be greater than or equal to 0"
        errors.append(user_error([*path, "measurement", "weight", "value"], message, "INVALID_INPUT"))
    code = (given.get("harmonizedSystemCode") or "").replace(".", "")
    if code and not (code.isdigit() and 6 <= len(code) <= 13):
        message = "Harmonized system code must be a number between 6 and 13 digits"
        errors.append(user_error([*path, "harmonizedSystemCode"], message, "INVALID_INPUT"))
    return errors


def write_variant(context: Context, variant: Obj, given: Obj) -> None:
    """Write the fields that are given; absent ones stay. The variant's time of change moves on."""
    for name in PLAIN:
        if name in given and (given[name] is not None or name in ("barcode", "taxCode")):
            variant[name] = given[name]
    if given.get("price") is not None:
        variant["price"] = money(given["price"])
    if "compareAtPrice" in given:
        compare = given["compareAtPrice"]
        variant["compareAtPrice"] = None if compare is None else money(compare)
    if given.get("unitPriceMeasurement") is not None:
        variant["unitPriceMeasurement"] = given["unitPriceMeasurement"]
    item = dict(given.get("inventoryItem") or {})
    if "sku" in given:
        item["sku"] = given["sku"]
    write_item(context, variant["_item"], item)
    for one in given.get("metafields") or ():
        metafields.write(context, variant, one)
    variant["updatedAt"] = context.store.now()


def write_item(context: Context, item: Obj, given: Obj) -> None:
    """Write the given fields of an inventory item."""
    for name in ITEM_PLAIN:
        if name in given and (given[name] is not None or name.endswith("Origin")):
            item[name] = given[name]
    if "sku" in given:
        context.store.set_sku(item, given["sku"])
    if "cost" in given:
        cost = given["cost"]
        currency = context.settings.currency
        item["unitCost"] = None if cost is None else {"amount": plain(cost), "currencyCode": currency}
    if "harmonizedSystemCode" in given:
        code = given["harmonizedSystemCode"]
        item["harmonizedSystemCode"] = code.replace(".", "") if code else None
    if weight := (given.get("measurement") or {}).get("weight"):
        item["measurement"] = {
            **item["measurement"],
            "weight": {"unit": weight["unit"], "value": weight["value"]},
        }
    if given:
        item["updatedAt"] = context.store.now()


def plain(amount: str) -> str:
    """A decimal as ``MoneyV2`` shows it: at least one digit behind the point, no zeros after that."""
    text = format(Decimal(amount).quantize(Decimal("0.01")), "f").rstrip("0")
    return text + "0" if text.endswith(".") else text


def stock_errors(context: Context, variant: Obj | None, rows: list[Obj], path: list[str]) -> list[Obj]:
    """First quantities: only known locations, and of an existing variant only where it is stocked."""
    errors = []
    for n, row in enumerate(rows):
        at = [*path, "inventoryQuantities", str(n)]
        level = variant["_item"]["_levels"].get(row["locationId"]) if variant else None
        if context.store.get("location", row["locationId"]) is None:
            errors.append(user_error([*at, "locationId"], "Location does not exist", "INVALID_INPUT"))
        elif variant is not None and (level is None or not level["isActive"]):
            message = "Inventory quantities can only be set at locations where the variant is already stocked"
            errors.append(user_error([*at, "locationId"], message, "INVALID_INPUT"))
        if row.get("name", "available") not in ("available", "on_hand"):
            message = "The quantity name must be either 'available' or 'on_hand'."
            errors.append(user_error([*at, "name"], message, "INVALID_INPUT"))
    return errors


def stock_new(context: Context, variant: Obj, rows: list[Obj]) -> None:
    """Stock a new variant where quantities are given, or with nothing at the primary location."""
    store, item = context.store, variant["_item"]
    if not rows:
        primary = next(one for one in store.kinds["location"].values() if one["isPrimary"])
        new_level(store, item, primary)
    set_stock(context, variant, rows)


def set_stock(context: Context, variant: Obj, rows: list[Obj]) -> None:
    """Put quantities at locations, blindly."""
    store, item = context.store, variant["_item"]
    for row in rows:
        location = store.kinds["location"][row["locationId"]]
        level = item["_levels"].get(location["id"]) or new_level(store, item, location)
        quantity = row["quantity"] if "quantity" in row else row["availableQuantity"]
        if row.get("name") == "on_hand":
            held = sum(level["_q"].values()) - level["_q"]["available"] - level["_q"]["incoming"]
            quantity -= held
        level["_q"]["available"] = quantity
        level["_at"]["available"] = level["updatedAt"] = store.now()


def variant_file(context: Context, product: Obj, variant: Obj, file_id: str | None) -> None:
    """Give a variant its picture, which becomes part of the product's media too."""
    if file_id is None:
        variant["_media"] = []
        return
    file = context.store.get("file", file_id)
    if file is not None:
        media.attach(context, product, file)
        variant["_media"] = [file_id]
