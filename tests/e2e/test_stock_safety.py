"""What must never happen to stock: a change that is lost, a piece sold again, a row written unseen."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.stock_items import StockItems
from storage.stock_log import ChangeFilter
from sync import fence
from sync.errors import Fenced, NeedsOperator
from sync.managers.context import Context
from sync.managers.stock import aging
from sync.managers.stock.book import StockBook
from sync.managers.stock.in_flight import open_orders, order_flow
from sync.managers.stock.manager import StockSyncManager
from sync.managers.verbs import LinkVerbs
from sync.model.call import Call
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.plan import Bind
from sync.model.run import Mode, Scope, Status
from sync.model.stock import Difference
from sync.model.text import say
from tests.e2e.stores import Stores
from tests.e2e.test_stock_beside import ordered
from tests.e2e.world import World


def wanted(stores: Stores) -> dict[str, int]:
    both = [stores.source.levels(place) for place in (0, 1)]
    return {sku: max(0, sum(levels.get(sku, 0) for levels in both)) for sku in both[0]}


def raised(stores: Stores, skus: Sequence[str], by: int) -> None:
    shown = stores.source.levels()
    for sku in skus:
        stores.source.stock(sku, shown[sku] + by)


def test_a_death_between_reading_and_planning_forgets_nothing(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = stores.link("target", "second")
    stores.run(first)
    stores.run(second)
    raised(stores, sorted(stores.source.levels())[:3], 9)

    def die(manager: object, ctx: object) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(StockSyncManager, "make_plan", die)
        assert stores.run(first, Mode.DELTA, expect=None).status is Status.FAILED
    assert stores.run(first, Mode.DELTA).counts.updated == 3, "the cursor says that nothing moved"
    assert stores.run(second, Mode.DELTA).counts.updated == 3, "the other flow took it in first"
    for name in ("target", "second"):
        assert stores.stores[name].levels() == wanted(stores)


def test_a_read_that_broke_off_is_not_taken_for_what_the_source_shows(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a newer content was stored, then the source went back to what it was: the same digest."""
    [flow] = stores.link()
    stores.run(flow)
    stores.run(flow, Mode.DELTA)
    sku = sorted(stores.source.levels())[0]
    before = stores.source.levels()[sku]
    stores.source.stock(sku, before + 40)

    def die(items: object, connection_id: str, sweep: int, **_: object) -> int:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(StockItems, "end_sweep", die)
        assert stores.run(flow, Mode.DELTA, expect=None).status is Status.FAILED
    stores.source.stock(sku, before)
    stores.run(flow, Mode.DELTA)
    assert stores.stores["target"].levels() == wanted(stores), "forty pieces that nobody has"


def test_what_a_cancelled_run_did_not_write_is_found_by_the_next_delta(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    [flow] = stores.link()
    stores.run(flow)
    raised(stores, sorted(stores.source.levels()), 7)
    reached, go_on, commit = threading.Event(), threading.Event(), StockBook.commit

    def held(book: StockBook, call: Call) -> bool:
        if not reached.is_set():
            reached.set()
            assert go_on.wait(120)
            return False  # not sent
        return commit(book, call)

    monkeypatch.setattr(StockBook, "commit", held)
    run_id = stores.ws.run_verbs.start(flow.id, Mode.DELTA, by="test")
    assert reached.wait(120)
    stores.ws.run_verbs.cancel(run_id, by="test")
    go_on.set()
    ended = stores.ended(run_id)
    assert ended.status is Status.CANCELLED, stores.why(ended)
    stores.run(flow, Mode.DELTA)
    assert stores.stores["target"].levels() == wanted(stores)


def test_a_refused_row_is_found_by_the_next_delta_though_nothing_moved(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    raised(stores, sorted(stores.source.levels())[:4], 6)
    target.fault("partial_user_errors", 1, match={"operation": "inventorySetQuantities"}, params={"row": 1})
    run = stores.run(flow, Mode.DELTA, expect=Status.RED)
    assert run.counts.failed == 1 and target.levels() != wanted(stores)
    assert stores.run(flow, Mode.DELTA).counts.updated == 1
    assert target.levels() == wanted(stores)


@pytest.mark.parametrize("mode", [Mode.DELTA, Mode.SWEEP])
def test_another_safety_buffer_holds_from_the_next_run_on(stores: Stores, mode: Mode) -> None:
    """Although neither side has moved; a sale that the source was not told of is not sold again by it."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    sku = next(sku for sku, n in target.levels().items() if n > 20)
    for buffer in (5, 2, 0):
        stock = replace(stores.ws.links.flow(flow.id).stock, buffers={"": buffer})
        stores.ws.stock_verbs.save(flow.id, stock, "test")
        run = stores.run(flow, mode)
        right = {s: max(0, n - buffer) for s, n in wanted(stores).items()}
        assert target.levels() == right, stores.why(run)
    target.sell(sku, 3)
    stores.run(flow, Mode.SWEEP)
    for buffer in (4, 1):
        LinkVerbs(stores.ws).save(
            replace(
                stores.ws.links.flow(flow.id),
                stock=replace(flow.stock, buffers={target.places()[0]: buffer}),
            )
        )
        stores.run(flow, Mode.SWEEP)
        assert target.levels()[sku] == wanted(stores)[sku] - 3 - buffer


def test_a_rise_of_which_a_part_was_seen_once_is_not_forgotten(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    flow = stores.settle(flow, increase_twice=True)
    sku = sorted(stores.source.levels())[0]
    before = target.levels()[sku]
    raised(stores, [sku], 20)
    stores.run(flow, Mode.DELTA)
    raised(stores, [sku], 30)
    stores.run(flow, Mode.DELTA)
    assert target.levels()[sku] == before + 20, "only so much was seen twice"
    stores.run(flow, Mode.DELTA)
    stores.run(flow, Mode.DELTA)
    assert target.levels()[sku] == before + 50


def test_a_plan_that_lay_still_is_carried_on_by_what_the_source_shows_now(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process was down for the night; meanwhile the source sold, too, and one item out."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    skus = sorted(target.levels())[:4]
    before = target.levels()
    raised(stores, skus, 50)
    bind = StockSyncManager.bind

    def slept(manager: StockSyncManager, ctx: Context) -> None:
        bind(manager, ctx)
        raised(stores, skus[:2], -48)
        for place in (0, 1):
            stores.source.stock(skus[2], 0, place)

    with monkeypatch.context() as patched:
        patched.setattr(StockSyncManager, "bind", slept)
        patched.setattr(aging, "KEEPS", timedelta(0))
        target.mark()
        run = stores.run(flow, Mode.SWEEP)
    right = wanted(stores)
    assert [target.levels()[s] for s in (skus[0], skus[1], skus[3])] == [
        right[s] for s in (skus[0], skus[1], skus[3])
    ], stores.why(run)
    assert target.levels()[skus[2]] == before[skus[2]], "a zeroing has to pass the brake"
    stores.run(flow, Mode.DELTA)
    assert target.levels() == right


def gone(stores: Stores, flow: Flow) -> list[str]:
    """Four items that two sweeps have not shown; nothing has come of it yet."""
    stores.run(flow)
    before = stores.stores["target"].levels()
    variant = stores.ws.stock_items.by_sku(stores.source.id, sorted(before)[:4])
    with stores.ws.db.write() as tx:
        for row in variant:
            tx.exec_driver_sql(f"UPDATE stock_items SET missed = 5 WHERE id = {row.id}")
    return [row.sku for row in variant]


def test_an_unticked_zero_of_a_gone_item_is_not_written(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    [flow] = stores.link()
    flow = stores.settle(flow, gone="zero")
    lost, target = gone(stores, flow), stores.stores["target"]
    before = target.levels()
    monkeypatch.setattr(StockItems, "put", lambda *a, **k: 0)  # they stay gone
    monkeypatch.setattr(StockItems, "end_sweep", lambda *a, **k: 0)
    preview = stores.run(flow, Mode.PREVIEW, expect=Status.PLANNED)
    rows = [r for r in stores.rows(preview) if r.phase == "gone"]
    assert {r.sku for r in rows} == {sku for sku in lost if before[sku] > 0} and len(rows) > 1
    stores.ws.run_verbs.choose(preview.id, [rows[0].id], False)
    run = stores.ended(stores.ws.run_verbs.apply_plan(preview.id, by="test"))
    if run.status is Status.BRAKED:
        run = stores.confirm(run)
    now = target.levels()
    assert now[rows[0].sku] == before[rows[0].sku], stores.why(run)
    assert all(now[r.sku] == 0 for r in rows[1:]) and run.counts.balanced
    assert run.figures["skipped"]["unticked"] == 1  # type: ignore[index]


def test_a_change_that_stands_there_twice_is_called_so(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    sku = sorted(stores.source.levels())[0]
    raised(stores, [sku], 8)
    stores.run(flow, Mode.DELTA)
    target.sell(sku, -8)  # the same eight once more
    preview = stores.run(flow, Mode.SWEEP)
    assert target.levels()[sku] == wanted(stores)[sku], stores.why(preview)
    [seen] = [
        r for r in stores.ws.stock_changes.log(ChangeFilter(flow_id=flow.id, sku=sku)) if r.state == "seen"
    ]
    assert seen.reason == Difference.TWICE.value


def test_two_connections_to_one_store_have_one_writer(stores: Stores) -> None:
    stores.link()
    ws, target = stores.ws, stores.stores["target"]
    access = target.state()["credentials"]
    given = {"client_id": access["client_id"], "client_secret": access["client_secret"]}
    known = ws.connections.get(target.id)
    twin = ws.connections.add(
        "shopify", "twin", known.settings, given, sandbox=True, speed=known.speed, identity=known.identity
    )
    with pytest.raises(NeedsOperator, match="one writer"):
        ws.stock_verbs.set_up(
            stores.stores["second"].id,
            {twin.id: {target.places()[0]: ("*",)}},
            ws.links.flows()[0].stock,
            "x",
        )


def test_products_with_stock_and_stock_alone_refuse_each_other(world: World) -> None:
    world.run()
    ws, link = world.ws, world.ws.links.get(world.flow.link_id)
    flow = ws.links.add_flow(link.id, Entity.STOCK, "a>b")
    with pytest.raises(NeedsOperator, match="one writer"):
        ws.stock_verbs.enable(flow.id, "test")
    [place] = link.locations
    ws.stock_verbs.transfer(flow.id, place, "test")
    ws.stock_verbs.enable(flow.id, "test")
    products = world.flow
    again = replace(products.products, fields=(*products.products.fields, "stock"))
    with pytest.raises(NeedsOperator, match="one writer"):
        LinkVerbs(ws).save(replace(products, products=again))


def with_open_orders(world: World) -> tuple[Flow, Flow, Counter[str]]:
    """A stock flow that takes open orders off, the order flow beside it, and the pieces that are open."""
    ordered(world)
    ws, link = world.ws, world.ws.links.get(world.flow.link_id)
    flow = ws.links.add_flow(link.id, Entity.STOCK, "a>b")
    [place] = link.locations
    ws.stock_verbs.transfer(flow.id, place, "test")
    ws.links.save(replace(flow, stock=replace(flow.stock, subtract_orders=True)))
    flow = ws.stock_verbs.enable(flow.id, "test")
    ws.stock_verbs.validate(flow.id, "test")
    orders = order_flow(ws, link, "b")
    assert orders is not None
    skus = Counter[str]()
    for order in open_orders(ws, link, orders):
        skus.update({line.sku: line.quantity for line in order.lines if line.sku})
    assert skus
    return flow, orders, skus


def test_an_order_that_is_taken_over_while_stock_is_read_is_taken_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source's figure was read before it knew of the order, and at the time of the plan the order is no
    longer open: it would be sold again by a run whose word holds."""
    flow, orders, skus = with_open_orders(world)
    ws, link = world.ws, world.ws.links.get(world.flow.link_id)
    read_target = StockSyncManager.read_target

    def taken_over(self: StockSyncManager, ctx: Context) -> None:
        binds = [Bind("order", f"s-{order.id}", order.id) for order in open_orders(ws, link, orders)]
        with ws.db.write() as tx:
            ws.bindings.bind(tx, link.id, binds)
        read_target(self, ctx)

    monkeypatch.setattr(StockSyncManager, "read_target", taken_over)
    scope = Scope(reason="the source is right")
    run = world.ended(ws.run_verbs.start(flow.id, Mode.FULL, scope, by="test"))
    assert run.status is Status.DONE and not open_orders(ws, link, orders), (run, run.error)
    sold, right = world.available(), world.summed()
    assert {sku: right[sku] - sold[sku] for sku in skus} == skus


def test_orders_that_the_source_does_not_know_are_taken_off_until_it_does(world: World) -> None:
    flow, orders, skus = with_open_orders(world)
    ws = world.ws
    for sku in skus:
        world.restock(sku, 60)
    run = world.ended(ws.run_verbs.start(flow.id, Mode.SWEEP, by="test"))
    assert run.status is Status.DONE, (run, run.error)
    sold, right = world.available(), world.summed()
    assert {sku: right[sku] - sold[sku] for sku in skus} == skus
    assert world.ended(ws.run_verbs.start(orders.id, Mode.FULL, by="test")).status is Status.DONE
    run = world.ended(ws.run_verbs.start(flow.id, Mode.SWEEP, by="test"))
    assert run.status is Status.DONE and world.available() == world.summed(), run


@pytest.mark.parametrize("mode", [Mode.SWEEP, Mode.DELTA])
def test_an_order_flow_tells_of_its_orders_and_a_sale_by_hand_stays_sold(world: World, mode: Mode) -> None:
    """Both at one SKU: the order's pieces come back with the source's own fall, those by hand never."""
    flow, orders, skus = with_open_orders(world)
    sku, ws = next(iter(skus)), world.ws
    for one in skus:
        world.restock(one, 60)
    assert world.ended(ws.run_verbs.start(flow.id, Mode.SWEEP, by="test")).status is Status.DONE
    world.shop.post("/stock", {"sku": sku, "delta": -2})
    assert world.ended(ws.run_verbs.start(orders.id, Mode.FULL, by="test")).status is Status.DONE
    for pieces in (50, 40, 70):
        world.restock(sku, pieces)
        assert world.ended(ws.run_verbs.start(flow.id, mode, by="test")).status is Status.DONE
        sold, right = world.available(), world.summed()
        assert {one: right[one] - sold[one] for one in skus} == {one: 2 * (one == sku) for one in skus}


@pytest.mark.parametrize("stage", ["plan", "put"])
def test_a_worker_that_was_frozen_stores_nothing_when_it_wakes(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """Neither may it forget the plan of the one that took over, nor store its older read over the newer."""
    [flow] = stores.link()
    run = stores.run(flow)
    rows, sku = stores.rows(run), sorted(stores.source.levels())[0]
    known = stores.ws.stock_items.by_sku(stores.source.id, [sku])
    stores.source.stock(sku, 7)

    class Lost:
        partition, fence, lost = "x", 1, False

        def guard(self, tx: object) -> None:
            raise Fenced(say("another worker has it"))

    manager = stores.ws.manager(run)
    ctx = manager.context(run)
    with fence.holding(Lost()), pytest.raises(Fenced):
        manager.make_plan(ctx) if stage == "plan" else manager.read_source(ctx)
    assert stores.rows(run) == rows and stores.ws.stock_items.by_sku(stores.source.id, [sku]) == known


def test_a_call_whose_key_has_expired_is_judged_by_sight_and_a_sale_since_is_not_sold_again(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written, never settled, and the process was down for longer than the platform keeps keys."""
    [flow] = stores.link()
    stores.run(flow)
    target, skus = stores.stores["target"], sorted(stores.source.levels())[:3]
    raised(stores, skus, 40)

    def die(book: StockBook, call: Call, outcomes: object) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(StockBook, "settle", die)
        assert stores.run(flow, Mode.DELTA, expect=None).status is Status.FAILED
    right = wanted(stores)
    assert target.levels() == right
    with stores.ws.db.write() as tx:
        tx.exec_driver_sql("UPDATE calls SET expires_at = 1 WHERE state <> 'answered'")
    target.sell(skus[0], 30)  # fewer than were brought
    target.sell(skus[1], 50)  # more
    target.mark()
    for mode in (Mode.DELTA, Mode.SWEEP, Mode.DELTA):
        run = stores.run(flow, mode)
        assert target.levels() == {**right, skus[0]: right[skus[0]] - 30, skus[1]: right[skus[1]] - 50}, (
            stores.why(run)
        )
    assert not target.writes()
