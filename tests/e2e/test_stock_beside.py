"""What happens beside a stock run: an urgent item that overtakes it, orders that are not taken over yet."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from sync.errors import NeedsOperator
from sync.managers.sandboxes import SandboxProcess
from sync.model.entity import Entity
from sync.model.run import Mode, Scope, Status
from tests.e2e.stores import StandsStill, Stores
from tests.e2e.world import PATIENCE, World


def test_an_urgent_item_overtakes_a_large_run_and_is_not_undone_by_it(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has planned a figure for the item; before that is sent the source moves and a person pushes the
    item. The older figure must not be written afterwards."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    sku, other = sorted(target.levels())[:2]
    stores.source.stock(sku, 900)
    stores.source.stock(other, 901)
    stands = StandsStill(monkeypatch, Mode.SWEEP)
    run_id = stores.ws.run_verbs.start(flow.id, Mode.SWEEP, by="test")
    assert stands.reached.wait(PATIENCE)
    stores.source.stock(sku, 5)
    stores.pushed(flow, [sku])
    now = target.levels()[sku]
    assert now == 5 + stores.source.levels(1)[sku]
    stands.go_on.set()
    run = stores.ended(run_id)
    assert target.levels()[sku] == now, stores.why(run)
    assert target.levels()[other] == 901 + stores.source.levels(1)[other]
    assert run.status is Status.DONE and run.figures["skipped"] == {"overtaken": 1}, stores.why(run)
    stores.quiet(flow, target)


def test_an_item_that_moves_while_the_run_reads_is_read_again(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep saw the older figure and stores it last: the plan must not be made from that."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    sku = sorted(target.levels())[0]
    stores.source.stock(sku, 900)
    reached, go_on, put = threading.Event(), threading.Event(), stores.ws.stock_items.put

    def held(connection_id: str, items: object, sweep: int = 0, places: object = (), **more: object) -> int:
        if sweep and connection_id == stores.source.id and not reached.is_set():
            reached.set()
            assert go_on.wait(120)
        return put(connection_id, items, sweep, places, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(stores.ws.stock_items, "put", held)
    run_id = stores.ws.run_verbs.start(flow.id, Mode.SWEEP, by="test")
    assert reached.wait(120)
    stores.source.stock(sku, 5)
    stores.pushed(flow, [sku])
    go_on.set()
    run = stores.ended(run_id)
    assert target.levels()[sku] == 5 + stores.source.levels(1)[sku], stores.why(run)
    stores.run(flow, Mode.DELTA)
    assert target.levels()[sku] == 5 + stores.source.levels(1)[sku]


def test_a_record_nobody_knows_is_done_without_a_write(stores: Stores) -> None:
    [flow] = stores.link()
    stores.run(flow)
    target = stores.stores["target"]
    target.mark()
    stores.ws.stock_verbs.push(flow.id, by="test", ids=["gid://shopify/ProductVariant/1"])
    stores.pushed(flow, [sorted(target.levels())[0]])
    assert not target.writes()


def test_rises_wait_for_a_second_sight(stores: Stores) -> None:
    [flow] = stores.link()
    stores.run(flow)
    flow = stores.settle(flow, increase_twice=True)
    target, sku = stores.stores["target"], sorted(stores.source.levels())[0]
    before = target.levels()[sku]
    stores.source.stock(sku, stores.source.levels()[sku] + 50)
    first = stores.run(flow, Mode.DELTA)
    assert first.figures["skipped"] == {"rise.first": 1} and target.levels()[sku] == before
    stores.run(flow, Mode.DELTA)
    assert target.levels()[sku] == before + 50


def ordered(world: World) -> World:
    """Products, stock and orders are in step; three orders have come in since."""
    world.run()
    orders = next(f for f in world.ws.links.flows() if f.entity is Entity.ORDER)
    run = world.ended(world.ws.run_verbs.start(orders.id, Mode.FULL, Scope(), by="test"))
    assert run.status is Status.DONE, run
    world.shop.post("/orders", {"count": 3, "seed": 9})
    return world


def test_scheduled_stock_waits_until_orders_are_taken_over_and_says_so(world: World) -> None:
    ordered(world)
    link = world.ws.links.get(world.flow.link_id)
    flow = world.ws.links.add_flow(link.id, Entity.STOCK, "a>b")
    assert world.ws.stock_verbs.waits(world.flow, "schedule") is not None
    [place] = link.locations
    world.ws.stock_verbs.transfer(flow.id, place, "test")
    flow = world.ws.stock_verbs.enable(flow.id, "test")
    with pytest.raises(NeedsOperator, match="validated"):
        world.ws.run_verbs.start_scheduled(flow)
    world.ws.stock_verbs.validate(flow.id, "test")
    with pytest.raises(NeedsOperator, match="have not been taken over"):
        world.ws.run_verbs.start_scheduled(flow)
    assert [(code, blocks) for code, _, blocks in world.ws.stock_verbs.checks(flow.id)] == [
        ("orders.open", False)
    ]
    orders = next(f for f in world.ws.links.flows() if f.entity is Entity.ORDER)
    assert world.ended(world.ws.run_verbs.start(orders.id, Mode.FULL, by="test")).status is Status.DONE
    run = world.ended(world.ws.run_verbs.start_scheduled(flow))
    assert run.mode is Mode.SWEEP and run.status is Status.DONE, (run, run.error)


def test_what_the_product_flow_writes_stands_in_the_change_log(world: World) -> None:
    world.run()
    sku = next(sku for sku, n in world.available().items() if n > 1)
    before = world.available()[sku]
    world.restock(sku, 55)
    run = world.run()
    [row] = [r for r in world.ws.stock_changes.each(run.id) if r.sku == sku]
    assert (row.before, row.after, row.state, row.cause) == (before, world.available()[sku], "applied", "run")


def test_the_same_on_postgresql(
    store_processes: dict[str, SandboxProcess], postgres_url: str, tmp_path: Path
) -> None:
    stores = Stores(store_processes, tmp_path / "home", postgres_url)
    try:
        for store in stores.stores.values():
            store.as_made()
        [flow] = stores.link()
        target = stores.stores["target"]
        hook = {"operation": "inventorySetQuantities", "share": 0.5, "pieces": 2, "seed": 3, "count": 1}
        target.post("/hooks", hook)
        run = stores.run(flow)
        sold = 2 * target.get("/hooks")["hooks"][0]["sold"]
        right = {sku: n + stores.source.levels(1)[sku] for sku, n in stores.source.levels().items()}
        assert sold and sum(right.values()) - sum(target.levels().values()) == sold, stores.why(run)
        sku, shown = sorted(right)[0], target.levels()
        stores.source.stock(sku, 700)
        assert stores.run(flow, Mode.DELTA).counts.updated >= 1
        stores.source.stock(sku, 600)
        stores.pushed(flow, [sku])
        untold = right[sku] - shown[sku]
        assert target.levels()[sku] == 600 + stores.source.levels(1)[sku] - untold
        assert stores.run(flow, Mode.SWEEP).counts.balanced
    finally:
        stores.close()
