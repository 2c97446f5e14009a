"""Writing stock: set and adjust quantities, with compare-and-set and all the ways to be refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal, user_error
from sandbox.shopify.idempotency import once
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.levels import ON_HAND, quantity
from sandbox.shopify.make import new_level
from sandbox.shopify.project import mutation, resolver

Obj = dict[str, Any]
MOST = 1_000_000_000
REASONS = [
    "correction",
    "cycle_count_available",
    "damaged",
    "movement_canceled",
    "movement_created",
    "movement_received",
    "movement_updated",
    "other",
    "promotion",
    "quality_control",
    "received",
    "reservation_created",
    "reservation_deleted",
    "reservation_updated",
    "restock",
    "safety_stock",
    "shrinkage",
]
ADJUSTABLE = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
EMPTY: Obj = {"inventoryAdjustmentGroup": None, "userErrors": []}
STALE_CODE = "CHANGE_FROM_QUANTITY_STALE"


@dataclass(slots=True)
class Row:
    """One (item, location) of a call: what it changes and where in the input it stands."""

    path: list[str]
    given: Obj
    item: Obj | None
    location: Obj | None
    name: str

    @property
    def now(self) -> int:
        """The quantity before the call; 0 where the item is not stocked."""
        assert self.item is not None and self.location is not None
        level = self.item["_levels"].get(self.location["id"])
        return quantity(level, self.name) if level else 0


def change_level(context: Context, row: Row, delta: int) -> list[Obj]:
    """Apply a delta to one level; the entries of ``changes``: the quantity itself, then ``on_hand``."""
    item, location = row.item, row.location
    assert item is not None and location is not None
    level = item["_levels"].get(location["id"]) or new_level(context.store, item, location)
    level["isActive"] = True
    # Setting on_hand moves what is available; the other parts are committed or reserved.
    kept = "available" if row.name == "on_hand" else row.name
    level["_q"][kept] += delta
    level["_at"][kept] = level["updatedAt"] = item["updatedAt"] = context.store.now()
    names = [kept, "on_hand"] if kept in ON_HAND else [kept]
    return [_change(name, delta, item, location) for name in names]


def _change(name: str, delta: int, item: Obj, location: Obj) -> Obj:
    return {
        "name": name,
        "delta": delta,
        "quantityAfterChange": None,
        "ledgerDocumentUri": None,
        "_item": item["id"],
        "_location": location["id"],
    }


@resolver("InventoryChange", "item")
def item_of_change(change: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The item that changed; None once it is deleted."""
    return context.store.items.get(change["_item"])


@resolver("InventoryChange", "location")
def location_of_change(change: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Where it changed."""
    return context.store.get("location", change["_location"])


def _rows(context: Context, given: list[Obj], path: list[str], name: str) -> list[Row]:
    store = context.store
    return [
        Row(
            [*path, str(n)],
            one,
            store.items.get(one["inventoryItemId"]),
            store.get("location", one["locationId"]),
            name,
        )
        for n, one in enumerate(given)
    ]


def _demand_compare(rows: list[Obj], type_name: str) -> None:
    """``changeFromQuantity`` must be there, a number or an explicit null."""
    if any("changeFromQuantity" not in row for row in rows):
        message = f"{type_name} must include the following argument: changeFromQuantity."
        raise Refusal(message, variable="input", code="INVALID_FIELD_ARGUMENTS")


def _reason_error(reason: str) -> list[Obj]:
    if reason in REASONS:
        return []
    message = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
    return [user_error(["input", "reason"], message, "INVALID_REASON")]


def _unknown(rows: list[Row]) -> list[Obj]:
    errors = []
    for row in rows:
        if row.item is None:
            message = "The specified inventory item could not be found."
            errors.append(user_error([*row.path, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM"))
        if row.location is None:
            message = "The specified location could not be found."
            errors.append(user_error([*row.path, "locationId"], message, "INVALID_LOCATION"))
    return errors


def _twins(rows: list[Row]) -> list[Obj]:
    pairs = Counter((row.given["inventoryItemId"], row.given["locationId"]) for row in rows)
    message = "The combination of inventoryItemId and locationId must be unique."
    code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
    return [
        user_error([*row.path, "locationId"], message, code)
        for row in rows
        if pairs[row.given["inventoryItemId"], row.given["locationId"]] > 1
    ]


def _untracked(rows: list[Row]) -> list[Obj]:
    message = "The specified inventory item is not tracked."
    return [
        user_error([*row.path, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM")
        for row in rows
        if row.item is not None and not row.item["tracked"]
    ]


def _stale(context: Context, rows: list[Row]) -> list[Obj]:
    message = "The changeFromQuantity argument no longer matches the persisted quantity."
    errors = []
    for row in rows:
        expected = row.given["changeFromQuantity"]
        if expected is not None and expected != row.now:
            errors.append(user_error([*row.path, "changeFromQuantity"], message, STALE_CODE))
            if context.settings.stale_answer == "first_named":
                break
    return errors


def _out_of_bounds(rows: list[Row], key: str) -> list[Obj]:
    errors = []
    for row in rows:
        value, path = row.given[key], [*row.path, key]
        if value > MOST:
            message = "The quantity can't be higher than 1,000,000,000."
            errors.append(user_error(path, message, "INVALID_QUANTITY_TOO_HIGH"))
        elif value < -MOST:
            message = "The quantity can't be lower than -1,000,000,000."
            errors.append(user_error(path, message, "INVALID_QUANTITY_TOO_LOW"))
        elif value < 0 and row.name == "on_hand":
            errors.append(user_error(path, "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE"))
    return errors


@mutation("inventorySetQuantities")
def set_quantities(_: Any, arguments: Obj, context: Context) -> Obj:
    """Set ``available`` or ``on_hand`` of up to 250 pairs: all of them or, if one is refused, none."""
    given = arguments["input"]
    _demand_compare(given["quantities"], "InventoryQuantityInput")
    return once(context, arguments, EMPTY, lambda: _set(context, given))


def _set(context: Context, given: Obj) -> Obj:
    rows = _rows(context, given["quantities"], ["input", "quantities"], given["name"])
    errors = _set_errors(context, given, rows)
    if errors:
        return {**EMPTY, "userErrors": errors}
    return _applied(context, given, rows, [row.given["quantity"] - row.now for row in rows])


def _set_errors(context: Context, given: Obj, rows: list[Row]) -> list[Obj]:
    if given["name"] not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        return [user_error(["input", "name"], message, "INVALID_NAME")]
    return (
        _reason_error(given["reason"])
        or _out_of_bounds(rows, "quantity")
        or _twins(rows)
        or _unknown(rows)
        or _untracked(rows)
        or _struck(context, rows)
        or _stale(context, rows)
    )


def _struck(context: Context, rows: list[Row]) -> list[Obj]:
    """The fault ``partial_user_errors``: one row is refused, and with it the call."""
    if not context.fault_is("partial_user_errors"):
        return []
    assert context.fault is not None
    row = rows[int(context.fault.params.get("row", 0)) % len(rows)]
    message = "The specified inventory item is not allowed to be adjusted via API."
    return [user_error([*row.path, "inventoryItemId"], message, "NON_MUTABLE_INVENTORY_ITEM")]


@mutation("inventoryAdjustQuantities")
def adjust_quantities(_: Any, arguments: Obj, context: Context) -> Obj:
    """Move quantities by deltas."""
    given = arguments["input"]
    _demand_compare(given["changes"], "InventoryChangeInput")
    return once(context, arguments, EMPTY, lambda: _adjust(context, given))


def _adjust(context: Context, given: Obj) -> Obj:
    rows = _rows(context, given["changes"], ["input", "changes"], given["name"])
    errors = _adjust_errors(context, given, rows)
    if errors:
        return {**EMPTY, "userErrors": errors}
    return _applied(context, given, rows, [row.given["delta"] for row in rows])


def _adjust_errors(context: Context, given: Obj, rows: list[Row]) -> list[Obj]:
    name = given["name"]
    if name not in ADJUSTABLE:
        message = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
        return [user_error(["input", "name"], message, "INVALID_QUANTITY_NAME")]
    return (
        _reason_error(given["reason"])
        or _ledger_errors(name, rows)
        or _twins(rows)
        or _unknown(rows)
        or _stale(context, rows)
    )


def _ledger_errors(name: str, rows: list[Row]) -> list[Obj]:
    errors = []
    for row in rows:
        uri, path = row.given.get("ledgerDocumentUri"), [*row.path, "ledgerDocumentUri"]
        if name == "available" and uri:
            message = "A ledger document URI is not allowed when adjusting available."
            errors.append(user_error(path, message, "INVALID_AVAILABLE_DOCUMENT"))
        elif name != "available" and not uri:
            message = "A ledger document URI is required except when adjusting available."
            errors.append(user_error(path, message, "INVALID_QUANTITY_DOCUMENT"))
        elif uri and uri.startswith("gid://shopify/"):
            message = "The specified ledger document is invalid."
            errors.append(user_error(path, message, "INTERNAL_LEDGER_DOCUMENT"))
    return errors


def _applied(context: Context, given: Obj, rows: list[Row], deltas: list[int]) -> Obj:
    changes: list[Obj] = []
    touched: dict[str, Obj] = {}
    for row, delta in zip(rows, deltas, strict=True):
        if delta == 0 and not _unstocked(row):
            continue
        assert row.item is not None
        before = row.now
        made = change_level(context, row, delta)
        changes += made if delta else []
        touched[row.item["_variant"]] = row.item
        _note(context, row, before, before + delta)
    _touch(context, touched)
    if not changes:
        return dict(EMPTY)
    group = {
        "__typename": "InventoryAdjustmentGroup",
        "id": gid("InventoryAdjustmentGroup", context.store.number()),
        "createdAt": context.store.now(),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "app": None,
        "staffMember": None,
        "changes": changes,
    }
    return {"inventoryAdjustmentGroup": group, "userErrors": []}


def _unstocked(row: Row) -> bool:
    assert row.item is not None and row.location is not None
    level = row.item["_levels"].get(row.location["id"])
    return level is None or not level["isActive"]


def _note(context: Context, row: Row, before: int, after: int) -> None:
    assert row.item is not None and row.location is not None
    target = f"{number_of(row.item['id'])}@{number_of(row.location['id'])}"
    detail = {"sku": row.item["sku"], "name": row.name}
    context.effect("inventory.set", target, args=row.given, before=before, after=after, detail=detail)


def _touch(context: Context, items: dict[str, Obj]) -> None:
    """Save the products whose stock moved, each once."""
    products = {context.store.variants[variant]["_product"] for variant in items}
    for id in products:
        context.store.touch(context.store.kinds["product"][id])
