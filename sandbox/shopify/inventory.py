"""Writing stock: set and adjust quantities, with compare-and-set and all the ways to be refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.cells import Cell, ObjectCell, cell_at
from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal, user_error
from sandbox.shopify.idempotency import once
from sandbox.shopify.ids import gid
from sandbox.shopify.project import mutation, resolver
from sandbox.shopify.quantities import ON_HAND
from sandbox.stock_effects import ADJUSTED, SET, StockEffect

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
NOT_BY_API = "The specified inventory item is not allowed to be adjusted via API."
NO_PLACE = "The specified location could not be found."
FOREIGN = (
    "Cannot stock this inventory item at this location because it is managed by a third-party fulfillment "
    "service."
)
STALE_CODE = "CHANGE_FROM_QUANTITY_STALE"


@dataclass(slots=True)
class Row:
    """One (item, location) of a call: what it changes and where in the input it stands. Without a cell the
    item or the location is unknown."""

    n: int
    part: str
    given: Obj
    cell: Cell | None

    @property
    def path(self) -> list[str]:
        """Where the row stands, as user errors name it."""
        return ["input", self.part, str(self.n)]


def change_level(cell: Cell, name: str, delta: int) -> str:
    """Apply a delta to one level; the name of the quantity that was kept: setting ``on_hand`` moves what is
    available, the other parts are committed or reserved."""
    kept = "available" if name == "on_hand" else name
    cell.change(kept, delta)
    return kept


@resolver("InventoryAdjustmentGroup", "changes")
def changes_of_group(group: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """What a call changed, read from the ledger: the quantity itself, then ``on_hand``."""
    made: list[Obj] = []
    for effect in context.ledger.stock_effects(*group["_effects"]):
        delta = effect.after - effect.before
        if not delta:
            continue
        kept = "available" if effect.name == "on_hand" else effect.name
        names = [kept, "on_hand"] if kept in ON_HAND else [kept]
        made += [_change(name, delta, effect) for name in names]
    return made


def _change(name: str, delta: int, effect: StockEffect) -> Obj:
    return {
        "name": name,
        "delta": delta,
        "quantityAfterChange": None,
        "ledgerDocumentUri": None,
        "_item": gid("InventoryItem", effect.item),
        "_location": gid("Location", effect.place),
    }


@resolver("InventoryChange", "item")
def item_of_change(change: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The item that changed; None once it is deleted."""
    return context.store.items.get(change["_item"])


@resolver("InventoryChange", "location")
def location_of_change(change: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Where it changed."""
    return context.store.get("location", change["_location"])


def _rows(context: Context, given: list[Obj], name: str, part: str) -> list[Row]:
    store = context.store
    return [
        Row(n, part, one, cell_at(store, one["inventoryItemId"], one["locationId"], name))
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


def _unknown(context: Context, rows: list[Row]) -> list[Obj]:
    errors, store = [], context.store
    for row in rows:
        if row.cell is not None:
            continue
        if store.items.get(row.given["inventoryItemId"]) is None:
            message = "The specified inventory item could not be found."
            errors.append(user_error([*row.path, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM"))
        if store.get("location", row.given["locationId"]) is None:
            errors.append(user_error([*row.path, "locationId"], NO_PLACE, "INVALID_LOCATION"))
    return errors


def _closed(context: Context, rows: list[Row]) -> list[Obj]:
    """Rows at locations where nothing may be written: deactivated, or a fulfilment service's. That Shopify
    says it with this code is UNVERIFIED; the schema has no other for it."""
    known = {id: context.store.get("location", id) for id in {row.given["locationId"] for row in rows}}
    wrong = {id: why for id, place in known.items() if place and (why := why_closed(place))}
    return [
        user_error([*row.path, "locationId"], wrong[row.given["locationId"]], "INVALID_LOCATION")
        for row in rows
        if row.given["locationId"] in wrong
    ]


def why_closed(location: Obj) -> str:
    """Why nothing may be stocked at a location; "" if it may."""
    if location["isFulfillmentService"]:
        return FOREIGN
    return "" if location["isActive"] else NO_PLACE


def _twins(rows: list[Row]) -> list[Obj]:
    pairs = [(row.given["inventoryItemId"], row.given["locationId"]) for row in rows]
    if len(set(pairs)) == len(pairs):
        return []
    often = Counter(pairs)
    message = "The combination of inventoryItemId and locationId must be unique."
    code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
    return [
        user_error([*row.path, "locationId"], message, code)
        for row, pair in zip(rows, pairs, strict=True)
        if often[pair] > 1
    ]


def _untracked(rows: list[Row]) -> list[Obj]:
    message = "The specified inventory item is not tracked."
    return [
        user_error([*row.path, "inventoryItemId"], message, "INVALID_INVENTORY_ITEM")
        for row in rows
        if row.cell is not None and not row.cell.tracked
    ]


def _bundles(rows: list[Row]) -> list[Obj]:
    """The stock of a bundle comes from its components (InventorySetQuantitiesUserErrorCode, 2026-10
    schema)."""
    return [
        user_error([*row.path, "inventoryItemId"], NOT_BY_API, "NON_MUTABLE_INVENTORY_ITEM")
        for row in rows
        if row.cell is not None and row.cell.bundle
    ]


def _stale(context: Context, rows: list[Row], name: str) -> dict[int, Obj]:
    """Stale rows by their place, with what the answer says of them."""
    message = "The changeFromQuantity argument no longer matches the persisted quantity."
    errors: dict[int, Obj] = {}
    for row in rows:
        expected = row.given["changeFromQuantity"]
        if expected is not None and row.cell is not None and expected != row.cell.quantity(name):
            errors[row.n] = user_error([*row.path, "changeFromQuantity"], message, STALE_CODE)
            if context.settings.stale_answer == "first_named":
                break
    return errors


def _out_of_bounds(rows: list[Row], key: str, name: str) -> list[Obj]:
    errors = []
    for row in rows:
        value = row.given[key]
        if 0 <= value <= MOST:
            continue
        path = [*row.path, key]
        if value > MOST:
            message = "The quantity can't be higher than 1,000,000,000."
            errors.append(user_error(path, message, "INVALID_QUANTITY_TOO_HIGH"))
        elif value < -MOST:
            message = "The quantity can't be lower than -1,000,000,000."
            errors.append(user_error(path, message, "INVALID_QUANTITY_TOO_LOW"))
        elif value < 0 and name == "on_hand":
            errors.append(user_error(path, "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE"))
    return errors


@mutation("inventorySetQuantities")
def set_quantities(_: Any, arguments: Obj, context: Context) -> Obj:
    """Set ``available`` or ``on_hand`` of up to 250 pairs: all of them or, if one is refused, none."""
    given = arguments["input"]
    _demand_compare(given["quantities"], "InventoryQuantityInput")
    return once(context, arguments, EMPTY, lambda: _set(context, given))


def _set(context: Context, given: Obj) -> Obj:
    name = given["name"]
    rows = _rows(context, given["quantities"], name, "quantities")
    if errors := _set_errors(context, given, rows):
        return {**EMPTY, "userErrors": errors}
    stale = _stale(context, rows, name)
    answer = context.settings.stale_answer
    if stale and not answer.startswith("per_row"):
        return {**EMPTY, "userErrors": list(stale.values())}
    wanted = [(row, row.given["quantity"]) for row in rows if row.n not in stale]
    errors = list(stale.values())
    if answer == "per_row_unnamed":
        errors = [{**error, "field": None} for error in errors[:1]]
    return {**_applied(context, given, wanted, SET), "userErrors": errors}


def _set_errors(context: Context, given: Obj, rows: list[Row]) -> list[Obj]:
    name = given["name"]
    if name not in ("available", "on_hand"):
        message = "The quantity name must be either 'available' or 'on_hand'."
        return [user_error(["input", "name"], message, "INVALID_NAME")]
    return (
        _reason_error(given["reason"])
        or _out_of_bounds(rows, "quantity", name)
        or _twins(rows)
        or _unknown(context, rows)
        or _closed(context, rows)
        or _bundles(rows)
        or _untracked(rows)
        or _struck(context, rows)
    )


def _struck(context: Context, rows: list[Row]) -> list[Obj]:
    """The fault ``partial_user_errors``: one row is refused, and with it the call."""
    if not context.fault_is("partial_user_errors"):
        return []
    assert context.fault is not None
    row = rows[int(context.fault.params.get("row", 0)) % len(rows)]
    return [user_error([*row.path, "inventoryItemId"], NOT_BY_API, "NON_MUTABLE_INVENTORY_ITEM")]


@mutation("inventoryAdjustQuantities")
def adjust_quantities(_: Any, arguments: Obj, context: Context) -> Obj:
    """Move quantities by deltas."""
    given = arguments["input"]
    _demand_compare(given["changes"], "InventoryChangeInput")
    return once(context, arguments, EMPTY, lambda: _adjust(context, given))


def _adjust(context: Context, given: Obj) -> Obj:
    name = given["name"]
    rows = _rows(context, given["changes"], name, "changes")
    if errors := _adjust_errors(context, given, rows):
        return {**EMPTY, "userErrors": errors}
    if stale := _stale(context, rows, name):
        return {**EMPTY, "userErrors": list(stale.values())}
    cells = [(row, row.cell) for row in rows if row.cell is not None]
    wanted = [(row, cell.quantity(name) + row.given["delta"]) for row, cell in cells]
    return _applied(context, given, wanted, ADJUSTED)


def _adjust_errors(context: Context, given: Obj, rows: list[Row]) -> list[Obj]:
    name = given["name"]
    if name not in ADJUSTABLE:
        message = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
        return [user_error(["input", "name"], message, "INVALID_QUANTITY_NAME")]
    return (
        _reason_error(given["reason"])
        or _ledger_errors(name, rows)
        or _twins(rows)
        or _unknown(context, rows)
        or _closed(context, rows)
        or _bundles(rows)
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


def _applied(context: Context, given: Obj, wanted: list[tuple[Row, int]], kind: str) -> Obj:
    """Write every row to its quantity; the payload. Rows that change nothing are no effects."""
    name, ledger, effects = given["name"], context.ledger, []
    key, first, touched = context.key, len(ledger.stock), {}
    for row, after in wanted:
        cell = row.cell
        assert cell is not None
        before = cell.quantity(name)
        if after == before and cell.stocked:
            continue
        change_level(cell, name, after - before)
        blind = row.given["changeFromQuantity"] is None
        effects.append(StockEffect(kind, cell.item, cell.place, cell.sku, name, before, after, key, blind))
        if isinstance(cell, ObjectCell):
            touched[cell.object["_variant"]] = cell.object
    ledger.moved(*effects)
    _touch(context, touched)
    if all(effect.before == effect.after for effect in effects):
        return dict(EMPTY)
    return {"inventoryAdjustmentGroup": _group(context, given, first), "userErrors": []}


def _group(context: Context, given: Obj, first: int) -> Obj:
    return {
        "__typename": "InventoryAdjustmentGroup",
        "id": gid("InventoryAdjustmentGroup", context.store.number()),
        "createdAt": context.store.now(),
        "reason": given["reason"],
        "referenceDocumentUri": given.get("referenceDocumentUri"),
        "app": None,
        "staffMember": None,
        "_effects": [first, len(context.ledger.stock)],
    }


def _touch(context: Context, items: dict[str, Obj]) -> None:
    """Save the products whose stock moved, each once."""
    products = {context.store.variants[variant]["_product"] for variant in items}
    for id in products:
        context.store.touch(context.store.kinds["product"][id])
