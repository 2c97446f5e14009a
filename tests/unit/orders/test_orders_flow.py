"""The order flow from end to end, between two reference platforms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from orders_world import HOME, NOW, SHOP, World, line, order, tl

from storage.search import LogFilter
from sync.connectors.memory.connector import MemoryConnector
from sync.connectors.memory.store import Fault
from sync.errors import Braked, Cancelled, NeedsOperator, OutcomeUnknown, Transient
from sync.model.call import Found, Written
from sync.model.entity import Entity
from sync.model.order import Buyer
from sync.model.page import ReadFilter
from sync.model.run import Mode, Scope, Status
from sync.model.support import Check
from sync.model.text import say

REF = "70001-5001001"


def test_an_order_reaches_sentos_once(world: World) -> None:
    world.put(order(1001, [line("EL-1", 3, "33.33")], shipping=tl("29.90")))
    run = world.run()
    assert run.status is Status.DONE and (run.counts.created, run.counts.read) == (1, 1)
    made = world.at_sentos(REF)
    assert (made.code, made.total, made.shipping, made.status) == ("#1001", tl("129.89"), tl("29.90"), "2")
    assert made.attributes["sentos.channel_id"] == "3" and made.attributes["sentos.warehouse_id"] == "1"
    again = world.run()
    assert again.status is Status.DONE and again.counts.unchanged == 1
    assert len(world.sentos.done) == 1


def test_every_order_read_has_an_outcome_and_a_reason(world: World) -> None:
    world.put(
        order(1001),
        order(1002, cancelled_at=NOW),
        order(1003, test=True),
        order(1004, [line(None)]),
        order(1005, buyer=Buyer("c", None, None, None)),
        order(1006, placed_at=NOW - timedelta(days=3)),
        order(1007, financial="refunded"),
    )
    run = world.run()
    assert run.status is Status.DONE and run.counts.balanced
    assert (run.counts.read, run.counts.created, run.counts.skipped, run.counts.parked) == (6, 1, 3, 2)
    items = world.items(run)
    assert {label: items[label].cause for label in items if items[label].cause} == {
        "#1002": "order.cancelled",
        "#1003": "order.test",
        "#1004": "order.line_without_sku",
        "#1005": "order.withheld",
        "#1007": "order.financial",
    }
    assert all(item.message for item in items.values() if item.cause)
    assert world.causes() == ["order.line_without_sku", "order.withheld"]
    assert [o.code for o in world.exported()] == ["#1001"], (
        "one bad order stops no other, and none goes out with blanks"
    )


def test_a_mended_order_goes_out_and_its_item_closes_by_itself(world: World) -> None:
    world.put(order(1001, [line(None)]))
    world.run()
    assert world.causes() == ["order.line_without_sku"]
    world.shop_moves(1001, lines=(line("EL-1"),))
    assert world.run(by="schedule").counts.created == 1
    assert world.causes() == []


def test_a_test_run_sends_the_first_five_and_moves_no_cursor(world: World) -> None:
    world.put(
        *(order(1001 + n) for n in range(8)),
    )
    run = world.run(Mode.TEST)
    assert run.status is Status.DONE and run.counts.created == 5 and len(world.exported()) == 5
    assert world.ws.cursors.get(world.flow_id, "orders.shop") == ""
    assert world.run().counts.created == 3


def test_a_preview_writes_nothing_and_can_be_applied(world: World) -> None:
    world.put(order(1001), order(1002))
    preview = world.run(Mode.PREVIEW)
    assert preview.status is Status.PLANNED and preview.counts.created == 2 and world.sentos.done == []
    assert world.ws.cursors.get(world.flow_id, "orders.shop") == "" and world.causes() == []
    second = next(number for number, item in world.ws.plans.items(preview.id) if item.label == "#1002")
    world.ws.plans.choose(preview.id, [second], False)
    applied = world.run(scope=Scope(plan_of=preview.id))
    assert [o.code for o in world.exported()] == ["#1001"] and applied.counts.skipped == 1
    assert world.run().counts.created == 1, "what was not ticked is still there for the next run"


def test_one_order_number_alone(world: World) -> None:
    world.put(order(1001), order(1002))
    run = world.run(scope=Scope(names=("1002",)))
    assert run.counts.read == 1 and [o.code for o in world.exported()] == ["#1002"]
    assert world.ws.cursors.get(world.flow_id, "orders.shop") == ""
    assert world.run(scope=Scope(ids=("gid://shopify/Order/5001002",))).counts.unchanged == 1


def test_parts_are_kept_apart(world: World) -> None:
    world.put(order(1001))
    assert world.run(scope=Scope(parts=("statuses",))).counts.skipped == 1 and not world.exported()
    assert world.run(scope=Scope(parts=("orders",))).counts.created == 1


# -- once only -----------------------------------------------------------------------------------------------


def test_an_answer_that_is_lost_makes_no_twin(world: World) -> None:
    world.put(order(1001))
    world.sentos.faults.append(Fault(OutcomeUnknown(say("lost")), applied=True))
    run = world.run()
    assert run.status is Status.DONE and run.counts.created == 1 and len(world.exported()) == 1
    assert world.run().counts.unchanged == 1


def test_a_request_that_never_arrived_is_sent_again(world: World) -> None:
    world.put(order(1001))
    world.sentos.faults.append(Fault(OutcomeUnknown(say("lost")), applied=False))
    world.sentos.visible_after = 31.0
    assert world.run().counts.created == 1 and len(world.exported()) == 1


def test_a_lost_ledger_is_found_again_at_sentos(world: World) -> None:
    world.put(order(1001), order(1002))
    world.run()
    for shown in world.exported():
        world.ws.bindings.unbind(world.link.id, "order", shown.id)
    run = world.run()
    assert run.counts.unchanged == 2 and len(world.sentos.done) == 2
    assert {item.cause for item in world.items(run).values()} == {"order.found"}
    assert len(list(world.ws.bindings.all(world.link.id, "order"))) == 2


def test_a_run_that_dies_after_sending_is_completed_by_the_next(world: World) -> None:
    """The process dies between the effect and its answer, and the run never goes on: the next one asks before
    it decides."""
    world.put(order(1001))
    run = world.go_on(world.begin(), until="apply:order")
    ctx = world.ws.orders.context(run)
    [row] = world.ws.plans.due(run.id, "order", 5)
    [call] = ctx.target.batch([row.change])
    with world.ws.db.write() as tx:
        world.ws.calls.commit(tx, run.id, ctx.target_connection.id, [call])
    ctx.target.send(call)
    world.end(run)
    again = world.run()
    assert again.counts.unchanged == 1 and len(world.exported()) == 1


def test_an_order_whose_fate_is_unknown_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put(order(1001), order(1002))
    run = world.go_on(world.begin(), until="apply:order")
    ctx = world.ws.orders.context(run)
    row = world.ws.plans.due(run.id, "order", 5)[0]
    [call] = ctx.target.batch([row.change])
    with world.ws.db.write() as tx:
        world.ws.calls.commit(tx, run.id, ctx.target_connection.id, [call])
    world.end(run)
    monkeypatch.setattr(
        type(ctx.target), "find_written", lambda self, call: Written(Found.NOT_SURE, ask_again_in=1.0)
    )
    again = world.run()
    assert again.counts.created == 1 and world.items(again)["#1001"].cause == "order.unsure"
    monkeypatch.undo()
    assert world.run().counts.created == 1 and len(world.exported()) == 2


def test_every_stage_may_be_repeated(world: World) -> None:
    world.put(order(1001), order(1002))
    run = world.begin()
    stage: str | None = world.ws.orders.stages(run)[0]
    while stage is not None:
        before = stage
        following = world.ws.orders.turn(world.ws.runs.get(run.id), stage)
        if before != "report":
            assert world.ws.orders.turn(world.ws.runs.get(run.id), before) == following
        stage = following
    assert world.ws.runs.get(run.id).counts.created == 2 and len(world.exported()) == 2


def test_a_throttled_run_goes_on_where_it_was(world: World) -> None:
    world.put(order(1001), order(1002), order(1003))
    world.sentos.faults.append(Fault(Transient(say("busy")), after_calls=1))
    run = world.begin()
    with pytest.raises(Transient):
        world.go_on(run)
    assert len(world.exported()) >= 1
    assert world.go_on(run, "apply:order").counts.created == 3 and len(world.exported()) == 3


def test_a_cancelled_run_leaves_the_rest_to_the_next(world: World) -> None:
    world.put(order(1001))
    run = world.begin()
    world.go_on(run, until="apply:order")
    world.ws.runs.cancel(run.id)
    with pytest.raises(Cancelled):
        world.go_on(run, "apply:order")
    world.end(run)
    assert not world.exported() and world.run().counts.created == 1


def test_two_orders_of_one_code_at_sentos_are_decided_by_a_person(world: World) -> None:
    world.put(order(1001))
    world.sentos.add(
        [
            replace(
                order(1001),
                id="o77",
                reference="N-1",
                code="#1001",
                source="N11",
                placed_at=NOW,
                updated_at=NOW,
            )
        ]
    )
    assert world.run().counts.parked == 1
    [parked] = world.ws.attention.list()
    assert parked.cause == "order.ambiguous" and parked.facts["candidates"] == ["o77"]
    assert world.ws.orders.verbs(parked)[:3] == ("bind", "create", "skip")
    with pytest.raises(NeedsOperator):
        world.ws.orders.resolve(parked, "bind", by="eda", target_id="o99")
    scope = world.ws.orders.resolve(parked, "bind", by="eda", target_id="o77")
    assert scope is not None and world.run(scope=scope).counts.unchanged == 1
    assert not world.sentos.done and world.causes() == []


def test_create_after_all(world: World) -> None:
    world.put(order(1001))
    world.sentos.add(
        [
            replace(
                order(1001),
                id="o77",
                reference="N-1",
                code="#1001",
                source="N11",
                placed_at=NOW,
                updated_at=NOW,
            )
        ]
    )
    world.run()
    [parked] = world.ws.attention.list()
    assert world.run(scope=world.ws.orders.resolve(parked, "create", by="eda") or Scope()).counts.created == 1


def test_skip_lasts_until_a_retry(world: World) -> None:
    world.put(order(1001, [line(None)]))
    world.run()
    [parked] = world.ws.attention.list()
    assert world.ws.orders.resolve(parked, "skip", by="eda") is None
    run = world.run()
    assert world.items(run)["#1001"].cause == "order.skipped" and world.causes() == []
    world.shop_moves(1001, lines=(line("EL-1"),))
    scope = world.ws.orders.resolve(parked, "retry", by="eda")
    assert world.run(scope=scope or Scope()).counts.created == 1


def test_a_new_order_is_asked_for_by_two_numbers_each_where_it_is_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    read = MemoryConnector.read

    def spy(
        self: MemoryConnector, entity: Entity, which: ReadFilter = ReadFilter(), since: str = ""
    ) -> object:
        asked.append(which)
        return read(self, entity, which, since)

    monkeypatch.setattr(MemoryConnector, "read", spy)
    world.put(order(1001))
    world.run()
    assert [w for w in asked if w.names or w.references] == [ReadFilter(references=(REF,), names=("#1001",))]
    world.settings(allow_foreign=True)
    world.put(order(1002))
    world.run()
    names = ("70001-5001002", "#1002", "5001002")
    assert [w for w in asked if w.names][1:] == [ReadFilter(names=names)], "a fetched order may have any"


# -- orders that the shop hides ------------------------------------------------------------------------------


def warnings(world: World) -> list[str]:
    rows = world.ws.logs.page(LogFilter(levels=("warning",), flow_id=world.flow_id)).rows
    return [row.message.english() for row in rows]


@pytest.mark.parametrize("reach", ["go_live_at", "older_since"])
def test_a_run_names_the_scope_that_older_orders_need(world: World, reach: str) -> None:
    hidden = {"orders": "only those of the last 60 days (read_all_orders is not granted)"}
    world.ws.connections.record_check(world.link.b, Check(True, SHOP, hidden), None)
    world.run()
    assert not warnings(world), "it reaches back a day only"
    world.settings(**{reach: NOW - timedelta(days=61)})
    run = world.run(by="schedule")
    [said] = warnings(world)
    assert "read_all_orders" in said and run.status is Status.DONE
    world.run(by="schedule")
    assert len(warnings(world)) == 1, "a run that reads changes only does not repeat it"
    world.ws.connections.record_check(world.link.b, Check(True, SHOP, {}), None)
    world.run()
    assert len(warnings(world)) == 1


# -- refusals and brakes -------------------------------------------------------------------------------------


def foreign(number: str = "o90", **changed: object) -> object:
    return replace(
        order(900), id=number, reference="5000900", source="Shopify", placed_at=NOW, updated_at=NOW, **changed
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", [Mode.FULL, Mode.TEST, Mode.PREVIEW])
def test_sentos_own_shopify_integration_stops_everything(world: World, mode: Mode) -> None:
    world.put(order(1001))
    world.sentos.add([foreign()])  # type: ignore[list-item]
    with pytest.raises(NeedsOperator) as stop:
        world.run(mode)
    assert "Switch off the Shopify integration" in str(stop.value.message) and not world.sentos.done
    world.end(world.ws.runs.list()[0])
    world.settings(allow_foreign=True)
    assert world.run().counts.created == 1


def test_our_own_orders_do_not_count_as_foreign(world: World) -> None:
    world.put(order(1001))
    world.run()
    shown = world.at_sentos(REF)
    world.sentos.orders[shown.id] = replace(shown, source="Shopify")
    assert world.run().status is Status.DONE


def test_an_order_that_sentos_fetched_is_bound_when_that_is_allowed(world: World) -> None:
    world.settings(allow_foreign=True)
    world.put(order(1001))
    world.sentos.add(
        [
            replace(
                order(1001),
                id="o55",
                reference="5001001",
                code="1001",
                source="Shopify",
                placed_at=NOW,
                updated_at=NOW,
            )
        ]
    )
    assert world.run().counts.unchanged == 1 and not world.sentos.done


def test_older_orders_wait_for_their_count(world: World) -> None:
    world.settings(older_since=NOW - timedelta(days=10))
    old = [order(100 + n, placed_at=NOW - timedelta(days=4)) for n in range(3)]
    world.put(order(1001), *old, order(200, placed_at=NOW - timedelta(days=4), test=True))
    assert world.ws.orders.count_older(world.flow_id, NOW - timedelta(days=10)) == 3
    run = world.run()
    assert (
        run.counts.created == 1
        and world.items(run)["#100"].cause == "order.older"
        and "3" in str(world.items(run)["#100"].message)
    )
    world.settings(older_confirmed=2)
    assert world.run().counts.created == 0
    world.settings(older_confirmed=3)
    assert world.run().counts.created == 3
    world.put(order(150, placed_at=NOW - timedelta(days=5)))
    assert world.run().counts.created == 1, "once confirmed, a late one follows"


def test_too_many_orders_stop_before_the_first_write(world: World) -> None:
    world.settings(brake_creates=1)
    world.put(order(1001), order(1002))
    run = world.begin()
    with pytest.raises(Braked):
        world.go_on(run)
    assert not world.sentos.done
    [hit] = world.ws.runs.get(run.id).brakes
    assert (hit.code, hit.count, hit.limit) == ("orders.many", 2, 1)


def test_a_missing_choice_of_warehouse_stops_the_run_with_the_way_on(world: World) -> None:
    from sync.model.support import Choice

    world.settings(warehouse="")
    world.put(order(1001))
    world.sentos.choices["warehouses"] = [Choice("1", "Depo"), Choice("2", "Mağaza")]
    with pytest.raises(NeedsOperator) as stop:
        world.run()
    assert "warehouse" in str(stop.value.message)
    world.end(world.ws.runs.list()[0])
    world.sentos.choices["warehouses"].pop()
    assert world.run().counts.created == 1 and world.exported()[0].attributes["sentos.warehouse_id"] == "1"


def test_a_mapping_of_all_warehouses_is_no_warehouse_to_book_from(world: World) -> None:
    from sync.model.support import Choice

    world.settings(warehouse="")
    world.ws.links.set_locations(world.link.id, {"gid://shopify/Location/1": ("*",)})
    world.put(order(1001))
    world.sentos.choices["warehouses"] = [Choice("1", "Depo"), Choice("2", "Mağaza")]
    with pytest.raises(NeedsOperator, match="warehouse"):
        world.run()


def test_a_refused_order_parks_and_is_tried_again_when_mended(world: World) -> None:
    world.put(order(1001), order(1002))
    world.sentos.refuse["#1001"] = "lines.0.sku: ürün bulunamadı"
    run = world.run()
    assert (
        run.status is Status.RED
        and (run.counts.created, run.counts.failed) == (1, 1)
        and world.causes() == ["order.refused"]
    )
    world.sentos.refuse.clear()
    assert world.run(by="schedule").counts.created == 1 and world.causes() == []


def test_a_scheduled_run_reads_what_changed_and_a_persons_run_reads_all(world: World) -> None:
    world.put(order(1001, placed_at=NOW - timedelta(hours=5), updated_at=NOW - timedelta(hours=5)))
    assert world.run(by="schedule").counts.created == 1
    assert world.run(by="schedule").counts.read == 0
    assert world.run().counts.read == 1
    world.settings(tags_none=("x",))
    assert world.run(by="schedule").counts.read == 1, "other settings may mean other orders"


def test_an_order_withheld_by_shopify_is_never_sent_in_part(world: World) -> None:
    world.put(
        order(1001, delivery=None, billing=None, withheld=("shippingAddress", "billingAddress")),
        order(1002, delivery=HOME),
    )
    run = world.run()
    assert world.items(run)["#1001"].cause == "order.withheld" and run.counts.created == 1
