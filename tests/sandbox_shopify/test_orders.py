"""Placed orders add up, take stock, are shipped, refunded and cancelled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.control import BadRequest
from sandbox.shopify import order_edit, people
from sandbox.shopify.order_build import BadOrder, build_order
from sandbox.shopify.order_discounts import spread
from sandbox.shopify.order_generate import DIRTS, place_orders
from tests.sandbox_shopify.conftest import Desk

READ = """query($q: String) { orders(first: 100, query: $q, sortKey: UPDATED_AT) { nodes {
  id name taxesIncluded displayFinancialStatus displayFulfillmentStatus tags
  totalPriceSet { shopMoney { amount } } currentTotalPriceSet { shopMoney { amount } }
  totalTaxSet { shopMoney { amount } } totalTipReceivedSet { shopMoney { amount } }
  additionalFees { price { shopMoney { amount } } }
  shippingLines(first: 5) { nodes { discountedPriceSet { shopMoney { amount } }
    taxLines { priceSet { shopMoney { amount } } } } }
  lineItems(first: 50) { nodes { quantity currentQuantity originalTotalSet { shopMoney { amount } }
    discountAllocations { allocatedAmountSet { shopMoney { amount } } }
    taxLines { priceSet { shopMoney { amount } } } } }
  transactions { kind status amountSet { shopMoney { amount } } } } } }"""
SHIP = """mutation($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) {
  fulfillment { id trackingInfo { number } } userErrors { message } } }"""
CANCEL = """mutation($id: ID!) { orderCancel(orderId: $id, reason: INVENTORY, restock: true,
  refundMethod: {originalPaymentMethodsRefund: true}) { job { id done } orderCancelUserErrors { message } }
  }"""


def _shop(money: dict[str, Any]) -> Decimal:
    return Decimal(money["shopMoney"]["amount"])


def _levels(desk: Desk, product: dict[str, Any]) -> list[tuple[int, int]]:
    levels = [one["_item"]["_levels"][desk.locations[0]]["_q"] for one in product["_variants"]]
    return [(level["available"], level["committed"]) for level in levels]


def test_generated_orders_add_up_to_the_kurus(desk: Desk) -> None:
    for n in range(6):
        desk.product(f"Ürün {n}", code=str(n))
    place_orders(desk.store, {"count": 60, "seed": 9, "dirt": 0.3})
    for order in desk.data(READ)["orders"]["nodes"]:
        lines = sum((_shop(line["originalTotalSet"]) for line in order["lineItems"]["nodes"]), Decimal(0))
        discounts = sum(
            (_shop(one["allocatedAmountSet"]) for line in order["lineItems"]["nodes"]
             for one in line["discountAllocations"]), Decimal(0),
        )  # fmt: skip
        shipping = sum(
            (_shop(one["discountedPriceSet"]) for one in order["shippingLines"]["nodes"]), Decimal(0)
        )
        extras = _shop(order["totalTipReceivedSet"])
        extras += sum((_shop(fee["price"]) for fee in order["additionalFees"]), Decimal(0))
        assert order["taxesIncluded"]
        assert lines - discounts + shipping + extras == _shop(order["totalPriceSet"]), order["name"]
        parts = [*order["lineItems"]["nodes"], *order["shippingLines"]["nodes"]]
        taxes = sum((_shop(tax["priceSet"]) for part in parts for tax in part["taxLines"]), Decimal(0))
        assert taxes == _shop(order["totalTaxSet"])
        assert _shop(order["transactions"][0]["amountSet"]) == _shop(order["totalPriceSet"])


def test_the_same_seed_places_the_same_orders_and_names_its_dirt(make_desk: Any) -> None:
    totals = []
    for _ in range(2):
        desk = make_desk()
        for n in range(4):
            desk.product(f"Ürün {n}", code=str(n))
        orders = place_orders(desk.store, {"count": 20, "seed": 3, "dirt": 0.5})
        totals.append([(order["_totals"]["total"], order["tags"]) for order in orders])
    assert totals[0] == totals[1]
    dirty = [tags[0] for _, tags in totals[0] if tags]
    assert len(dirty) == 10
    assert {tag.removeprefix("dirt-").replace("-", "_") for tag in dirty} == set(DIRTS)


def test_an_empty_shop_has_nothing_to_order(desk: Desk) -> None:
    with pytest.raises(BadOrder, match="sync or seed"):
        place_orders(desk.store, {"count": 1})


def test_discounts_are_spread_to_the_kurus() -> None:
    assert spread(Decimal("10.00"), [Decimal(1)] * 3) == [Decimal("3.34"), Decimal("3.33"), Decimal("3.33")]
    assert sum(spread(Decimal("0.01"), [Decimal(5), Decimal(7)])) == Decimal("0.01")
    assert spread(Decimal("5"), [Decimal(0), Decimal(0)]) == [Decimal(0), Decimal(0)]


def test_an_order_moves_available_into_committed_and_shipping_out_of_the_house(desk: Desk) -> None:
    product = desk.product()
    order = build_order(desk.store, {"lines": [{"sku": "KE-S", "quantity": 2}]})
    assert _levels(desk, product)[0] == (1, 2)
    one = order["_fulfillment_orders"][0]
    asked = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": one["id"]}],
        "trackingInfo": {"number": "77"},
    }
    shipped = desk.data(SHIP, f=asked)["fulfillmentCreate"]
    assert shipped["fulfillment"]["trackingInfo"] == [{"number": "77"}]
    assert _levels(desk, product)[0] == (1, 0)
    assert (order["displayFulfillmentStatus"], one["status"]) == ("FULFILLED", "CLOSED")
    again = desk.data(SHIP, f=asked)["fulfillmentCreate"]
    assert again["fulfillment"] is None
    assert "unfulfillable status= closed" in again["userErrors"][0]["message"]
    assert desk.tools.ledger.summary()["effects"]["fulfillment.created"] == 1


def test_a_part_can_be_shipped(desk: Desk) -> None:
    desk.product()
    order = build_order(desk.store, {"lines": [{"sku": "KE-S", "quantity": 2}, {"sku": "KE-M"}]})
    one = order["_fulfillment_orders"][0]
    row = {"id": one["_lines"][0]["id"], "quantity": 1}
    asked = {
        "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": one["id"], "fulfillmentOrderLineItems": [row]}]
    }
    assert desk.data(SHIP, f=asked)["fulfillmentCreate"]["userErrors"] == []
    assert (order["displayFulfillmentStatus"], one["status"]) == ("PARTIALLY_FULFILLED", "IN_PROGRESS")
    row["quantity"] = 5
    refused = desk.data(SHIP, f=asked)["fulfillmentCreate"]["userErrors"]
    assert refused == [{"message": "Invalid fulfillment order line item quantity requested."}]


def test_fulfilment_orders_of_two_places_are_not_shipped_together(desk: Desk) -> None:
    desk.product()
    spec = {"lines": [{"sku": "KE-S"}]}
    ids = [
        build_order(desk.store, {**spec, "location": location})["_fulfillment_orders"][0]["id"]
        for location in desk.locations
    ]
    asked = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": id} for id in ids]}
    assert "same order" in desk.data(SHIP, f=asked)["fulfillmentCreate"]["userErrors"][0]["message"]


def test_cancelling_is_asynchronous_and_restocks(desk: Desk) -> None:
    product = desk.product()
    order = build_order(desk.store, {"lines": [{"sku": "KE-S", "quantity": 2}]})
    job = desk.data(CANCEL, id=order["id"])["orderCancel"]["job"]
    assert job["done"] is False
    assert order["cancelledAt"] is None
    assert "already in progress" in str(
        desk.data(CANCEL, id=order["id"])["orderCancel"]["orderCancelUserErrors"]
    )
    desk.clock.advance(2)
    assert desk.data("query($id: ID!) { job(id: $id) { done } }", id=job["id"])["job"] == {"done": True}
    assert order["cancelReason"] == "INVENTORY"
    assert order["displayFinancialStatus"] == "REFUNDED"
    assert _levels(desk, product)[0] == (3, 0)
    assert "already been canceled" in str(desk.data(CANCEL, id=order["id"])["orderCancel"])


def test_a_shipped_order_is_not_cancelled(desk: Desk) -> None:
    desk.product()
    order = build_order(desk.store, {"lines": [{"sku": "KE-S"}]})
    asked = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": order["_fulfillment_orders"][0]["id"]}]}
    desk.data(SHIP, f=asked)
    assert "outstanding fulfillments" in str(desk.data(CANCEL, id=order["id"])["orderCancel"])


def test_an_edited_order_shows_what_is_left(desk: Desk) -> None:
    product = desk.product()
    order = build_order(
        desk.store, {"lines": [{"sku": "KE-S", "quantity": 3, "price": "10"}, {"sku": "KE-M", "price": "5"}]}
    )
    order_edit.edit_order(desk.store, order, {"lines": [{"sku": "KE-S", "quantity": 1}]})
    (read,) = desk.data(READ)["orders"]["nodes"]
    assert [line["currentQuantity"] for line in read["lineItems"]["nodes"]] == [1, 1]
    assert (_shop(read["totalPriceSet"]), _shop(read["currentTotalPriceSet"])) == (Decimal(35), Decimal(15))
    assert _levels(desk, product)[0] == (2, 1)
    with pytest.raises(BadRequest, match="no line"):
        order_edit.edit_order(desk.store, order, {"lines": [{"sku": "XX", "quantity": 1}]})


def test_a_refund_by_hand_changes_the_status(desk: Desk) -> None:
    desk.product()
    order = build_order(desk.store, {"lines": [{"sku": "KE-S", "quantity": 2, "price": "10"}]})
    order_edit.edit_order(desk.store, order, {"refund": {"lines": [{"sku": "KE-S"}], "amount": "10"}})
    assert order["displayFinancialStatus"] == "PARTIALLY_REFUNDED"
    assert order["_totals"]["current_total"] == "10.00"
    assert order["_lines"][0]["currentQuantity"] == 1


def test_withheld_customers_answer_null_with_errors(desk: Desk) -> None:
    desk.product()
    build_order(desk.store, {"lines": [{"sku": "KE-S"}], "email": "b@example.com"})
    build_order(desk.store, {"lines": [{"sku": "KE-S"}], "email": "a@example.com", "withheld": True})
    answer = desk(
        "{orders(first: 2, sortKey: ID) { nodes { name email customer { id } shippingAddress { city } } } }"
    )
    node = answer["data"]["orders"]["nodes"][1]
    assert (node["email"], node["customer"], node["shippingAddress"]) == (None, None, None)
    assert answer["data"]["orders"]["nodes"][0]["email"] == "b@example.com"
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"ACCESS_DENIED"}
    assert sorted(error["path"] for error in answer["errors"]) == [
        ["orders", "nodes", 1, name] for name in ("customer", "email", "shippingAddress")
    ]


def test_orders_older_than_sixty_days_need_their_scope(make_desk: Any) -> None:
    desk = make_desk(scopes="write_products,read_orders")
    desk.product()
    build_order(desk.store, {"lines": [{"sku": "KE-S"}], "created_at": "2026-01-01T00:00:00Z"})
    build_order(desk.store, {"lines": [{"sku": "KE-S"}]})
    assert len(desk.data("{orders(first: 5) { nodes { id } } }")["orders"]["nodes"]) == 1
    desk.platform.settings.scopes += ",read_all_orders"
    assert len(desk.data("{orders(first: 5) { nodes { id } } }")["orders"]["nodes"]) == 2


def test_identity_numbers_have_right_check_digits() -> None:
    import random

    dice = random.Random(4)
    for _ in range(50):
        digits = [int(one) for one in people.tckn(dice)]
        assert (7 * sum(digits[0:9:2]) - sum(digits[1:8:2])) % 10 == digits[9]
        assert sum(digits[:10]) % 10 == digits[10]
        assert len(people.vkn(dice)) == 10


def test_orders_are_placed_now_unless_spread_over_hours(desk: Desk) -> None:
    desk.product()
    now = desk.store.now()
    assert [order["createdAt"] for order in place_orders(desk.store, {"count": 2})] == [now, now]
    spread_out = place_orders(desk.store, {"count": 2, "hours": 10})
    assert [order["createdAt"][11:16] for order in spread_out] == ["02:00", "07:00"]
