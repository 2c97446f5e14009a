"""Stock: compare-and-set, idempotency keys, whole-call refusals, activation."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox_shopify.conftest import Desk

SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id changes { name delta } } userErrors { code field } } }"""
ACTIVATE = """mutation($item: ID!, $at: ID!, $n: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $at, available: $n) @idempotent(key: $key) {
    inventoryLevel { isActive quantities(names: ["available"]) { quantity } } userErrors { message } } }"""


def _rows(desk: Desk, product: dict[str, Any], *rows: tuple[int, Any]) -> dict[str, Any]:
    """Input that sets the product's variants in turn: (quantity, what it was)."""
    quantities = [
        {"inventoryItemId": variant["_item"]["id"], "locationId": desk.locations[0], "quantity": quantity,
         "changeFromQuantity": before}
        for variant, (quantity, before) in zip(product["_variants"], rows, strict=False)
    ]  # fmt: skip
    return {"name": "available", "reason": "correction", "quantities": quantities}


def _set(desk: Desk, given: dict[str, Any], key: str) -> dict[str, Any]:
    payload: dict[str, Any] = desk.data(SET, input=given, key=key)["inventorySetQuantities"]
    return payload


def _available(desk: Desk, product: dict[str, Any]) -> list[int]:
    return [one["_item"]["_levels"][desk.locations[0]]["_q"]["available"] for one in product["_variants"]]


def _stock_effects(desk: Desk) -> list[dict[str, Any]]:
    return [one for one in desk.tools.ledger.to_dict()["effects"] if one["kind"] == "inventory.set"]


def test_sets_and_writes_each_row_into_the_ledger(desk: Desk) -> None:
    product = desk.product()
    payload = _set(desk, _rows(desk, product, (7, 3), (3, 3)), "a")
    assert payload["inventoryAdjustmentGroup"]["changes"] == [
        {"name": "available", "delta": 4},
        {"name": "on_hand", "delta": 4},
    ]
    assert _available(desk, product) == [7, 3]
    (effect,) = _stock_effects(desk)
    assert (effect["before"], effect["after"], effect["key"]) == (3, 7, "a")


def test_the_same_key_and_arguments_answer_the_same_and_apply_once(desk: Desk) -> None:
    product = desk.product()
    first = _set(desk, _rows(desk, product, (7, 3)), "a")
    assert _set(desk, _rows(desk, product, (7, 3)), "a") == first
    assert len(_stock_effects(desk)) == 1
    other = _set(desk, _rows(desk, product, (8, 7)), "a")
    assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    desk.clock.advance(24 * 3600)
    assert (
        _set(desk, _rows(desk, product, (7, 3)), "a")["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    )


def test_keys_are_demanded(desk: Desk) -> None:
    text = SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    answer = desk(text, input=_rows(desk, desk.product(), (7, 3)))
    assert answer["data"] == {"inventorySetQuantities": None}
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


def test_null_overwrites_blindly_and_absence_is_refused(desk: Desk) -> None:
    product = desk.product()
    assert _set(desk, _rows(desk, product, (9, None)), "a")["userErrors"] == []
    given = _rows(desk, product, (4, None))
    del given["quantities"][0]["changeFromQuantity"]
    answer = desk(SET, input=given, key="b")
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert len(answer["errors"][0]["locations"]) == 2
    assert _available(desk, product)[0] == 9


@pytest.mark.parametrize(("mode", "named"), [("all_named", ["0", "1"]), ("first_named", ["0"])])
def test_a_stale_row_refuses_the_whole_call(make_desk: Any, mode: str, named: list[str]) -> None:
    desk = make_desk(stale_answer=mode)
    product = desk.product(sizes=("S", "M", "L"))
    payload = _set(desk, _rows(desk, product, (9, 1), (9, 2), (9, 3)), "a")
    assert [error["code"] for error in payload["userErrors"]] == ["CHANGE_FROM_QUANTITY_STALE"] * len(named)
    assert [error["field"][2] for error in payload["userErrors"]] == named
    assert _available(desk, product) == [3, 3, 3]
    assert _stock_effects(desk) == []


def test_untracked_items_are_refused(desk: Desk) -> None:
    product = desk.product()
    product["_variants"][0]["_item"]["tracked"] = False
    assert _set(desk, _rows(desk, product, (9, 3)), "a")["userErrors"][0]["code"] == "INVALID_INVENTORY_ITEM"


def test_250_rows_go_and_251_do_not(desk: Desk) -> None:
    row = _rows(desk, desk.product(), (1, 3))["quantities"][0]
    answer = desk(
        SET, input={"name": "available", "reason": "correction", "quantities": [row] * 251}, key="a"
    )
    assert answer["errors"][0]["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_activation_stocks_and_refuses_quantities_on_active_levels(desk: Desk) -> None:
    item = desk.product()["_variants"][0]["_item"]["id"]
    first = desk.data(ACTIVATE, item=item, at=desk.locations[1], n=None, key="a")["inventoryActivate"]
    assert first == {"inventoryLevel": {"isActive": True, "quantities": [{"quantity": 0}]}, "userErrors": []}
    again = desk.data(ACTIVATE, item=item, at=desk.locations[1], n=5, key="b")["inventoryActivate"]
    assert "already active" in again["userErrors"][0]["message"]
    assert again["inventoryLevel"]["quantities"] == [{"quantity": 0}]


def test_a_level_comes_back_with_its_old_quantities(desk: Desk) -> None:
    product = desk.product()
    item = product["_variants"][0]["_item"]
    desk.data(ACTIVATE, item=item["id"], at=desk.locations[1], n=4, key="a")
    toggle = """mutation($id: ID!, $u: [InventoryBulkToggleActivationInput!]!) {
      inventoryBulkToggleActivation(inventoryItemId: $id, inventoryItemUpdates: $u) {
        inventoryLevels { isActive } userErrors { code } } }"""
    off = [{"locationId": desk.locations[1], "activate": False}]
    assert desk.data(toggle, id=item["id"], u=off)["inventoryBulkToggleActivation"]["userErrors"] == []
    read = "query($id: ID!) { inventoryItem(id: $id) { inventoryLevels(first: 5) { nodes { id } } } }"
    assert len(desk.data(read, id=item["id"])["inventoryItem"]["inventoryLevels"]["nodes"]) == 1
    back = desk.data(ACTIVATE, item=item["id"], at=desk.locations[1], n=None, key="b")["inventoryActivate"]
    assert back["inventoryLevel"]["quantities"] == [{"quantity": 4}]
    last = [{"locationId": id, "activate": False} for id in desk.locations[:1]]
    desk.data(toggle, id=item["id"], u=off)
    refused = desk.data(toggle, id=item["id"], u=last)["inventoryBulkToggleActivation"]["userErrors"]
    assert refused == [{"code": "CANNOT_DEACTIVATE_FROM_ONLY_LOCATION"}]
