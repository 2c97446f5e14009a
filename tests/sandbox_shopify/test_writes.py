"""The smaller mutations: order fields, tracking, refunds, files, media order, deletion, subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify.order_build import build_order
from tests.sandbox_shopify.conftest import Desk

REFUND = """mutation($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key:
$key) {
  refund { id totalRefundedSet { shopMoney { amount } } } order { displayFinancialStatus }
  userErrors { message } } }"""
FILE = """mutation($files: [FileUpdateInput!]!) { fileUpdate(files: $files) {
  files { alt } userErrors { code } } }"""


def _order(desk: Desk, **spec: Any) -> dict[str, Any]:
    desk.product()
    return build_order(desk.store, {"lines": [{"sku": "KE-S", "quantity": 2, "price": "10"}], **spec})


def test_order_tags_are_overwritten_and_metafields_set(desk: Desk) -> None:
    order = _order(desk, tags=["eski"])
    text = """mutation($input: OrderInput!) { orderUpdate(input: $input) {
      order { tags note metafield(namespace: "sync", key: "erp") { value } } userErrors { field message } }
      }"""
    mark = {"namespace": "sync", "key": "erp", "type": "single_line_text_field", "value": "4711"}
    given = {"id": order["id"], "tags": ["yeni"], "note": "elden", "metafields": [mark]}
    assert desk.data(text, input=given)["orderUpdate"] == {
        "order": {"tags": ["yeni"], "note": "elden", "metafield": {"value": "4711"}},
        "userErrors": [],
    }
    unknown = desk.data(text, input={"id": "gid://shopify/Order/1"})["orderUpdate"]
    assert unknown["userErrors"] == [{"field": ["id"], "message": "Order does not exist"}]


def test_tracking_can_be_changed_and_a_shipment_taken_back(desk: Desk) -> None:
    order = _order(desk)
    one = order["_fulfillment_orders"][0]
    ship = "mutation($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) { fulfillment { id } } }"
    asked = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": one["id"]}]}
    id = desk.data(ship, f=asked)["fulfillmentCreate"]["fulfillment"]["id"]
    text = """mutation($id: ID!, $t: FulfillmentTrackingInput!) {
      fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $t) {
        fulfillment { trackingInfo { company number url } } userErrors { message } } }"""
    given = {"company": "Yurtiçi", "numbers": ["1", "2"], "urls": ["https://example.com/1"]}
    made = desk.data(text, id=id, t=given)["fulfillmentTrackingInfoUpdate"]["fulfillment"]["trackingInfo"]
    assert made == [
        {"company": "Yurtiçi", "number": "1", "url": "https://example.com/1"},
        {"company": "Yurtiçi", "number": "2", "url": None},
    ]
    back = (
        "mutation($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { status } userErrors { message } } }"
    )
    assert desk.data(back, id=id)["fulfillmentCancel"]["fulfillment"] == {"status": "CANCELLED"}
    assert (order["displayFulfillmentStatus"], one["status"]) == ("UNFULFILLED", "OPEN")
    effects = desk.tools.ledger.summary()["effects"]
    assert (effects["fulfillment.tracking"], effects["fulfillment.cancelled"]) == (1, 1)


def test_a_refund_is_made_once_per_key(desk: Desk) -> None:
    order = _order(desk)
    paid = order["_transactions"][0]
    line = {"lineItemId": order["_lines"][0]["id"], "quantity": 1, "restockType": "NO_RESTOCK"}
    money = {
        "orderId": order["id"],
        "amount": "10",
        "gateway": "manual",
        "kind": "REFUND",
        "parentId": paid["id"],
    }
    given = {"orderId": order["id"], "refundLineItems": [line], "transactions": [money]}
    first = desk.data(REFUND, input=given, key="r")["refundCreate"]
    assert first["order"] == {"displayFinancialStatus": "PARTIALLY_REFUNDED"}
    assert desk.data(REFUND, input=given, key="r")["refundCreate"] == first
    assert len(order["_refunds"]) == 1
    del money["parentId"]
    orphan = desk.data(REFUND, input=given, key="s")["refundCreate"]["userErrors"]
    assert orphan == [{"message": "Transactions require a parent_id associated with the order"}]
    money |= {"parentId": paid["id"], "amount": "999"}
    assert "greater than net payment" in str(
        desk.data(REFUND, input=given, key="t")["refundCreate"]["userErrors"]
    )


def test_files_change_only_when_ready(desk: Desk) -> None:
    product = desk.product(files=[{"originalSource": "https://example.com/a.jpg"}])
    id = product["_media"][0]
    assert desk.data(FILE, files=[{"id": id, "alt": "x"}])["fileUpdate"]["userErrors"] == [
        {"code": "NON_READY_STATE"}
    ]
    desk.clock.advance(10)
    made = desk.data(FILE, files=[{"id": id, "alt": "Önden", "referencesToRemove": [product["id"]]}])[
        "fileUpdate"
    ]
    assert made == {"files": [{"alt": "Önden"}], "userErrors": []}
    assert product["_media"] == []
    renamed = desk.data(FILE, files=[{"id": id, "filename": "a.png"}])["fileUpdate"]["userErrors"]
    assert renamed == [{"code": "INVALID_FILENAME_EXTENSION"}]


def test_deleted_files_leave_their_products(desk: Desk) -> None:
    product = desk.product(files=[{"originalSource": f"https://example.com/{n}.jpg"} for n in range(2)])
    text = "mutation($ids: [ID!]!) { fileDelete(fileIds: $ids) { deletedFileIds userErrors { code } } }"
    gone, kept = product["_media"]
    assert desk.data(text, ids=[gone])["fileDelete"]["deletedFileIds"] == [gone]
    assert product["_media"] == [kept]
    assert desk.data(text, ids=[gone])["fileDelete"]["userErrors"] == [{"code": "FILE_DOES_NOT_EXIST"}]


def test_a_deleted_product_stays_in_search_for_a_moment(desk: Desk) -> None:
    product = desk.product()
    desk.clock.advance(5)
    assert desk.data('{productsCount(query: "tag_not:x") { count } }')["productsCount"] == {"count": 1}
    text = (
        "mutation($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { message } } }"
    )
    assert desk.data(text, id=product["id"])["productDelete"]["deletedProductId"] == product["id"]
    assert desk.data("query($id: ID!) { product(id: $id) { id } }", id=product["id"])["product"] is None
    count = '{productsCount(query: "status:active") { count } }'
    assert desk.data(count)["productsCount"] == {"count": 1}
    desk.clock.advance(5)
    assert desk.data(count)["productsCount"] == {"count": 0}
    assert desk.store.variants == {}


def test_the_item_of_a_variant_takes_cost_weight_and_customs_data(desk: Desk) -> None:
    item = desk.product()["_variants"][0]["_item"]
    text = """mutation($id: ID!, $i: InventoryItemInput!) { inventoryItemUpdate(id: $id, input: $i) {
      inventoryItem { sku unitCost { amount } harmonizedSystemCode measurement { weight { value unit } } }
      userErrors { message } } }"""
    given = {"cost": "45.5", "sku": "YENİ", "harmonizedSystemCode": "6109.10",
             "measurement": {"weight": {"value": 0.3, "unit": "KILOGRAMS"}}}  # fmt: skip
    assert desk.data(text, id=item["id"], i=given)["inventoryItemUpdate"]["inventoryItem"] == {
        "sku": "YENİ",
        "unitCost": {"amount": "45.5"},
        "harmonizedSystemCode": "610910",
        "measurement": {"weight": {"value": 0.3, "unit": "KILOGRAMS"}},
    }
    assert desk.store.variants_by_sku["YENİ"] == {item["_variant"]}


@pytest.mark.parametrize(
    "uri", ["http://example.com/x", "https://127.0.0.1/x", "https://a.myshopify.com/x", "ftp://x"]
)
def test_webhooks_go_to_public_https_only(desk: Desk, uri: str) -> None:
    text = """mutation($u: String!) { webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription:
    {uri: $u}) {
      webhookSubscription { id } userErrors { message } } }"""
    assert desk.data(text, u=uri)["webhookSubscriptionCreate"]["webhookSubscription"] is None
    assert desk.data(text, u="https://example.com/x")["webhookSubscriptionCreate"]["userErrors"] == []
    again = desk.data(text, u="https://example.com/x")["webhookSubscriptionCreate"]["userErrors"]
    assert again == [{"message": "Address for this topic has already been taken"}]
