"""Sales at a destination of which nobody tells the source: they are remembered; no piece is sold twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from storage.clock import utc_now
from storage.order_pieces import Placed
from storage.stock_items import StockItems
from sync.managers.views import stock_log
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.plan import Bind
from sync.model.run import Mode, Status
from tests.e2e.shelf import Shelf, undo
from tests.e2e.stores import Stores


def test_a_sale_stays_sold_whatever_the_source_does_later(either: Shelf) -> None:
    n = either.other + 40
    either.target.sell(either.sku, 3)
    either.stores.run(either.flow, Mode.SWEEP)
    assert either.shown == n - 3 and either.untold() == 0, "kept, and not yet settled"
    assert either.moves(n - 1) == n - 4 and either.untold() == 3
    assert either.moves(n - 2) == n - 5, "the three are on sale again"
    assert either.moves(n - 5, Mode.SWEEP) == n - 8, "equal figures do not say that the source has heard"
    assert either.moves(n + 5) == n + 2
    assert either.moved() == 0, "in step is in step"
    either.stores.quiet(either.flow, either.target)
    assert not either.stores.ws.stock_differences.list(either.flow.id)
    either.target.sell(either.sku, -2)  # two come back
    either.stores.run(either.flow, Mode.SWEEP)
    assert either.shown == n + 4 and either.untold() == 1
    assert either.moves(0) == 0 and either.moves(1) == 0 and either.untold() == 1
    assert either.moves(9) == 8, "what was sold stays sold when there is something again"
    either.stores.run(either.flow, reason="counted")
    assert either.shown == 9 and either.untold() == 0
    assert either.moves(12) == 12


def test_a_reason_for_one_item_leaves_the_others_alone(shelf: Shelf) -> None:
    other = next(sku for sku, n in shelf.target.levels().items() if n > 9 and sku != shelf.sku)
    right, levels = shelf.target.levels()[other], shelf.stores.source.levels()
    for sku in (shelf.sku, other):
        shelf.target.sell(sku, 3)
    shelf.stores.source.stock(other, levels[other] + 1)
    shelf.moves(shelf.other + 30)
    shelf.stores.run(shelf.flow, skus=(shelf.sku,), reason="entered by hand")
    assert shelf.shown == shelf.other + 30 and shelf.target.levels()[other] == right - 2


def test_what_sells_while_the_baseline_is_written_is_remembered(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    hook = {"operation": "inventorySetQuantities", "share": 0.5, "pieces": 2, "seed": 3, "count": 1}
    target.post("/hooks", hook)
    stores.run(flow)
    sold = 2 * target.get("/hooks")["hooks"][0]["sold"]
    target.process.ask("DELETE", "/hooks")
    for n in (5, 9):
        for sku in target.levels():
            stores.source.stock(sku, 60 + n)
        stores.run(flow, Mode.DELTA)
        right = sum(stores.source.levels().values()) + sum(stores.source.levels(1).values())
        assert sold and sum(target.levels().values()) == right - sold


def test_single_items_and_the_buffer_keep_it_in_mind(shelf: Shelf) -> None:
    n = shelf.other + 40
    shelf.target.sell(shelf.sku, 3)
    shelf.source(n - 1)
    shelf.stores.pushed(shelf.flow, [shelf.sku])
    assert shelf.shown == n - 4
    shelf.source(n - 2)
    shelf.stores.pushed(shelf.flow, [shelf.sku])
    assert shelf.shown == n - 5
    stock = replace(shelf.stores.ws.links.flow(shelf.flow.id).stock, buffers={"": 4})
    shelf.stores.ws.stock_verbs.save(shelf.flow.id, stock, "test")
    shelf.stores.run(shelf.flow, Mode.DELTA)
    assert shelf.shown == n - 9 and shelf.untold() == 3


def test_what_comes_back_to_the_source_comes_back_without_what_was_sold(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.flow = shelf.stores.settle(shelf.flow, gone="zero")
    shelf.target.sell(shelf.sku, 3)
    shelf.stores.run(shelf.flow, Mode.SWEEP)
    with shelf.stores.ws.db.write() as tx:
        [pair] = shelf.pairs()
        tx.exec_driver_sql(f"UPDATE stock_items SET missed = 5 WHERE id = {pair.source.id}")
    with monkeypatch.context() as patched:  # it stays gone
        patched.setattr(StockItems, "put", lambda *a, **k: 0)
        patched.setattr(StockItems, "end_sweep", lambda *a, **k: 0)
        run = shelf.stores.run(shelf.flow, Mode.SWEEP, expect=None)
        if run.status is Status.BRAKED:
            run = shelf.stores.confirm(run)
    assert shelf.shown == 0 and shelf.untold() == 3, shelf.stores.why(run)
    shelf.stores.run(shelf.flow, Mode.SWEEP)
    assert shelf.shown == shelf.other + 40 - 3


def test_an_undo_takes_the_sources_word_back(shelf: Shelf) -> None:
    n = shelf.other + 40
    shelf.target.sell(shelf.sku, 3)
    shelf.moves(n - 1)
    worded = shelf.stores.run(shelf.flow, reason="counted")
    assert shelf.shown == n - 1 and shelf.untold() == 0
    undone = undo(shelf, worded.id)
    assert shelf.shown == n - 4 and shelf.untold() == 3
    assert shelf.moves(n - 2) == n - 5
    assert shelf.moves(n - 1) == n - 4
    undo(shelf, undone)
    assert shelf.shown == n - 1 and shelf.untold() == 0, "and the undo of that gives it again"


def test_the_change_log_says_how_many_were_not_told(shelf: Shelf) -> None:
    n = shelf.other + 40
    shelf.target.sell(shelf.sku, 3)
    shelf.moves(n - 1)
    shelf.moves(n - 2)
    rows = stock_log.log(shelf.stores.ws, stock_log.ChangeFilter(shelf.flow.id, states=("applied",))).rows
    told = [r.message.english() for r in rows if r.sku == shelf.sku and r.message]
    assert len(told) == 2 and all("3" in text and "not told" in text for text in told)


def test_an_order_flow_tells_of_its_orders_and_of_nothing_else(either: Shelf) -> None:
    """Three are sold by hand: whatever orders are taken over beside them, they stay sold."""
    n = either.other + 40
    orders(either.stores, either.flow)
    either.target.sell(either.sku, 3)
    assert either.moves(n - 1) == n - 4 and either.untold() == 3
    assert either.moves(n - 2) == n - 5, "on sale again"
    either.target.sell(either.sku, 2)
    taken_over(either, "1", 2)
    assert either.moves(n - 4, Mode.SWEEP) == n - 7 and either.untold() == 3, "it has heard of the two"
    placed = utc_now()
    either.target.sell(either.sku, 1)
    assert either.moves(n - 5) == n - 9 and either.untold() == 4, "not taken over yet"
    taken_over(either, "2", 1, placed)
    assert either.moves(n - 6) == n - 9
    assert either.moves(n - 7, Mode.SWEEP) == n - 10 and either.untold() == 3
    assert either.moves(n + 9) == n + 6
    either.stores.run(either.flow, reason="counted")
    assert either.shown == n + 9 and either.untold() == 0


def test_an_order_counts_once_however_often_the_source_moves(shelf: Shelf) -> None:
    n = shelf.other + 40
    orders(shelf.stores, shelf.flow)
    shelf.target.sell(shelf.sku, 5)
    taken_over(shelf, "1", 5)
    assert shelf.moves(n - 5) == n - 5 and shelf.untold() == 0
    shelf.target.sell(shelf.sku, 2)
    assert [shelf.moves(n - 5 - more) for more in (1, 2, 3)] == [n - 8, n - 9, n - 10]
    assert shelf.untold() == 2


def test_what_an_order_flow_took_over_counts_after_it_is_switched_off(shelf: Shelf) -> None:
    n, ws = shelf.other + 40, shelf.stores.ws
    orders(shelf.stores, shelf.flow)
    shelf.target.sell(shelf.sku, 5)
    assert shelf.moves(n - 1) == n - 6 and shelf.untold() == 5
    taken_over(shelf, "1", 5)
    [flow] = [f for f in ws.links.flows(shelf.flow.link_id) if f.entity is Entity.ORDER]
    ws.links.save(replace(flow, enabled=False))
    assert shelf.moves(n - 6, Mode.SWEEP) == n - 6 and shelf.untold() == 0


def taken_over(shelf: Shelf, number: str, pieces: int, placed: datetime | None = None) -> None:
    """An order of the destination gets its partner at the source."""
    ws, [pair] = shelf.stores.ws, shelf.pairs()
    order = Placed(f"order-{number}", placed or utc_now(), {pair.target.variant_id: pieces})
    with ws.db.write() as tx:
        ws.order_pieces.put(tx, shelf.flow.link_id, [order])
        ws.bindings.bind(tx, shelf.flow.link_id, [Bind("order", number, order.order_id)])


def orders(stores: Stores, flow: Flow) -> None:
    """An enabled flow that takes over the destination's orders."""
    made = stores.ws.links.add_flow(flow.link_id, Entity.ORDER, "b>a")
    stores.ws.links.save(replace(made, enabled=True))
