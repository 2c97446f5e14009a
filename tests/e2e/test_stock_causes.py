"""What the change log and the differences say of a change: only what is known."""

from __future__ import annotations

from sync.application import Application
from sync.managers.stock.in_flight import open_orders
from sync.managers.views import stock_figures, stock_log
from sync.model.run import Mode, Status
from sync.model.stock import Difference
from tests.e2e.stores import Stores
from tests.e2e.test_stock_safety import raised, with_open_orders
from tests.e2e.world import World


def seen(ws: Application, flow_id: str) -> dict[str, stock_log.StockRow]:
    """The newest of each SKU."""
    wanted = stock_log.ChangeFilter(flow_id=flow_id, states=("seen",))
    return {row.sku: row for row in reversed(stock_log.log(ws, wanted).rows)}


def test_what_the_target_moved_by_itself_is_called_so_in_both_places(stores: Stores) -> None:
    """Nobody knows whether a fall was a sale, a correction or another app: no order of the store says so."""
    [flow] = stores.link()
    stores.run(flow)
    target = stores.stores["target"]
    fell, rose = [sku for sku, n in target.levels().items() if n > 20][:2]
    target.sell(fell, 3)
    stores.source.stock(rose, stores.source.levels()[rose] + 4)
    stores.run(flow, Mode.DELTA)
    target.sell(rose, 1)
    stores.run(flow, Mode.SWEEP)
    rows = seen(stores.ws, flow.id)
    assert {rows[sku].cause for sku in (fell, rose)} == {"store"}
    found = {d.sku: d.why for d in stores.ws.stock_differences.list(flow.id)}
    assert found == {fell: Difference.STORE, rose: Difference.STORE}
    said = stock_figures.DIFFERENCES[Difference.STORE].english()
    assert stock_log.CAUSES["store"].english() == said
    assert {"store", "order", "run", "manual", "undo"} == set(stock_log.OFFERED)


def test_a_fall_is_an_order_only_where_orders_placed_since_account_for_it(world: World) -> None:
    flow, orders, open_before = with_open_orders(world)
    ws, link = world.ws, world.ws.links.get(world.flow.link_id)
    assert world.ended(ws.run_verbs.start(flow.id, Mode.SWEEP, by="test")).status is Status.DONE
    edited = next(sku for sku, n in world.available().items() if n > 9 and sku in open_before)
    moved_by_hand(world, edited, open_before[edited])  # as many as its open order has, which is settled
    known = {order.id for order in open_orders(ws, link, orders)}
    world.shop.post("/orders", {"count": 1, "seed": 11, "hours": -0.01})
    [new] = [o for o in open_orders(ws, link, orders) if o.id not in known]
    bought = {line.sku for line in new.lines} - {edited}
    assert world.ended(ws.run_verbs.start(flow.id, Mode.SWEEP, by="test")).status is Status.DONE
    rows = seen(ws, flow.id)
    assert bought and {rows[sku].cause for sku in bought} == {"order"}, rows
    assert rows[edited].cause == "store"


def moved_by_hand(world: World, sku: str, pieces: int) -> None:
    place = world.shop.state()["locations"][0]["id"]
    world.shop.post("/stock", {"sku": sku, "location": place, "delta": -pieces})


def test_a_missed_update_is_one_that_stood_open_before(stores: Stores) -> None:
    """Another item that differs does not make a missed update of a row that is refused for the first time."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    one, other = [sku for sku, n in target.levels().items() if n > 20][:2]
    target.sell(other, 3)
    stores.run(flow, Mode.SWEEP)
    whys: list[dict[str, Difference]] = []
    for _ in range(2):
        raised(stores, [one], 6)
        match = {"operation": "inventorySetQuantities"}
        target.fault("partial_user_errors", 1, match=match, params={"row": 0})
        assert stores.run(flow, Mode.SWEEP, expect=Status.RED).counts.failed == 1
        whys.append({d.sku: d.why for d in stores.ws.stock_differences.list(flow.id)})
    assert whys[0] == {one: Difference.DIFFERS, other: Difference.STORE}
    assert whys[1] == {one: Difference.MISSED, other: Difference.STORE}
