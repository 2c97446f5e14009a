"""Stock from Sentos to a store, by the verbs that the set-up page uses: set up beside products and orders,
one full run, the confirmation, schedules, changes, and orders that Sentos does not know yet."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from sync.errors import NeedsOperator
from sync.managers.stock.in_flight import open_orders
from sync.managers.verbs import LinkVerbs
from sync.managers.views import stock as views
from sync.model.entity import Entity
from sync.model.flow import Flow, Schedule, StockSettings
from sync.model.run import Mode, Run, Status
from sync.model.stock import ALL_PLACES, Match
from tests.e2e.world import World

EVERY_FIVE = Schedule(minutes=5)


def set_up(world: World, *take_over: str, settings: StockSettings = StockSettings()) -> Flow:
    """What the page hands over: all warehouses at the one location."""
    link = world.ws.links.get(world.flow.link_id)
    places = {link.b: dict.fromkeys(link.locations, (ALL_PLACES,))}
    [flow] = world.ws.stock_verbs.set_up(link.a, places, settings, "test", take_over=take_over)
    return flow


def ran(world: World, flow: Flow, mode: Mode) -> Run:
    run = world.ended(world.ws.run_verbs.start(flow.id, mode, by="test"))
    assert run.status is Status.DONE and run.counts.balanced, (run, run.error)
    return run


def test_the_page_offers_sentos_as_a_source_and_never_as_a_target(world: World) -> None:
    ws = world.ws
    assert {c.platform for c in views.sources(ws)} == {"sentos", "shopify"}
    assert {c.platform for c in views.targets(ws)} == {"shopify"}
    link = ws.links.get(world.flow.link_id)
    with pytest.raises(NeedsOperator, match="cannot be written"):
        ws.stock_verbs.set_up(link.b, {link.a: {"1": (ALL_PLACES,)}}, StockSettings(), "test")


def test_a_product_flow_that_carries_stock_has_to_be_relieved_of_it(world: World) -> None:
    ws, products, before = world.ws, world.flow, views.owners(world.ws)
    link, flows = ws.links.get(products.link_id), ws.links.flows()
    [found] = views.carriers(ws, link.a, link.b, list(link.locations))
    assert found.flow.id == products.id
    with pytest.raises(NeedsOperator, match="product flow of Sandbox .* taken over"):
        set_up(world)
    run = world.start()
    with pytest.raises(NeedsOperator, match="under way"):
        set_up(world, products.id)
    world.ended(run)
    assert ws.links.flows() == flows and ws.links.get(link.id) == link, "something was half done"
    assert not before


def test_the_whole_road(world: World) -> None:
    world.run()  # products first: so there is something to match
    ws, products = world.ws, world.flow.id
    flow = set_up(world, products)
    stored = ws.links.flow(products)
    assert "stock" not in stored.products.fields and stored.enabled
    assert [(line.flow and line.flow.flow.id, line.by) for line in views.owners(ws)] == [(flow.id, "test")]
    with pytest.raises(NeedsOperator, match="baseline is missing"):
        LinkVerbs(ws).set_schedule(flow.id, EVERY_FIVE)  # other warehouses than those of the products
    sku = next(sku for sku, n in world.summed().items() if n > 1)
    world.restock(sku, 41)
    ran(world, flow, Mode.FULL)
    assert world.available() == world.summed()
    assert views.card(ws, flow.id).match[Match.MATCHED.value] == len(world.summed())
    figures = ws.stock_verbs.figures(flow.id)
    sample: Any = figures["sample"]
    assert sample and all(row["source"]["on_hand"] == row["source"]["available"] for row in sample)
    ws.stock_verbs.validate(flow.id, "test", figures)
    assert LinkVerbs(ws).set_schedule(flow.id, EVERY_FIVE).schedule == EVERY_FIVE
    LinkVerbs(ws).pause(flow.id)
    world.restock(sku, 17)
    world.shop.mark()
    run = ran(world, flow, Mode.DELTA)
    assert run.counts.updated == 1 and world.available() == world.summed()
    assert set(world.shop.kinds()) == {"inventory.set"}
    world.shop.mark()
    ran(world, flow, Mode.DELTA)
    world.run()  # and products leave stock alone
    assert not world.shop.effects("inventory")
    [place] = ws.links.get(flow.link_id).locations
    ws.stock_verbs.transfer(products, place, "test")  # back again, with all warehouses at one location
    world.restock(sku, 23)
    world.run()
    assert world.available() == world.summed()


def test_orders_that_sentos_does_not_know_are_taken_off(world: World) -> None:
    world.run()
    ws = world.ws
    flow = set_up(world, world.flow.id, settings=StockSettings(subtract_orders=True))
    ran(world, flow, Mode.FULL)
    ws.stock_verbs.validate(flow.id, "test")
    orders, link = next(f for f in ws.links.flows() if f.entity is Entity.ORDER), ws.links.get(flow.link_id)
    world.shop.post("/orders", {"count": 3, "seed": 9})
    sold = Counter[str]()
    for order in open_orders(ws, link, orders):
        sold.update({line.sku: line.quantity for line in order.lines if line.sku})
    assert sold
    for sku in sold:
        world.restock(sku, 60)
    ran(world, flow, Mode.DELTA)
    shown, right = world.available(), world.summed()
    assert {sku: right[sku] - shown[sku] for sku in sold} == sold
    ran(world, orders, Mode.FULL)
    ran(world, flow, Mode.SWEEP)
    assert world.available() == world.summed(), "Sentos knows of them by now"


def test_same_warehouses_as_the_products_had_need_no_second_baseline(world: World) -> None:
    world.run()
    ws, link = world.ws, world.ws.links.get(world.flow.link_id)
    places = {link.b: dict(link.locations)}
    [flow] = ws.stock_verbs.set_up(link.a, places, StockSettings(), "test", take_over=[world.flow.id])
    assert ws.stock_verbs.stage(flow.id).baseline_run
    assert "validated" in str(ws.stock_verbs.refused(flow.id, Mode.DELTA))


def test_a_set_up_again_is_refused_and_keeps_the_flow(world: World) -> None:
    flow = set_up(world, world.flow.id)
    with pytest.raises(NeedsOperator, match="is set up already"):
        set_up(world, settings=replace(flow.stock, increase_twice=True))
    assert world.ws.links.flow(flow.id) == flow
