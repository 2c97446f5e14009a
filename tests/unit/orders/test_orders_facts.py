"""What happens to an order after its export: statuses and tracking both ways, edits, cancellations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from orders_world import NOW, World, line, order, tl

from sync.connectors.memory.store import Fault
from sync.errors import OutcomeUnknown
from sync.model.call import Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment, FulfilmentOrder, Tracking
from sync.model.run import Mode, Scope, Status
from sync.model.text import say

REF = "70001-5001001"
ARAS, YURTICI = (
    Tracking("Aras Kargo", "TR100", "https://example.com/TR100"),
    Tracking("Yurtiçi", "TR200", "https://example.com/TR200"),
)


@pytest.fixture
def sent(world: World) -> World:
    """One order, exported."""
    world.put(order(1001, [line("A", 2), line("B")]))
    assert world.run().counts.created == 1
    return world


def writes(world: World, since: int = 0) -> list[tuple[Entity, Verb]]:
    return [(change.entity, change.verb) for change, _ in [*world.sentos.done[since:], *world.shop.done]]


# -- to Sentos -----------------------------------------------------------------------------------------------


def test_a_payment_moves_the_order_on(world: World) -> None:
    world.put(order(1001, financial="pending"))
    world.run()
    assert world.at_sentos(REF).status == "1"
    world.shop_moves(1001, financial="paid")
    run = world.run(by="schedule")
    assert run.counts.updated == 1 and world.at_sentos(REF).status == "2"
    assert world.run().counts.updated == 0


def test_a_shipment_made_in_the_shop_reaches_sentos_once_and_does_not_come_back(sent: World) -> None:
    sent.shop_moves(
        1001, fulfilment="fulfilled", fulfilments=(Fulfilment("f9", "x", ARAS),), fulfilment_orders=()
    )
    sent.run()
    change, _ = sent.sentos.done[-1]
    assert change.after("status") == "5" and change.after("tracking.number") == "TR100"
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    sent.sentos_moves(REF, "99", ARAS)
    sent.run()
    assert len(sent.sentos.done) == 2 and sent.shop.done == [] and len(sent.shipments(1001)) == 1


def test_an_order_that_is_shipped_already_is_created_and_then_moved_on(world: World) -> None:
    world.put(
        order(1001, fulfilment="fulfilled", fulfilments=(Fulfilment("f9", "x", ARAS),), fulfilment_orders=())
    )
    run = world.run()
    assert run.counts.created == 1
    assert [(c.verb, c.after("status")) for c, _ in world.sentos.done] == [
        (Verb.CREATE, "2"),
        (Verb.ADVANCE, "5"),
    ]
    assert world.run().counts.unchanged == 1


def test_sentos_is_never_moved_back(sent: World) -> None:
    sent.sentos_moves(REF, "4")
    sent.shop_moves(1001, financial="partially_refunded")
    sent.run()
    sent.shop_moves(1001, financial="paid")
    sent.run()
    assert sent.at_sentos(REF).status == "4" and len(sent.sentos.done) == 1


def test_sentos_statuses_are_read_in_a_window_and_not_one_by_one(
    sent: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    read = type(sent.ws.orders.context(sent.ws.runs.list()[0]).target).read

    def spy(self: object, entity: Entity, which: object, since: str = "") -> object:
        asked.append(which)
        return read(self, entity, which, since)  # type: ignore[arg-type]

    monkeypatch.setattr("sync.connectors.memory.connector.MemoryConnector.read", spy)
    sent.run()
    assert not [w for w in asked if getattr(w, "ids", ()) or getattr(w, "names", ())]
    assert len([w for w in asked if getattr(w, "updated_since", "")]) == 1


# -- back from Sentos ----------------------------------------------------------------------------------------


def test_a_shipment_of_sentos_becomes_one_fulfilment(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    run = sent.run(by="schedule")
    assert run.status is Status.DONE and run.counts.updated == 1
    [shipment] = sent.shipments(1001)
    assert shipment.tracking == ARAS
    sent.shop_moves(1001, fulfilment_orders=())
    for status in ("5", "99"):
        sent.sentos_moves(REF, status, ARAS)
        assert sent.run().counts.updated == 0
    assert len(sent.shipments(1001)) == 1
    assert len(sent.sentos.done) == 1, "what came from Sentos is not sent back to it"


def test_no_tracking_yet_waits_until_it_is_there(sent: World) -> None:
    sent.sentos_moves(REF, "5")
    assert sent.run().counts.updated == 0 and not sent.shipments(1001)
    sent.sentos_moves(REF, "5", ARAS)
    assert sent.run().counts.updated == 1 and len(sent.shipments(1001)) == 1


def test_delivered_without_tracking_is_shipped_in_the_shop_too(sent: World) -> None:
    sent.sentos_moves(REF, "99")
    assert sent.run().counts.updated == 1
    [shipment] = sent.shipments(1001)
    assert shipment.tracking == Tracking()
    sent.shop_moves(1001, fulfilment_orders=())
    assert sent.run().counts.updated == 0


def test_later_tracking_updates_the_same_fulfilment(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    sent.sentos_moves(REF, "5", YURTICI)
    assert sent.run().counts.updated == 1
    [shipment] = sent.shipments(1001)
    assert shipment.tracking == YURTICI
    sent.sentos_moves(REF, "99", Tracking())
    assert sent.run().counts.updated == 0 and sent.shipments(1001)[0].tracking == YURTICI, (
        "a vanished number blanks nothing"
    )


def test_tracking_that_the_shop_shows_already_is_not_written_again(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    sent.sentos_moves(REF, "5", Tracking("", ARAS.number, ""))
    before = len(sent.shop.done)
    assert sent.run().counts.updated == 0 and len(sent.shop.done) == before
    assert sent.run().counts.updated == 0 and sent.shipments(1001)[0].tracking == ARAS


def test_a_lost_answer_makes_no_second_fulfilment(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    sent.shop.faults.append(Fault(OutcomeUnknown(say("lost")), applied=True))
    run = sent.run()
    assert run.status is Status.DONE and len(sent.shipments(1001)) == 1
    assert sent.run().counts.updated == 0


def test_a_fulfilment_with_the_number_is_adopted_and_not_repeated(sent: World) -> None:
    """Our shipment went out and the ledger was lost: its number tells."""
    sent.shop_moves(1001, fulfilments=(Fulfilment("f7", "x", ARAS),), fulfilment="fulfilled")
    [bound] = sent.ws.bindings.all(sent.link.id, "order")
    sent.ws.bindings.unbind(sent.link.id, "order", bound.id_a)
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    sent.run()
    assert len(sent.shipments(1001)) == 1 and sent.shop.done == []


def test_what_is_left_at_another_location_is_shipped_under_the_same_number(sent: World) -> None:
    """Of a shipment from two places only the first was made."""
    sent.shop_moves(
        1001,
        fulfilments=(Fulfilment("f7", "x", ARAS),),
        fulfilment="partially_fulfilled",
        fulfilment_orders=(FulfilmentOrder("fo2", "open", "l2", 1),),
    )
    sent.sentos_moves(REF, "5", ARAS)
    run = sent.run()
    assert run.counts.updated == 1, "the shop's connector decides what of it is still to be shipped"
    assert sent.run().counts.updated == 0


def test_a_held_order_parks_and_goes_on_by_itself(sent: World) -> None:
    sent.shop_moves(1001, fulfilment_orders=(FulfilmentOrder("fo1", "on_hold", "l1", 3, can_fulfil=False),))
    sent.sentos_moves(REF, "5", ARAS)
    assert sent.run().counts.parked == 1 and sent.causes() == ["order.on_hold"]
    sent.shop_moves(1001, fulfilment_orders=(FulfilmentOrder("fo1", "open", "l1", 3),))
    sent.run(by="schedule")
    assert len(sent.shipments(1001)) == 1 and sent.causes() == []


def test_an_order_not_routed_yet_is_tried_again(sent: World) -> None:
    sent.shop_moves(1001, fulfilment_orders=())
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    assert sent.causes() == ["order.not_routed"]
    world_order = sent.shop.orders["gid://shopify/Order/5001001"]
    sent.shop.orders[world_order.id] = replace(
        world_order,
        fulfilment_orders=(FulfilmentOrder("fo1", "open", "l1", 3),),
        updated_at=NOW - timedelta(hours=9),
    )
    sent.run(by="schedule")
    assert len(sent.shipments(1001)) == 1 and sent.causes() == [], (
        "parked orders are read again though nothing moved"
    )


def test_a_refused_fulfilment_parks_and_is_tried_again(sent: World) -> None:
    sent.shop.refuse["#1001"] = "Nothing is left to ship."
    sent.sentos_moves(REF, "5", ARAS)
    assert sent.run().status is Status.RED and sent.causes() == ["fulfilment.refused"]
    [parked] = sent.ws.attention.list()
    assert sent.ws.orders.verbs(parked) == ("retry",)
    sent.shop.refuse.clear()
    scope = sent.ws.orders.resolve(parked, "retry", by="eda")
    assert scope == Scope(ids=("gid://shopify/Order/5001001",))
    sent.run(scope=scope or Scope())
    assert len(sent.shipments(1001)) == 1 and sent.causes() == []


def test_a_preview_of_facts_writes_nothing_and_loses_nothing(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    preview = sent.run(Mode.PREVIEW)
    assert preview.counts.updated == 1 and not sent.shipments(1001)
    assert sent.run(scope=Scope(plan_of=preview.id)).counts.updated == 1 and len(sent.shipments(1001)) == 1


def test_a_test_run_leaves_facts_alone(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    assert sent.run(Mode.TEST).counts.skipped == 1 and not sent.shipments(1001)


def test_facts_reach_a_single_order_too(sent: World) -> None:
    sent.sentos_moves(REF, "5", ARAS)
    assert sent.run(scope=Scope(names=("#1001",))).counts.updated == 1 and len(sent.shipments(1001)) == 1


def test_an_interrupted_run_loses_no_fact(sent: World) -> None:
    """The cursor stays until everything has been reached."""
    sent.sentos_moves(REF, "5", ARAS)
    cursor = sent.ws.cursors.get(sent.flow_id, "orders.sentos")
    run = sent.go_on(sent.begin(), until="apply:fulfil")
    sent.end(run)
    assert sent.ws.cursors.get(sent.flow_id, "orders.sentos") == cursor
    assert sent.run(by="schedule").counts.updated == 1 and len(sent.shipments(1001)) == 1


# -- cancellations -------------------------------------------------------------------------------------------


def test_a_cancellation_in_the_shop_is_only_proposed(sent: World) -> None:
    sent.shop_moves(1001, cancelled_at=NOW, financial="refunded")
    run = sent.run()
    assert (
        run.counts.parked == 1
        and sent.at_sentos(REF).status == "2"
        and sent.causes() == ["order.cancel_proposed"]
    )
    [parked] = sent.ws.attention.list()
    assert sent.ws.orders.verbs(parked) == ("cancel", "keep", "retry")
    scope = sent.ws.orders.resolve(parked, "cancel", by="eda")
    assert sent.run(scope=scope or Scope()).counts.updated == 1
    assert sent.at_sentos(REF).status == "6" and sent.causes() == []
    assert sent.run().counts.unchanged == 1


def test_a_cancellation_can_be_kept_from_sentos(sent: World) -> None:
    sent.shop_moves(1001, cancelled_at=NOW)
    sent.run()
    [parked] = sent.ws.attention.list()
    assert sent.ws.orders.resolve(parked, "keep", by="eda") is None
    assert sent.run().counts.unchanged == 1 and sent.causes() == [] and sent.at_sentos(REF).status == "2"


def test_what_is_delivered_is_not_cancelled_by_us(sent: World) -> None:
    sent.sentos_moves(REF, "99", ARAS)
    sent.run()
    sent.shop_moves(1001, financial="refunded")
    sent.run()
    [parked] = sent.ws.attention.list(cause="order.cancel_proposed")
    assert sent.ws.orders.verbs(parked) == ("done", "retry")


def test_a_cancellation_at_sentos_is_only_proposed(sent: World) -> None:
    sent.sentos_moves(REF, "6")
    assert (
        sent.run().counts.parked == 1
        and sent.causes() == ["order.cancelled_at_sentos"]
        and sent.shop.done == []
    )
    sent.shop_moves(1001, cancelled_at=NOW, financial="voided")
    assert sent.run().counts.unchanged == 1 and sent.causes() == [] and len(sent.sentos.done) == 1


def test_a_cancellation_at_sentos_can_be_acknowledged(sent: World) -> None:
    sent.sentos_moves(REF, "6")
    sent.run()
    [parked] = sent.ws.attention.list()
    sent.ws.orders.resolve(parked, "done", by="eda")
    assert sent.run().counts.unchanged == 1 and sent.causes() == []


# -- changed later -------------------------------------------------------------------------------------------


def test_an_edit_after_the_export_shows_its_difference(sent: World) -> None:
    sent.shop_moves(
        1001,
        lines=(line("A", 1, original_quantity=2), line("B")),
        total=tl("200.00"),
        financial="partially_refunded",
    )
    run = sent.run()
    assert run.counts.parked == 1 and len(sent.sentos.done) == 1
    [parked] = sent.ws.attention.list()
    assert parked.cause == "order.changed_later"
    rows = {row["what"]: (row["before"], row["after"]) for row in parked.facts["differences"]}
    assert rows == {"total": ("300.00 TRY", "200.00 TRY"), "A": ("2 × = 200.00 TRY", "1 × = 100.00 TRY")}


def test_a_change_is_acknowledged_once_and_a_further_one_shows_again(sent: World) -> None:
    sent.shop_moves(1001, total=tl("290.00"))
    sent.run()
    [parked] = sent.ws.attention.list()
    assert sent.ws.orders.resolve(parked, "done", by="eda") is None
    assert sent.run().counts.unchanged == 1 and sent.causes() == []
    sent.shop_moves(1001, total=tl("280.00"))
    sent.run()
    assert sent.causes() == ["order.changed_later"]
    sent.shop_moves(1001, total=tl("300.00"))
    sent.run()
    assert sent.causes() == [], "taken back: it closes by itself"


def test_an_edit_before_the_export_is_simply_exported(world: World) -> None:
    world.put(order(1001, [line("A", 1, original_quantity=2)], edited=True))
    world.run()
    assert world.at_sentos(REF).lines[0].quantity == 1 and world.run().counts.unchanged == 1


# -- two shipments of one order ------------------------------------------------------------------------------


class Refusing(dict[str, str]):
    """Refuses the n-th change it is asked about, once."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.left = at

    def get(self, label: str, default: object = None) -> str | None:  # type: ignore[override]
        self.left -= 1
        return "Shopify is busy with this shipment." if self.left == 0 else None


@pytest.fixture
def twice(sent: World) -> World:
    """An order that went out from two locations under one number, which was ours to make."""
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    [first] = sent.shipments(1001)
    sent.shop_moves(1001, fulfilments=(first, replace(first, id="f2b")), fulfilment_orders=())
    assert sent.run().counts.updated == 0
    return sent


@pytest.mark.parametrize("refused", [1, 2])
def test_a_tracking_update_that_one_of_two_shipments_refuses_is_tried_again(
    twice: World, refused: int
) -> None:
    twice.sentos_moves(REF, "5", YURTICI)
    twice.shop.refuse = Refusing(refused)
    assert twice.run().status is Status.RED
    assert sorted(s.tracking.number for s in twice.shipments(1001)) == ["TR100", "TR200"]
    twice.shop.refuse = {}
    before = len(twice.shop.done)
    assert twice.run(by="schedule").counts.updated == 1 and twice.causes() == []
    assert [s.tracking for s in twice.shipments(1001)] == [YURTICI, YURTICI]
    assert len(twice.shop.done) == before + 1, "the one that has it is not told again"
    assert twice.run().counts.unchanged == 1 and len(twice.shop.done) == before + 1


def test_what_a_person_writes_on_a_shipment_afterwards_stays(twice: World) -> None:
    twice.sentos_moves(REF, "5", YURTICI)
    assert twice.run().counts.updated == 1
    first, second = twice.shipments(1001)
    twice.shop_moves(1001, fulfilments=(replace(first, tracking=ARAS), second))
    assert twice.run().counts.unchanged == 1 and twice.shipments(1001)[0].tracking == ARAS
    assert len(twice.sentos.done) == 1, "and is not sent to Sentos as news"


def test_a_third_number_reaches_the_shipment_that_missed_the_second(twice: World) -> None:
    twice.sentos_moves(REF, "5", YURTICI)
    twice.shop.refuse = Refusing(2)
    twice.run()
    twice.shop.refuse = {}
    third = Tracking("MNG", "TR300", "https://example.com/TR300")
    twice.sentos_moves(REF, "5", third)
    assert twice.run().counts.updated == 1
    assert [s.tracking for s in twice.shipments(1001)] == [third, third] and twice.causes() == []


# -- what the shop hides, and what it tells the customer -----------------------------------------------------


def test_a_missing_scope_is_named_and_goes_on_by_itself(sent: World) -> None:
    sent.shop_moves(1001, fulfilment_orders=(), withheld=("fulfillmentOrders",))
    sent.sentos_moves(REF, "5", ARAS)
    assert sent.run().counts.parked == 1 and sent.causes() == ["order.fulfilment_scope"]
    [parked] = sent.ws.attention.list()
    assert "read_merchant_managed_fulfillment_orders" in parked.message.english()
    assert sent.ws.orders.verbs(parked) == ("retry",)
    sent.shop_moves(1001, fulfilment_orders=(FulfilmentOrder("fo1", "open", "l1", 3),), withheld=())
    sent.run(by="schedule")
    assert len(sent.shipments(1001)) == 1 and sent.causes() == []


@pytest.mark.parametrize("notify", [False, True])
def test_the_customer_is_told_only_if_the_flow_says_so(sent: World, notify: bool) -> None:
    sent.settings(notify_customer=notify)
    sent.sentos_moves(REF, "5", ARAS)
    sent.run()
    sent.sentos_moves(REF, "5", YURTICI)
    sent.run()
    made, moved = (change.body for change, _ in sent.shop.done)
    assert isinstance(made, Fulfilment) and isinstance(moved, Fulfilment)
    assert (made.notify, moved.notify) == (notify, notify)
    assert sent.ws.orders.context(sent.ws.runs.list()[0]).flow.orders.notify_customer is notify
