"""A location gets another writer: what the former one had sent, and what it had settled, counts no more."""

from __future__ import annotations

from dataclasses import replace

from sync.model.entity import Entity
from sync.model.flow import Flow, StockSettings
from sync.model.run import Mode, Run, Status
from tests.e2e.stores import Stores
from tests.e2e.world import World

_SET = {"operation": "inventorySetQuantities"}


def put_down(stores: Stores, flow: Flow) -> None:
    """The flow gives its locations away and is switched off."""
    stores.ws.stock_owners.release(flow.id)
    stores.ws.links.save(replace(stores.ws.links.flow(flow.id), enabled=False))


def switched_on(stores: Stores, flow: Flow) -> None:
    stores.ws.links.save(replace(stores.ws.links.flow(flow.id), enabled=True))


def from_second(stores: Stores) -> Flow:
    """A flow from the second store into the target's first location."""
    target = stores.stores["target"]
    mapping = {target.id: {target.places()[0]: ("*",)}}
    [flow] = stores.ws.stock_verbs.set_up(stores.stores["second"].id, mapping, StockSettings(), "test")
    return flow


def lost(stores: Stores, flow: Flow) -> Run:
    """A delta whose call never reaches the target; nobody knows that."""
    target = stores.stores["target"]
    target.fault("timeout_before", 5, match=_SET)
    run = stores.run(flow, Mode.DELTA, expect=None)
    target.calm()
    assert run.status is Status.RED, stores.why(run)
    return run


def right(stores: Stores) -> dict[str, int]:
    return {sku: n + stores.source.levels(1)[sku] for sku, n in stores.source.levels().items()}


def test_what_is_open_is_not_sent_once_another_flow_writes_there(stores: Stores) -> None:
    target, second = stores.stores["target"], stores.stores["second"]
    [flow] = stores.link()
    stores.run(flow)
    stores.source.stock(sorted(target.levels())[0], 900)
    lost(stores, flow)
    put_down(stores, flow)
    other = from_second(stores)
    for sku, pieces in target.levels().items():  # in step already
        second.stock(sku, pieces)
        second.stock(sku, 0, 1)
    stores.run(other)
    switched_on(stores, flow)
    target.mark()
    run = stores.run(flow, Mode.DELTA, expect=Status.FAILED)
    assert not target.writes(), stores.why(run)


def test_a_former_writers_call_is_not_sent_where_the_figure_happens_to_fit(stores: Stores) -> None:
    target, second = stores.stores["target"], stores.stores["second"]
    [first] = stores.link()
    stores.run(first)
    put_down(stores, first)
    other = from_second(stores)
    stores.run(other)
    sku = sorted(target.levels())[0]
    second.stock(sku, 5000)
    [row] = stores.rows(lost(stores, other))
    switched_on(stores, first)
    stores.ws.stock_verbs.transfer(first.id, target.places()[0], "test")
    stores.run(first, reason="it is ours again")
    assert target.levels() == right(stores) and row.before is not None
    stores.source.stock(sku, row.before)  # what the call expects to find
    stores.source.stock(sku, 0, 1)
    stores.run(first, Mode.DELTA)
    before = target.levels()
    assert before[sku] == row.before
    run = stores.run(other, Mode.DELTA, expect=Status.FAILED)
    assert target.levels() == before, stores.why(run)


def test_what_another_flow_wrote_meanwhile_is_no_sale(stores: Stores) -> None:
    target, second = stores.stores["target"], stores.stores["second"]
    [flow] = stores.link()
    stores.run(flow)
    sku = max(target.levels(), key=lambda one: target.levels()[one])
    put_down(stores, flow)
    other = from_second(stores)
    for one in target.levels():
        second.stock(one, 50)
        second.stock(one, 0, 1)
    stores.run(other)
    assert target.levels()[sku] == 50
    switched_on(stores, flow)
    stores.ws.stock_verbs.transfer(flow.id, target.places()[0], "test")
    stores.source.stock(sku, 60)
    stores.source.stock(sku, 0, 1)
    run = stores.run(flow, Mode.SWEEP)
    assert target.levels()[sku] == 60, stores.why(run)


def test_what_a_product_flow_left_open_is_not_sent_once_a_stock_flow_writes_there(world: World) -> None:
    world.run()
    sku = sorted(world.available())[0]
    warehouse = int(sorted(world.erp.state()["stock"][sku])[0])
    world.restock(sku, 50, warehouse)
    world.run()
    world.restock(sku, 90, warehouse)
    world.shop.fault("timeout_before", 5, match=_SET)
    assert world.run(expect=None).status is Status.RED
    world.shop.calm()
    link = world.ws.links.get(world.flow.link_id)
    flow = world.ws.links.add_flow(link.id, Entity.STOCK, "a>b")
    world.ws.stock_verbs.transfer(flow.id, next(iter(link.locations)), "test")
    world.ws.stock_verbs.enable(flow.id, "test")
    world.shop.mark()
    run = world.run(expect=None)
    assert not world.shop.effects("inventory.set") and world.available()[sku] == 50, world.why(run)
