"""Shipments from several locations, long sweeps, expired stock calls: against a scripted shop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sync.connectors.contract import Services
from sync.connectors.shopify import read_orders
from sync.connectors.shopify.batch import batch
from sync.connectors.shopify.bulk import Bulk
from sync.connectors.shopify.client import Answer
from sync.connectors.shopify.cost import MAX_COST, estimate
from sync.connectors.shopify.documents import Document, document
from sync.connectors.shopify.facts import Facts
from sync.connectors.shopify.failures import Problem, TooDear
from sync.connectors.shopify.fulfilments import Shipping
from sync.connectors.shopify.read import ProductReader
from sync.connectors.shopify.read_orders import OrderReader, withheld
from sync.connectors.shopify.send import Sender
from sync.connectors.shopify.written import Lookup
from sync.errors import BrokenContract, OutcomeUnknown, Transient
from sync.model.call import Call, Change, Diff, Found, State, Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment, Tracking
from sync.model.page import ReadFilter
from tests.contract.doubles import MemoryKeep, StillClock, Trace

PLACES = ("gid://shopify/Location/1",)
Reply = Callable[[Mapping[str, Any]], dict[str, Any]]


class Scripted:
    """A client whose documents answer as a table says."""

    shop = "shop"

    def __init__(self, **replies: Reply) -> None:
        self.replies, self.sent = replies, []
        self.problems: tuple[Problem, ...] = ()

    def query(self, name: str, variables: Mapping[str, Any] | None = None, **_: Any) -> Answer:
        self.sent.append((name, variables))
        return Answer(self.replies[name](variables or {}), self.problems)

    def execute(self, doc: Document, variables: Mapping[str, Any], **_: Any) -> Answer:
        return self.query(doc.name, variables)


def an_order(*places: tuple[str, int], tracking: str = "", **other: Any) -> dict[str, Any]:
    """An order with one open fulfilment order a location."""
    rows = [
        {
            "id": f"FO{n}",
            "status": "OPEN",
            "supportedActions": [{"action": "CREATE_FULFILLMENT"}],
            "assignedLocation": {"location": {"id": place}},
            "lineItems": {
                "nodes": [{"id": f"FL{n}", "remainingQuantity": left, "lineItem": {"id": f"L{n}"}}]
            },
        }
        for n, (place, left) in enumerate(places)
    ]
    shipped = [{"id": "F0", "status": "SUCCESS", "trackingInfo": [{"number": tracking}]}] if tracking else []
    return {
        "id": "O",
        "name": "#1",
        "cancelledAt": None,
        "fulfillments": shipped,
        "fulfillmentOrders": {"nodes": rows},
        **other,
    }


def shipment(*lines: tuple[str, int], number: str = "T1") -> Call:
    body = Fulfilment("", "O", Tracking("Kargo", number), lines=lines)
    change = Change("c", Entity.FULFILMENT, Verb.CREATE, "s", parent_id="O", body=body)
    [call] = batch([change], StillClock().now(), lambda url: True)
    return call


def shipped(variables: Mapping[str, Any]) -> dict[str, Any]:
    return {f"f{n}": {"fulfillment": {"id": f"NEW{n}"}, "userErrors": []} for n in range(len(variables))}


class TestShipments:
    def shipping(self, order: dict[str, Any], reply: Reply = shipped) -> tuple[Shipping, Scripted]:
        client = Scripted(order_shipments=lambda v: {"order": order}, fulfilment_create=reply)
        return Shipping(client), client  # type: ignore[arg-type]

    def test_each_location_ships_its_part_in_one_request(self) -> None:
        shipping, client = self.shipping(an_order(("A", 1), ("B", 2), ("A", 1)))
        [outcome] = shipping.create(shipment())
        assert outcome.state is State.APPLIED and outcome.target_id == "NEW0"
        _, sent = client.sent[-1]
        assert [len(v["lineItemsByFulfillmentOrder"]) for v in sent.values()] == [2, 1]
        assert all(v["trackingInfo"] == {"company": "Kargo", "number": "T1"} for v in sent.values())

    def test_named_lines_only(self) -> None:
        shipping, client = self.shipping(an_order(("A", 5), ("B", 2)))
        shipping.create(shipment(("L1", 1)))
        [given] = client.sent[-1][1].values()
        assert given["lineItemsByFulfillmentOrder"] == [
            {"fulfillmentOrderId": "FO1", "fulfillmentOrderLineItems": [{"id": "FL1", "quantity": 1}]}
        ]

    def test_a_known_tracking_number_is_not_shipped_again(self) -> None:
        shipping, client = self.shipping(an_order(("A", 5), tracking=" t1 "))
        [outcome] = shipping.create(shipment())
        assert outcome.target_id == "F0" and len(client.sent) == 1

    @pytest.mark.parametrize("notify", [False, True])
    def test_the_customer_is_told_of_a_shipment_only_if_asked(self, notify: bool) -> None:
        shipping, client = self.shipping(an_order(("A", 1), ("B", 1)))
        body = Fulfilment("", "O", Tracking("Kargo", "T1"), notify=notify)
        change = Change("c", Entity.FULFILMENT, Verb.CREATE, "s", parent_id="O", body=body)
        [call] = batch([change], StillClock().now(), lambda url: True)
        shipping.create(call)
        assert [given["notifyCustomer"] for given in client.sent[-1][1].values()] == [notify, notify]

    @pytest.mark.parametrize("notify", [False, True])
    def test_the_customer_is_told_of_a_new_number_only_if_asked(self, notify: bool) -> None:
        shown = {"trackingInfo": [{"company": "Kargo", "number": "T1", "url": None}]}
        client = Scripted(
            fulfilment_read=lambda v: {"fulfillment": shown},
            fulfilment_tracking=lambda v: {"fulfillmentTrackingInfoUpdate": {"userErrors": []}},
        )
        body = Fulfilment("F0", "O", Tracking("Kargo", "T2"), notify=notify)
        diffs = (Diff("tracking.number", "T1", "T2"),)
        change = Change("c", Entity.FULFILMENT, Verb.UPDATE, "s", "F0", "O", diffs=diffs, body=body)
        [call] = batch([change], StillClock().now(), lambda url: True)
        Shipping(client).track(call)  # type: ignore[arg-type]
        tracking = {"company": "Kargo", "number": "T2"}
        assert client.sent[-1][1] == {"id": "F0", "tracking": tracking, "notify": notify}
        assert "notifyCustomer: $notify" in document("fulfilment_tracking").text

    def test_an_order_not_yet_routed_comes_again_later(self) -> None:
        shipping, _ = self.shipping(an_order())
        with pytest.raises(Transient) as caught:
            shipping.create(shipment())
        assert caught.value.retry_after

    def test_one_location_that_refuses_is_told(self) -> None:
        refused = {"fulfillment": None, "userErrors": [{"field": None, "message": "unfulfillable"}]}
        shipping, _ = self.shipping(an_order(("A", 1), ("B", 1)), lambda v: {**shipped(v), "f1": refused})
        [outcome] = shipping.create(shipment())
        assert outcome.state is State.REFUSED and "unfulfillable" in str(outcome.message)

    def test_one_location_that_fails_inside_is_unknown(self) -> None:
        shipping, _ = self.shipping(an_order(("A", 1), ("B", 1)), lambda v: {**shipped(v), "f1": None})
        assert shipping.create(shipment())[0].state is State.UNKNOWN


class World:
    """Sender and look-up over a scripted shop."""

    def __init__(self, **replies: Reply) -> None:
        self.clock, self.client = StillClock(), Scripted(**replies)
        services = Services(self.clock, MemoryKeep(), Trace())
        self.sender = Sender(self.client, services, lambda: None)  # type: ignore[arg-type]
        self.lookup = Lookup(self.client, services, self.sender)  # type: ignore[arg-type]


def stock_call(*rows: tuple[int, int]) -> Call:
    changes = [
        Change(
            f"c{n}",
            Entity.STOCK,
            Verb.SET,
            "s",
            f"I{n}",
            place="gid://shopify/Location/1",
            diffs=(Diff("available", before, after),),
        )
        for n, (before, after) in enumerate(rows)
    ]
    [call] = batch(changes, StillClock().now(), lambda url: True)
    return call


def shown(*quantities: int) -> Reply:
    level = [{"isActive": True, "quantities": [{"quantity": quantity}]} for quantity in quantities]
    return lambda v: {"nodes": [{"id": f"I{n}", "l0": one} for n, one in enumerate(level)]}


class TestStock:
    def expired(self, call: Call) -> Call:
        return Call(
            call.id,
            call.operation,
            call.arguments,
            call.change_ids,
            call.key,
            StillClock().now() - timedelta(hours=1),
        )

    def found(self, call: Call, *quantities: int) -> Any:
        world = World(inventory_items=shown(*quantities))
        world.lookup.find(call)
        world.clock.sleep(60)
        return world.lookup.find(call)

    def test_all_as_wanted_is_done(self) -> None:
        assert self.found(stock_call((1, 5), (2, 6)), 5, 6).found is Found.YES

    def test_while_the_key_lives_only_the_same_call_may_go_again(self) -> None:
        assert self.found(stock_call((1, 5), (2, 6)), 5, 3).found is Found.KEY

    def test_afterwards_each_row_is_judged_alone(self) -> None:
        written = self.found(self.expired(stock_call((1, 5), (2, 6))), 5, 9)
        assert written.found is Found.YES
        assert [(o.state, o.actual) for o in written.outcomes] == [(State.APPLIED, None), (State.STALE, 9)]

    def test_afterwards_a_rise_of_which_less_is_there_was_written_and_sold(self) -> None:
        """To write it once more would put the sold pieces on sale again; a fall may be decided anew."""
        written = self.found(self.expired(stock_call((1, 5), (9, 6), (2, 7))), 3, 4, 2)
        assert [(o.state, o.actual) for o in written.outcomes] == [
            (State.APPLIED, None),
            (State.STALE, 4),
            (State.STALE, 2),
        ]

    def test_afterwards_nothing_moved_means_not_done(self) -> None:
        assert self.found(self.expired(stock_call((1, 5), (2, 6))), 1, 2).found is Found.NO

    def test_an_expired_call_is_not_sent(self) -> None:
        world = World()
        with pytest.raises(OutcomeUnknown):
            world.sender.send(self.expired(stock_call((1, 5))))
        assert world.client.sent == []

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", BrokenContract),
            ("IDEMPOTENCY_CONCURRENT_REQUEST", OutcomeUnknown),
        ],
    )
    def test_idempotency_refusals(self, code: str, kind: type[Exception]) -> None:
        errors = {"userErrors": [{"code": code, "field": None, "message": code}]}
        with pytest.raises(kind):
            World(inventory_set=lambda v: {"inventorySetQuantities": errors}).sender.send(stock_call((1, 5)))

    @pytest.mark.parametrize("group", [None, {"id": "g"}])
    def test_stale_rows_beside_others_that_were_carried_out_or_not(self, group: Any) -> None:
        stale = {
            "code": "CHANGE_FROM_QUANTITY_STALE",
            "field": ["input", "quantities", "1", "changeFromQuantity"],
            "message": "stale",
        }
        answer = {"inventoryAdjustmentGroup": group, "userErrors": [stale]}
        world = World(inventory_set=lambda v: {"inventorySetQuantities": answer})
        first, second = world.sender.send(stock_call((1, 5), (2, 6)))
        assert second.state is State.STALE and second.named
        assert (first.state, first.named) == ((State.APPLIED, True) if group else (State.REFUSED, False))

    def test_a_key_that_may_expire_on_the_way_is_not_relied_on(self) -> None:
        call = stock_call((1, 5), (2, 6))
        late = replace(call, expires_at=StillClock().now() + timedelta(minutes=5))
        assert self.found(late, 5, 3).found is Found.YES

    def test_an_earlier_attempt_that_failed_needs_a_new_call(self) -> None:
        errors = {"userErrors": [{"code": "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "message": "x"}]}
        [outcome] = World(inventory_set=lambda v: {"inventorySetQuantities": errors}).sender.send(
            stock_call((1, 5))
        )
        assert outcome.state is State.REFUSED and not outcome.named


def test_withheld_paths_belong_to_their_order() -> None:
    problems = [
        Problem("ACCESS_DENIED", "", ("orders", "nodes", "1", "customer", "firstName")),
        Problem("ACCESS_DENIED", "", ("orders", "nodes", "email")),
    ]
    assert withheld(problems, 0) == ("email",)
    assert withheld(problems, 1) == ("customer.firstName", "email")


def test_a_long_sweep_goes_on_by_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_orders, "_WINDOW", 4)
    monkeypatch.setattr(read_orders, "page_size", lambda *a, **k: 2)

    def page(variables: Mapping[str, Any]) -> dict[str, Any]:
        start = int(variables["after"] or (variables["query"] or "id:>0").partition(":>")[2])
        rows = [
            {
                "id": f"gid://shopify/Order/{n}",
                "name": f"#{n}",
                "currencyCode": "TRY",
                "createdAt": "2026-11-20T09:00:00Z",
            }
            for n in range(start + 1, min(start + 3, 10))
        ]
        return {
            "orders": {"nodes": rows, "pageInfo": {"hasNextPage": start + 2 < 9, "endCursor": str(start + 2)}}
        }

    client = Scripted(orders=page, orders_count=lambda v: {"ordersCount": {"count": 9, "precision": "EXACT"}})
    pages = list(OrderReader(client).read(ReadFilter(), ""))  # type: ignore[arg-type]
    assert [r.name for p in pages for r in p.records] == [f"#{n}" for n in range(1, 10)]
    assert pages[-1].complete
    assert "id:>4" in [v["query"] for name, v in client.sent if name == "orders"]


class TestProductReader:
    def reader(self, client: Scripted) -> ProductReader:
        shop = {"shop": {"currencyCode": "TRY"}, "currentAppInstallation": {}}
        client.replies["shop"] = lambda v: shop
        clock = StillClock()
        services = Services(clock, MemoryKeep(), Trace())
        return ProductReader(client, Facts(client, clock), Bulk(client, services))  # type: ignore[arg-type]

    def test_ids_that_cost_too_much_together_go_in_halves(self) -> None:
        def some(variables: Mapping[str, Any]) -> dict[str, Any]:
            if len(variables["ids"]) > 2:
                raise TooDear("too dear")
            return {"nodes": [{"id": one, "title": "x"} for one in variables["ids"]]}

        client = Scripted(products_by_id=some)
        wanted = ReadFilter(ids=tuple("12345"), locations=PLACES)
        found = [r.id for page in self.reader(client).read(wanted, "") for r in page.records]
        assert found == [f"gid://shopify/Product/{n}" for n in "12345"]

    @pytest.mark.parametrize("count", [1, 2, 20, 60])
    def test_no_query_is_too_dear_however_many_locations(self, count: int) -> None:
        places = tuple(f"gid://shopify/Location/{n}" for n in range(1, count + 1))
        asked: list[float] = []

        def page(name: str) -> Reply:
            def reply(variables: Mapping[str, Any]) -> dict[str, Any]:
                asked.append(estimate(document(name, places), variables))
                ended = {"hasNextPage": False, "endCursor": None}
                more = {"hasNextPage": name != "product_variants", "endCursor": "c"}
                row = {"id": "gid://shopify/Product/1", "variants": {"nodes": [], "pageInfo": more}}
                return {"nodes": [row], "products": {"nodes": [row], "pageInfo": ended}, "product": row}

            return reply

        client = Scripted(
            **{name: page(name) for name in ("products_by_id", "products", "product_variants")},
            products_count=lambda v: {"productsCount": {"count": 1, "precision": "EXACT"}},
        )
        list(self.reader(client).read(ReadFilter(ids=("1",), locations=places), ""))
        list(self.reader(client).read(ReadFilter(locations=places), ""))
        assert len(asked) == 4 and max(asked) <= MAX_COST
