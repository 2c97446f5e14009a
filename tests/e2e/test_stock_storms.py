"""The target, or a person, strikes while a run writes: again and again, late, or with the location itself."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from sync.connectors.shopify.written import Lookup
from sync.managers.stock import aging
from sync.managers.stock.book import StockBook
from sync.managers.stock.manager import StockSyncManager
from sync.model.call import Call
from sync.model.run import LIVE, Mode, Status
from tests.e2e.shelf import Shelf
from tests.e2e.stores import StandsStill, Stores
from tests.e2e.world import PATIENCE


def strikes(monkeypatch: pytest.MonkeyPatch, shelf: Shelf, *sold: int) -> None:
    """Right before each of the next calls with the shelf's SKU so many pieces are sold."""
    left, commit = list(sold), StockBook.commit

    def struck(book: StockBook, call: Call) -> bool:
        going = commit(book, call)
        if left and any(row.sku == shelf.sku for row in book._rows(call).values()):
            shelf.target.sell(shelf.sku, left.pop(0))
        return bool(going)

    monkeypatch.setattr(StockBook, "commit", struck)


class HeldOnce:
    """The first call of a method stands still until `go_on`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: type, name: str) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        method = getattr(where, name)

        def held(*given: Any) -> Any:
            if not self.reached.is_set():
                self.reached.set()
                assert self.go_on.wait(PATIENCE)
            return method(*given)

        monkeypatch.setattr(where, name, held)


@pytest.mark.parametrize(
    ("how", "sold"),
    [
        ("reason", (2, 1)),
        ("reason", (2, 1, 4)),
        (Mode.SWEEP, (2, 1, 4)),
        (Mode.DELTA, (2, 1)),
        ("first", (2, 1, 4)),
    ],
)
def test_each_of_several_sales_while_writing_is_taken_off(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, how: str, sold: tuple[int, ...]
) -> None:
    n = shelf.other + 40
    shelf.source(n + 10)
    if how == "first":  # a pair that has no baseline yet
        with shelf.stores.ws.db.write() as tx:
            tx.exec_driver_sql("DELETE FROM stock_baselines")
    strikes(monkeypatch, shelf, *sold)
    if how == "reason":
        run = shelf.stores.run(shelf.flow, reason="counted")
    else:
        run = shelf.stores.run(shelf.flow, Mode.SWEEP if how == "first" else Mode(how))
    assert shelf.shown == n + 10 - sum(sold), shelf.stores.why(run)
    assert shelf.moves(n + 9) == n + 9 - sum(sold)


def test_sales_while_writing_come_on_top_of_what_is_remembered(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = shelf.other + 40
    shelf.target.sell(shelf.sku, 5)
    assert shelf.moves(n - 1) == n - 6
    strikes(monkeypatch, shelf, 2, 1)
    assert shelf.moves(n + 10) == n + 10 - 8
    assert shelf.moves(n + 9) == n + 9 - 8


def test_of_a_rise_only_what_was_seen_twice_is_written_after_a_sale(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = shelf.other + 40
    shelf.flow = shelf.stores.settle(shelf.flow, increase_twice=True)
    assert shelf.moves(n + 5) == n
    strikes(monkeypatch, shelf, 1)
    assert shelf.moves(n + 200) == n + 4, "200 were seen once"
    assert shelf.moves(n + 5) == n + 4


def test_a_plan_that_lay_for_long_writes_no_rise_that_was_not_seen(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = shelf.other + 40
    shelf.flow = shelf.stores.settle(shelf.flow, increase_twice=True)
    assert shelf.moves(n + 5) == n
    bind = StockSyncManager.bind

    def slept(manager: StockSyncManager, ctx: Any) -> None:
        bind(manager, ctx)
        shelf.source(n + 200)

    monkeypatch.setattr(StockSyncManager, "bind", slept)
    monkeypatch.setattr(aging, "KEEPS", timedelta(0))
    run = shelf.stores.run(shelf.flow, Mode.SWEEP)
    assert shelf.shown == n + 5, shelf.stores.why(run)


@pytest.mark.parametrize("answer", ["lost", "late"])
def test_a_person_pushes_while_the_answer_of_a_run_is_out(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    """The store has carried it out; what the person brings over afterwards is the newer word."""
    n, stores = shelf.other + 40, shelf.stores
    if answer == "lost":
        held = HeldOnce(monkeypatch, Lookup, "find")
        shelf.target.fault("timeout_after", 1, match={"operation": "inventorySetQuantities"})
    else:
        held = HeldOnce(monkeypatch, StockBook, "settle")
    shelf.source(n + 10)
    run_id = stores.ws.run_verbs.start(shelf.flow.id, Mode.DELTA, by="test")
    assert held.reached.wait(PATIENCE)
    assert shelf.shown == n + 10
    shelf.source(n + 5)
    stores.ws.stock_verbs.push(shelf.flow.id, [shelf.sku], "test")
    pushed_once(shelf)
    held.go_on.set()
    run = stores.ended(run_id)
    stores.pushed(shelf.flow, [shelf.sku])
    assert shelf.shown == n + 5, stores.why(run)
    for mode in (Mode.DELTA, Mode.SWEEP):
        run = stores.run(shelf.flow, mode)
        assert shelf.shown == n + 5, stores.why(run)
    assert shelf.moves(n + 4) == n + 4


def pushed_once(shelf: Shelf) -> None:
    """Waits until a small run for single items has ended."""
    end, runs = time.monotonic() + PATIENCE, shelf.stores.ws.runs
    while not any(r.mode is Mode.ITEMS and r.status not in LIVE for r in runs.list(flow_id=shelf.flow.id)):
        assert time.monotonic() < end, "the queue does not get there"
        time.sleep(0.02)


def test_cancelled_in_the_middle_the_sales_since_stay_sold(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    n, stores = shelf.other + 40, shelf.stores
    stands = StandsStill(monkeypatch, Mode.DELTA)
    shelf.source(n + 20)
    run_id = stores.ws.run_verbs.start(shelf.flow.id, Mode.DELTA, by="test")
    assert stands.reached.wait(PATIENCE)
    stores.ws.run_verbs.cancel(run_id, by="test")
    stands.go_on.set()
    stores.ended(run_id)
    shelf.target.sell(shelf.sku, 4)
    for pieces in (n + 10, n + 12):
        assert shelf.moves(pieces) == pieces - 4
    assert shelf.moves(n + 11, Mode.SWEEP) == n + 7


def test_a_location_that_is_deactivated_in_mid_run_is_refused_and_then_left(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its items are stocked nowhere then, and somebody has to stock them again: nothing is sold twice."""
    [flow] = own.link()
    own.run(flow)
    target = own.stores["target"]
    for sku, pieces in own.source.levels().items():
        own.source.stock(sku, pieces + 5)
    stands = StandsStill(monkeypatch, Mode.DELTA)
    run_id = own.ws.run_verbs.start(flow.id, Mode.DELTA, by="test")
    assert stands.reached.wait(PATIENCE)
    place = {"location": target.places()[0]}
    target.post("/locations", {**place, "isActive": False})
    stands.go_on.set()
    run = own.ended(run_id)
    assert run.status is Status.RED and {row.state for row in own.rows(run)} == {"refused"}, own.why(run)
    target.mark()
    assert own.run(flow, Mode.SWEEP).figures["skipped"] == {"unstocked.kept": 12}
    target.post("/locations", {**place, "isActive": True})
    for mode in (Mode.DELTA, Mode.SWEEP):
        assert own.run(flow, mode).figures["skipped"] == {"unstocked.kept": 12}
    assert not target.writes() and not target.levels()


def test_a_token_that_expires_between_two_phases_is_renewed(own: Stores) -> None:
    """The items are stocked at the location; then the token is refused."""
    target, first = own.stores["target"], own.source.places()[0]
    [flow] = own.link("target", target={target.places()[1]: (first,)})
    target.fault("expired_token", 1, match={"operation": "inventorySetQuantities"})
    run = own.run(flow)
    assert target.levels(1) == own.source.levels(), own.why(run)
