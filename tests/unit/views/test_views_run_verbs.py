"""Starting, cancelling, confirming, giving up and carrying out: one transaction each, refused in words."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from storage.clock import utc_now
from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.views import items, runs
from sync.managers.views.items import RowFilter
from sync.model.flow import ProductFilter
from sync.model.run import BrakeHit, Mode, Scope, Status
from sync.model.text import say
from tests.pages import seed


def test_a_run_is_queued_with_its_first_stage(ws: Application, shop: seed.Shop) -> None:
    run_id = ws.run_verbs.start(shop.products.id, Mode.PREVIEW, Scope(("stock",)), "ayse")
    run, item = ws.runs.get(run_id), ws.queue.claim()
    assert (run.status, run.mode, run.scope.parts, run.flow_version) == (
        Status.QUEUED,
        Mode.PREVIEW,
        ("stock",),
        shop.products.version,
    )
    assert item is not None and (item.run_id, item.action, item.partition) == (
        run_id,
        "read_source",
        shop.link.a,
    )
    assert [str(row.message) for row in ws.logs.page().rows] == ["Preview started by ayse."]


def test_one_live_run_a_flow(ws: Application, shop: seed.Shop) -> None:
    ws.run_verbs.start(shop.products.id, Mode.FULL, by="ayse")
    with pytest.raises(NeedsOperator, match="already under way"):
        ws.run_verbs.start(shop.products.id, Mode.PREVIEW, by="mehmet")
    ws.run_verbs.start(shop.orders.id, Mode.FULL, by="mehmet")
    assert len(ws.runs.list()) == 2


def test_of_many_at_once_one_starts(ws: Application, shop: seed.Shop) -> None:
    refused: list[str] = []

    def start() -> None:
        try:
            ws.run_verbs.start(shop.products.id, Mode.FULL, by="ayse")
        except NeedsOperator as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ws.runs.list()) == 1 and len(refused) == 5


def test_a_flow_that_is_off_or_untested_is_refused(ws: Application, shop: seed.Shop) -> None:
    ws.links.save(replace(shop.products, enabled=False))
    with pytest.raises(NeedsOperator, match="switched off"):
        ws.run_verbs.start(shop.products.id, Mode.TEST, by="ayse")
    fresh = ws.connections.add("shopify", "new", {}, {})
    link = ws.links.add("second", shop.link.a, fresh.id)
    flow = ws.links.save(replace(ws.links.flows(link.id)[0], enabled=True))
    with pytest.raises(NeedsOperator, match="new has never been tested"):
        ws.run_verbs.start(flow.id, Mode.TEST, by="ayse")


@pytest.mark.parametrize("scope", [Scope(("orders",)), Scope(skus=tuple(map(str, range(1001))))])
def test_a_scope_that_cannot_be_is_refused(ws: Application, shop: seed.Shop, scope: Scope) -> None:
    with pytest.raises(NeedsOperator):
        ws.run_verbs.start(shop.products.id, Mode.FULL, scope, "ayse")
    assert ws.runs.list() == []


def test_cancelling_asks_a_running_run_and_ends_a_braked_one(ws: Application, shop: seed.Shop) -> None:
    running, braked = seed.running(ws, shop, 5), seed.braked(ws, shop, 5)
    ws.run_verbs.cancel(running, "ayse")
    ws.run_verbs.cancel(braked, "ayse")
    assert ws.runs.get(running).cancel_requested and ws.runs.get(running).status is Status.RUNNING
    assert ws.runs.get(braked).status is Status.CANCELLED
    with pytest.raises(NeedsOperator, match="already ended"):
        ws.run_verbs.cancel(braked, "ayse")


def test_a_confirmed_brake_goes_on_where_it_stopped(ws: Application, shop: seed.Shop) -> None:
    run_id = seed.braked(ws, shop, 5)
    scope = Scope(("stock",), confirmed=("location.unmapped",))
    ws.runs.update(run_id, scope=scope, started_at=utc_now())  # the seed is as old as the test session
    ws.run_verbs.confirm(run_id, ["stock.zeroed"], "ayse")
    run, item = ws.runs.get(run_id), ws.queue.claim()
    assert (
        run.scope == Scope(("stock",), confirmed=("location.unmapped", "stock.zeroed")) and run.error is None
    )
    assert item is not None and item.action == "brake"
    with pytest.raises(NeedsOperator, match="not waiting"):
        ws.run_verbs.confirm(run_id, ["stock.zeroed"], "mehmet")
    assert ws.queue.claim() is None


def test_only_a_brake_that_holds_can_be_confirmed(ws: Application, shop: seed.Shop) -> None:
    run_id = seed.braked(ws, shop, 5)
    for codes in ([], ["price.moves"]):
        with pytest.raises(NeedsOperator, match="not stopped by"):
            ws.run_verbs.confirm(run_id, codes, "ayse")
    assert ws.runs.get(run_id).status is Status.BRAKED


def test_a_plan_is_carried_out_once_with_its_own_scope(ws: Application, shop: seed.Shop) -> None:
    preview = seed.preview(ws, shop, 12)
    ws.runs.update(preview, scope=Scope(("stock",), ids=("101", "104")), brakes=(BrakeHit("x", say("x")),))
    run_id = ws.run_verbs.apply_plan(preview, "ayse")
    assert ws.runs.get(run_id).scope == Scope(("stock",), ids=("101", "104"), plan_of=preview)
    ws.runs.update(run_id, status=Status.DONE)
    with pytest.raises(NeedsOperator, match="carried out by"):
        ws.run_verbs.apply_plan(preview, "ayse")
    with pytest.raises(NeedsOperator, match="carried out by"):
        ws.run_verbs.choose(preview, [1], True)


def test_an_empty_a_void_and_no_plan_are_refused(ws: Application, shop: seed.Shop) -> None:
    preview = seed.preview(ws, shop, 12)
    ws.run_verbs.choose_all(preview, RowFilter(), False)
    with pytest.raises(NeedsOperator, match="nothing to write"):
        ws.run_verbs.apply_plan(preview, "ayse")
    ws.run_verbs.choose_all(preview, RowFilter(), True)
    ws.links.save(shop.products)
    with pytest.raises(NeedsOperator, match="settings were changed"):
        ws.run_verbs.apply_plan(preview, "ayse")
    with pytest.raises(NeedsOperator, match="not a kept plan"):
        ws.run_verbs.apply_plan(seed.first_run(ws, shop, 3), "ayse")


def test_ticking_follows_the_filter(ws: Application, shop: seed.Shop) -> None:
    preview = seed.preview(ws, shop, 30)
    run = ws.runs.get(preview)
    assert items.ticked(ws, run) == (10, 10)
    assert ws.run_verbs.choose_all(preview, RowFilter(phase="product"), False) == 5
    assert items.ticked(ws, run) == (5, 10)
    [row, *_] = [row for row in items.page(ws, run, RowFilter()).rows if row.chosen is False]
    ws.run_verbs.choose(preview, [row.id], True)
    assert items.ticked(ws, run) == (6, 10)
    assert runs.applied_by(ws, run) is None


def test_orders_have_no_product_filter(ws: Application, shop: seed.Shop) -> None:
    with pytest.raises(NeedsOperator, match="Only product runs"):
        ws.run_verbs.start(shop.orders.id, Mode.FULL, Scope(filters=ProductFilter(brands=("x",))), "ayse")
