"""Words of the stock tests: stores with a generated catalogue, and calls that write stock."""

from __future__ import annotations

from typing import Any

from tests.sandbox_shopify.conftest import Desk

SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { name delta item { id } location { id } } }
    userErrors { code field } } }"""


def stock_desk(state: str | None = None, **settings: Any) -> Desk:
    """A store with a generated stock catalogue (40 SKUs unless told)."""
    return Desk(state, **{"stock_skus": "40", **{name: str(value) for name, value in settings.items()}})


def items(desk: Desk) -> list[str]:
    """Ids of all inventory items, by variant."""
    return [one["_item"]["id"] for one in desk.store.sorted("variant", "id")]


def level(desk: Desk, item: str, place: int = 0) -> dict[str, Any]:
    """An item's level as the store has it now."""
    found: dict[str, Any] = desk.store.items[item]["_levels"][desk.locations[place]]
    return found


def row(desk: Desk, item: str, quantity: int, before: int | None, place: int = 0) -> dict[str, Any]:
    """One row of inventorySetQuantities."""
    given = {"inventoryItemId": item, "locationId": desk.locations[place]}
    return {**given, "quantity": quantity, "changeFromQuantity": before}


def write(desk: Desk, rows: list[dict[str, Any]], key: str = "k") -> dict[str, Any]:
    """One call; its payload."""
    given = {"name": "available", "reason": "correction", "quantities": rows}
    payload: dict[str, Any] = desk.data(SET, input=given, key=key)["inventorySetQuantities"]
    return payload
