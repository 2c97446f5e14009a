"""Orders of Shopify as they are read, and the shipments that are reported there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.connectors.shopify import ShopifyConnector
from sync.errors import OutcomeUnknown
from sync.model.call import Change, Diff, Found, State, Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment, Order, Tracking
from sync.model.product import Product
from tests.contract.shopify.changes import change, creation, orders, send
from tests.contract.shopify_factory import ShopifyHarness, lira


class TestOrders:
    def test_an_order_is_read_as_it_stands(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        shop.place_orders(5)
        found = orders(connector)
        assert len(found) == 5 and not any(order.problems for order in found)
        for order in found:
            extras = sum((e.amount.amount for e in order.extras if e.kind != "gift_card"), lira("0").amount)
            lines = sum((line.total.amount for line in order.lines), lira("0").amount)
            shipping = order.shipping.amount if order.shipping else lira("0").amount
            assert lines + shipping + extras == order.total.amount, order.name

    def test_orders_by_name_with_or_without_the_sign(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        shop.place_orders(3)
        names = sorted(order.name for order in orders(connector))
        assert [o.name for o in orders(connector, names=(names[0], names[1].lstrip("#")))] == names[:2]

    def test_what_shopify_withholds_is_not_empty(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        shop.place_orders(2)
        granted = ",".join(sorted(connector.check().scopes - {"read_customers", "write_customers"}))
        shop.sandbox.post("/settings", {"scopes": granted})
        try:
            found = orders(connector)
            assert len(found) == 2 and all("customer" in order.withheld for order in found)
            assert all(order.buyer.name is None for order in found)
            check = connector.check([Entity.ORDER])
            assert [m.code for m in check.missing] == ["scope.read_customers"]
            assert "read_customers" in str(check.missing[0].message)
        finally:
            shop.sandbox.post("/settings", {"scopes": granted + ",write_customers"})

    def shipment(self, order: Order, number: str = "TR1") -> Change:
        body = Fulfilment("", order.id, Tracking("Yurtiçi Kargo", number, "https://x.example/1"))
        return change(1, Entity.FULFILMENT, Verb.CREATE, parent_id=order.id, body=body)

    def open_order(self, connector: ShopifyConnector, shop: ShopifyHarness) -> Order:
        shop.place_orders(6)
        return next(o for o in orders(connector) if o.fulfilment == "unfulfilled" and not o.cancelled_at)

    def test_a_shipment_is_made_once(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        [call] = connector.batch([self.shipment(order)])
        shop.sandbox.fault("timeout_after", 1, match={"operation": "fulfillmentCreate"})
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        assert connector.find_written(call).found is Found.YES
        assert connector.send(call)[0].state is State.APPLIED
        [now] = orders(connector, ids=(order.id,))
        assert [f.tracking.number for f in now.fulfilments] == ["TR1"] and now.fulfilment == "fulfilled"

    def test_a_second_shipment_has_nothing_left(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        send(connector, self.shipment(order))
        [outcome] = send(connector, self.shipment(order, "TR2"))
        assert outcome.state is State.REFUSED and order.name in str(outcome.message)

    def test_tracking_is_changed(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        [made] = send(connector, self.shipment(order))
        diffs = (Diff("tracking.number", "TR1", "TR9"),)
        [call] = connector.batch(
            [change(2, Entity.FULFILMENT, Verb.UPDATE, target_id=made.target_id, diffs=diffs)]
        )
        assert connector.send(call)[0].state is State.APPLIED
        assert connector.find_written(call).found is Found.YES
        [now] = orders(connector, ids=(order.id,))
        assert now.tracking == Tracking("Yurtiçi Kargo", "TR9"), "the carrier stays, the old link goes"

    def test_another_carrier_keeps_number_and_link(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        [made] = send(connector, self.shipment(order))
        diffs = (Diff("tracking.company", "Yurtiçi Kargo", "Aras Kargo"),)
        send(connector, change(2, Entity.FULFILMENT, Verb.UPDATE, target_id=made.target_id, diffs=diffs))
        [now] = orders(connector, ids=(order.id,))
        assert now.tracking == Tracking("Aras Kargo", "TR1", "https://x.example/1")

    def test_a_shipment_from_two_places_is_done_when_both_have_shipped(
        self, connector: ShopifyConnector, shop: ShopifyHarness, places: tuple[str, ...]
    ) -> None:
        """The second write of the call is refused: sent again, it ships what is left under the same
        number."""
        send(connector, creation(1, places[:1]), replace(creation(2, places[1:]), id="c2b"))
        lines = [{"sku": f"NEW-{n}-0", "quantity": 1, "location": places[n - 1]} for n in (1, 2)]
        shop.sandbox.post("/orders", {"lines": lines})
        [order] = orders(connector)
        assert len({o.location_id for o in order.fulfilment_orders}) == 2
        shop.sandbox.fault(
            "partial_user_errors", 1, match={"operation": "fulfillmentCreate*"}, params={"root": "f1"}
        )
        [call] = connector.batch([self.shipment(order)])
        assert connector.send(call)[0].state is State.REFUSED
        assert connector.find_written(call).found is not Found.YES
        [again] = connector.batch([self.shipment(order)])
        assert connector.send(again)[0].state is State.APPLIED
        [now] = orders(connector, ids=(order.id,))
        assert now.fulfilment == "fulfilled"
        assert [f.tracking.number for f in now.fulfilments] == ["TR1", "TR1"]
        assert connector.send(again)[0].state is State.APPLIED
        assert len(orders(connector, ids=(order.id,))[0].fulfilments) == 2, "nothing more is shipped"
