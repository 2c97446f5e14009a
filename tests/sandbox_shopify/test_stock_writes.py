"""Writing stock into a generated catalogue: as strict as elsewhere, and what may strike in between."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify.order_build import build_order
from tests.sandbox_shopify.conftest import Desk
from tests.sandbox_shopify.stock import items, level, row, stock_desk, write


@pytest.fixture(params=["columns", "objects"])
def shop(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """A store of forty SKUs, kept both ways."""
    desk = stock_desk(str(tmp_path / "shop.db") if request.param == "objects" else None)
    yield desk
    desk.tools.state.close()


def _now(desk: Desk, item: str) -> int:
    found: int = level(desk, item)["_q"]["available"]
    return found


def test_a_write_moves_level_times_and_ledger(shop: Desk) -> None:
    item = items(shop)[0]
    was, held = _now(shop, item), level(shop, item)["_q"]["committed"]
    shop.clock.advance(60)
    payload = write(shop, [row(shop, item, was + 5, was)])
    assert payload["userErrors"] == []
    changes = payload["inventoryAdjustmentGroup"]["changes"]
    assert [(c["name"], c["delta"], c["item"]["id"]) for c in changes] == [
        ("available", 5, item), ("on_hand", 5, item)]  # fmt: skip
    now = level(shop, item)
    assert now["_q"]["available"] == was + 5 and now["_q"]["committed"] == held
    assert now["updatedAt"] == now["_at"]["available"] == "2026-11-20T12:01:00Z"
    variant = shop.store.variants[shop.store.items[item]["_variant"]]
    assert shop.store.product_of(variant)["updatedAt"] == "2026-11-20T12:01:00Z"
    (effect,) = shop.tools.ledger.to_dict()["effects"]
    assert (effect["kind"], effect["before"], effect["after"], effect["key"]) == (
        "inventory.set", was, was + 5, "k")  # fmt: skip
    assert shop.tools.ledger.summary()["effects"] == {"inventory.set": 1}


def test_an_on_hand_write_moves_what_is_available(shop: Desk) -> None:
    item = items(shop)[0]
    before = dict(level(shop, item)["_q"])
    assert before["committed"] > 0
    on_hand = before["available"] + before["committed"]
    given = {"name": "on_hand", "reason": "correction", "quantities": [row(shop, item, on_hand + 2, on_hand)]}
    text = """mutation($input: InventorySetQuantitiesInput!) { inventorySetQuantities(input: $input)
      @idempotent(key: "h") { userErrors { code } } }"""
    assert shop.data(text, input=given)["inventorySetQuantities"]["userErrors"] == []
    assert level(shop, item)["_q"]["available"] == before["available"] + 2


@pytest.mark.parametrize(("answer", "named"), [("all_named", 2), ("first_named", 1), ("per_row", 2)])
def test_what_a_stale_row_costs_the_others(shop: Desk, answer: str, named: int) -> None:
    shop.store.settings.stale_answer = answer
    ids = items(shop)[:4]
    were = [_now(shop, one) for one in ids]
    wrong = [were[0], were[1] + 1, were[2], were[3] + 1]
    rows = [row(shop, one, 1000, before) for one, before in zip(ids, wrong, strict=True)]
    payload = write(shop, rows)
    assert len(payload["userErrors"]) == named
    assert payload["userErrors"][0] == {
        "code": "CHANGE_FROM_QUANTITY_STALE",
        "field": ["input", "quantities", "1", "changeFromQuantity"],
    }
    written = [1000, were[1], 1000, were[3]] if answer == "per_row" else were
    assert [_now(shop, one) for one in ids] == written
    assert (payload["inventoryAdjustmentGroup"] is not None) == (answer == "per_row")
    assert write(shop, rows) == payload


def test_a_known_key_answers_again_for_a_day_and_applies_once(shop: Desk) -> None:
    item = items(shop)[0]
    was = _now(shop, item)
    rows = [row(shop, item, was + 1, was)]
    first = write(shop, rows)
    write(shop, [row(shop, item, was + 2, was + 1)], key="other")
    assert write(shop, rows) == first and _now(shop, item) == was + 2
    code = write(shop, [row(shop, item, 1, 1)])["userErrors"][0]["code"]
    assert code == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    shop.clock.advance(24 * 3600)
    assert write(shop, rows)["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert list(shop.store.kinds["key"]) == ["inventorySetQuantities:k"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": -1}, None),
        ({"quantity": 1_000_000_001}, "INVALID_QUANTITY_TOO_HIGH"),
        ({"inventoryItemId": "gid://shopify/InventoryItem/5"}, "INVALID_INVENTORY_ITEM"),
        ({"locationId": "gid://shopify/Location/5"}, "INVALID_LOCATION"),
    ],
)
def test_what_is_refused_in_objects_is_refused_in_columns(shop: Desk, change: Any, code: str | None) -> None:
    payload = write(shop, [{**row(shop, items(shop)[0], 5, None), **change}])
    assert [one["code"] for one in payload["userErrors"]] == ([code] if code else [])


def test_bundles_and_untracked_items_are_refused_and_nothing_is_written() -> None:
    desk = stock_desk(stock_skus="400", stock_dirt="0.2")
    plan, ids = desk.store.settings.stock_plan, items(desk)
    good = next(n for n in range(400) if not plan.dirt_of(n))
    was = _now(desk, ids[good])
    for kind, code in (("bundle", "NON_MUTABLE_INVENTORY_ITEM"), ("untracked", "INVALID_INVENTORY_ITEM")):
        bad = next(n for n in range(400) if plan.dirt_of(n) == kind)
        payload = write(desk, [row(desk, ids[good], 1000, None), row(desk, ids[bad], 5, None)], key=kind)
        assert [(e["code"], e["field"][2]) for e in payload["userErrors"]] == [(code, "1")]
    assert _now(desk, ids[good]) == was
    assert desk.tools.ledger.summary()["effects"] == {}


def test_twins_in_a_call_are_refused(shop: Desk) -> None:
    one = row(shop, items(shop)[0], 5, None)
    codes = {error["code"] for error in write(shop, [one, one])["userErrors"]}
    assert codes == {"NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"}


ADJUST = """mutation($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) { userErrors { code } } }"""


def test_deltas_of_every_adjustable_quantity(shop: Desk) -> None:
    item = items(shop)[0]
    was = dict(level(shop, item)["_q"])
    for name, uri in (("available", None), ("damaged", "gid://erp/Doc/1")):
        change = {"inventoryItemId": item, "locationId": shop.locations[0], "delta": 4,
                  "changeFromQuantity": None, **({"ledgerDocumentUri": uri} if uri else {})}  # fmt: skip
        given = {"name": name, "reason": "correction", "changes": [change]}
        assert shop.data(ADJUST, input=given, key=name)["inventoryAdjustQuantities"]["userErrors"] == []
    now = level(shop, item)["_q"]
    assert (now["available"], now["damaged"]) == (was["available"] + 4, 4)
    # A write afterwards keeps the damaged ones.
    write(shop, [row(shop, item, 1, now["available"])])
    assert level(shop, item)["_q"]["damaged"] == 4


TOGGLE = """mutation($id: ID!, $u: [InventoryBulkToggleActivationInput!]!) {
  inventoryBulkToggleActivation(inventoryItemId: $id, inventoryItemUpdates: $u) {
    inventoryLevels { isActive } userErrors { code } } }"""
ACTIVATE = """mutation($i: ID!, $l: ID!, $key: String!) { inventoryActivate(inventoryItemId: $i, locationId:
$l)
  @idempotent(key: $key) { inventoryLevel { isActive quantities(names: ["available"]) { quantity } }
  userErrors { message } } }"""


def test_an_unstocked_item_is_activated_then_set(shop: Desk) -> None:
    item, place = items(shop)[1], shop.locations[1]
    shop.data(TOGGLE, id=item, u=[{"locationId": place, "activate": False}])
    assert not level(shop, item, 1)["isActive"]
    was = level(shop, item, 1)["_q"]["available"]
    again = shop.data(ACTIVATE, i=item, l=place, key="a")["inventoryActivate"]
    assert again["inventoryLevel"] == {"isActive": True, "quantities": [{"quantity": was}]}
    assert write(shop, [row(shop, item, 3, was, place=1)])["userErrors"] == []
    assert level(shop, item, 1)["_q"]["available"] == 3


def test_a_row_never_stocked_starts_at_nothing() -> None:
    desk = stock_desk(stock_unstocked="0.5")
    item = items(desk)[1]
    assert desk.locations[1] not in desk.store.items[item]["_levels"]
    made = desk.data(ACTIVATE, i=item, l=desk.locations[1], key="a")["inventoryActivate"]
    assert made["inventoryLevel"] == {"isActive": True, "quantities": [{"quantity": 0}]}
    assert write(desk, [row(desk, item, 3, 0, place=1)])["userErrors"] == []
    assert level(desk, item, 1)["_q"]["available"] == 3


def test_tracking_is_switched_by_the_item(shop: Desk) -> None:
    item = items(shop)[0]
    text = """mutation($id: ID!, $t: Boolean) { inventoryItemUpdate(id: $id, input: {tracked: $t}) {
      inventoryItem { tracked } userErrors { message } } }"""
    off = shop.data(text, id=item, t=False)["inventoryItemUpdate"]
    assert off == {"inventoryItem": {"tracked": False}, "userErrors": []}
    assert write(shop, [row(shop, item, 3, None)])["userErrors"][0]["code"] == "INVALID_INVENTORY_ITEM"
    shop.data(text, id=item, t=True)
    assert write(shop, [row(shop, item, 3, None)], key="on")["userErrors"] == []


def test_a_sale_strikes_just_before_the_next_write(shop: Desk) -> None:
    item = items(shop)[0]
    was = _now(shop, item)
    sku = shop.store.items[item]["sku"]
    shop.engine.hooks.add({"rows": [{"sku": sku, "delta": -2}]})
    stale = write(shop, [row(shop, item, 1000, was)])
    assert stale["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert _now(shop, item) == was - 2
    assert write(shop, [row(shop, item, 1000, was - 2)], key="again")["userErrors"] == []
    (hook,) = shop.engine.hooks.shown()
    assert (hook["hits"], hook["sold"]) == (1, 1)


def test_a_share_of_a_calls_own_rows_is_sold_once_each() -> None:
    desk = stock_desk(stale_answer="per_row")
    ids = [one for one in items(desk) if _now(desk, one) > 0]
    desk.engine.hooks.add({"share": 0.3, "count": None, "seed": 5})
    wanted, stale = {one: 2000 + n for n, one in enumerate(ids)}, 0
    rest = list(ids)
    for key in range(10):
        rows = [row(desk, one, wanted[one], _now(desk, one)) for one in rest]
        named = {int(error["field"][2]) for error in write(desk, rows, key=str(key))["userErrors"]}
        rest = [one for n, one in enumerate(rest) if n in named]
        stale += len(named)
        if not rest:
            break
    assert rest == [] and 0 < stale < len(ids)
    assert {one: _now(desk, one) for one in ids} == wanted
    assert desk.tools.ledger.summary()["effects"] == {"hand.inventory.sold": stale, "inventory.set": len(ids)}


def test_an_order_takes_from_what_is_available(shop: Desk) -> None:
    item = items(shop)[2]
    was, sku = dict(level(shop, item)["_q"]), shop.store.items[item]["sku"]
    build_order(shop.store, {"lines": [{"sku": sku, "quantity": 2}]})
    now = level(shop, item)
    assert (now["_q"]["available"], now["_q"]["committed"]) == (was["available"] - 2, was["committed"] + 2)
    assert write(shop, [row(shop, item, 5, was["available"])])["userErrors"] != []
    assert write(shop, [row(shop, item, 5, was["available"] - 2)], key="b")["userErrors"] == []
    assert level(shop, item)["_q"]["committed"] == was["committed"] + 2


def test_an_option_of_a_generated_product_is_a_node() -> None:
    desk = stock_desk()
    option = desk.store.sorted("product", "id")[3]["_options"][0]["id"]
    text = "query($i: ID!) { node(id: $i) { ... on ProductOption { name } } }"
    assert desk.data(text, i=option) == {"node": {"name": "Beden"}}
    assert desk.data(text, i="gid://shopify/ProductOption/5") == {"node": None}
