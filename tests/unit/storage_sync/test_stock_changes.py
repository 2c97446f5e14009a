"""The plan, log and undo source of stock; stages, owners, differences."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.clock import utc_now
from storage.links import STORE_TO_STORE
from storage.stock_differences import NewDifference, StockDifferences
from storage.stock_log import ChangeFilter
from storage.stock_owners import StockOwners
from storage.stock_stages import StockStages
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.plan import Settle
from sync.model.stock import Difference
from sync.model.text import say
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import Stock, change, item, stock_of


@pytest.fixture
def stock(store: Store) -> Stock:
    return stock_of(store)


def test_a_change_comes_back_whole(stock: Stock) -> None:
    given = replace(change(stock.flow.id, 7, "v1", 4, 3), message=say("{n} rows", n=3), reason="buffer")
    stock.changes.add([given])
    [row] = stock.changes.due("run", "stock")
    assert row.message == say("{n} rows", n=3) and (row.before, row.after, row.source) == (0, 3, 4)
    assert row.tries == 0 and row.call_id == "" and utc_now() - row.at < timedelta(minutes=1)
    assert stock.changes.by_ids([row.id, 999]) == [row]


def test_due_comes_in_order_and_leaves_out_what_is_unticked(stock: Stock) -> None:
    stock.changes.add([change(stock.flow.id, None, f"v{n}", 1, 1) for n in range(5)])
    first = stock.changes.due("run", "stock", limit=2)
    with stock.db.write() as tx:
        assert stock.changes.choose(tx, ChangeFilter(run_id="run"), False, [first[0].id]) == 1
        stock.changes.set_state(tx, [first[1].id], "sent")
    left = stock.changes.due("run", "stock")
    assert [row.variant_id for row in left] == ["v2", "v3", "v4"]
    assert stock.changes.due("run", "stock", after_id=left[0].id)[0] == left[1]
    assert stock.changes.counts("run") == {"planned": 4, "sent": 1}
    assert stock.changes.phases("run") == {"stock": 3}
    assert [row.id for row in stock.changes.each("run", "sent")] == [first[1].id]
    assert stock.changes.ticked("run") == (4, 5) and stock.changes.counts("run", "phase") == {"stock": 5}


def test_a_whole_call_settles_at_once(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X", ("A1", 6)), item("a2", "Y", ("A1", 5))])
    stock.sweep("b", [item("b1", "X", ("B1", 1)), item("b2", "Y")])
    stock.refresh()
    stock.settle({"a1": (6, 4), "a2": (5, 5)})
    assert stock.changes.counts("run") == {"applied": 2} and stock.moved() == set()
    rows = stock.items.by_variant(stock.link.b, ["b1", "b2"])
    assert [(r.levels[0].available, r.levels[0].active) for r in rows.values()] == [(4, True), (5, True)]
    bases = {p.source.variant_id: p.bases for p in stock.match.pairs(stock.link, "a>b")}
    assert bases == {"a1": {"B1": (6, 4)}, "a2": {"B1": (5, 5)}}


def test_what_the_source_was_not_told_is_remembered_with_the_baseline(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X", ("A1", 9)), item("a2", "Y", ("A1", 5))])
    stock.sweep("b", [item("b1", "X", ("B1", 7)), item("b2", "Y", ("B1", 5))])
    stock.refresh()
    pairs = stock.match.pairs(stock.link, "a>b")
    bindings = [pair.binding_id for pair in pairs]
    rows = [
        replace(change(stock.flow.id, pair.binding_id, pair.target.variant_id, 9, 6), untold=3, released=n)
        for n, pair in enumerate(pairs)
    ]
    stock.changes.add([rows[0], replace(rows[1], source=5, after=5, untold=0)])
    planned = stock.changes.due("run", "stock")
    assert [(r.untold, r.released) for r in planned] == [(3, 0), (0, 1)]
    with stock.db.write() as tx:
        stock.changes.applied(tx, stock.link.b, [r.id for r in planned])
    assert [dict(p.untold) for p in stock.match.pairs(stock.link, "a>b")] == [{"B1": 3}, {}]
    assert stock.moved() == set(), "in step, although the figures differ"
    settled = stock.match.settled(stock.link, "a>b", bindings)
    assert settled == {(bindings[0], "B1"): (9, 6, 3), (bindings[1], "B1"): (5, 5, 0)}
    assert stock.match.settled(stock.link, "b>a", bindings[:1]) == {(bindings[0], "B1"): (6, 9, 3)}
    with stock.db.write() as tx:
        stock.changes.set_state(tx, [planned[0].id], "planned", after=7, untold=2)
        stock.changes.applied(tx, stock.link.b, [planned[0].id])
    assert [dict(p.untold) for p in stock.match.pairs(stock.link, "a>b")] == [{"B1": 2}, {}]
    with stock.db.write() as tx:  # a flow of products knows of no such pieces
        stock.store.bindings.settle(tx, stock.link.id, [Settle("variant", "a1", {"available": (9, 9)}, "B1")])
    assert [dict(p.untold) for p in stock.match.pairs(stock.link, "a>b")] == [{}, {}]


def test_a_flow_from_b_settles_its_own_halves(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X", ("B1", 0))])
    stock.sweep("b", [item("b1", "X", ("A1", 6))])
    stock.flow = replace(stock.flow, direction="b>a")
    stock.refresh()
    [pair] = stock.match.pairs(stock.link, "b>a")
    stock.changes.add([change(stock.flow.id, pair.binding_id, "a1", 6, 4)])
    with stock.db.write() as tx:
        stock.changes.applied(
            tx, stock.link.a, [r.id for r in stock.changes.due("run", "stock")], swapped=True
        )
    [pair] = stock.match.pairs(stock.link, "b>a")
    assert pair.bases == {"B1": (6, 4)} and pair.target.levels[0].available == 4


def test_states_values_and_forgetting(stock: Stock) -> None:
    stock.changes.add([change(stock.flow.id, None, f"v{n}", 1, 1) for n in range(3)])
    ids = [row.id for row in stock.changes.due("run", "stock")]
    with stock.db.write() as tx:
        stock.changes.set_state(tx, ids[:1], "refused", message=say("No"), before=9)
    [refused] = stock.changes.each("run", "refused")
    assert (refused.message, refused.before, refused.after) == (say("No"), 9, 1)
    stock.changes.forget("run")
    assert [row.id for row in stock.changes.each("run")] == ids[:1]


def test_each_streams_beyond_a_page(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.stock_changes._AT_ONCE", 3)
    rows = [change(stock.flow.id, None, f"v{n}", 1, 1) for n in range(8)]
    stock.changes.add([replace(row, phase="track" if n % 2 else "stock") for n, row in enumerate(rows)])
    assert [r.variant_id for r in stock.changes.each("run")] == [f"v{n}" for n in range(8)]
    assert len({r.id for r in stock.changes.each("run", "planned")}) == 8
    assert list(stock.changes.phases("run")) == ["track", "stock"]


def test_the_log_filters_and_pages(stock: Stock) -> None:
    rows = [replace(change(stock.flow.id, None, f"v{n}", 1, 1), state="applied") for n in range(6)]
    rows[2] = replace(rows[2], sku="Blau_1", cause="webhook", place="B2")
    stock.changes.add(rows)
    newest = stock.changes.log(ChangeFilter(flow_id=stock.flow.id), limit=4)
    assert [r.variant_id for r in newest] == ["v5", "v4", "v3", "v2"]
    last = (newest[-1].at, newest[-1].id)
    assert [r.variant_id for r in stock.changes.log(ChangeFilter(), last)] == ["v1", "v0"]
    with stock.db.write() as tx:  # looked up late
        stock.changes.set_state(tx, [newest[-1].id], "applied")
    assert [r.variant_id for r in stock.changes.log(ChangeFilter(), limit=2)] == ["v2", "v5"]
    again = stock.changes.in_order(ChangeFilter(run_id="run"), newest[-1].id - 1, limit=2)
    assert [r.variant_id for r in again] == ["v2", "v3"]
    for wanted in (ChangeFilter(sku="Blau_"), ChangeFilter(causes=("webhook",)), ChangeFilter(place="B2")):
        assert [r.variant_id for r in stock.changes.log(wanted)] == ["v2"]
        assert stock.changes.count(wanted, 3) == 1
    assert stock.changes.log(ChangeFilter(sku="BlauX")) == [], "_ is no wildcard"
    assert stock.changes.count(ChangeFilter(phase="stock"), 3) == 3, "counted up to there"
    hour = timedelta(hours=1)
    assert stock.changes.log(ChangeFilter(since=utc_now() + hour)) == []
    late = ChangeFilter(until=utc_now() + hour, run_id="run", states=("applied", "seen"))
    assert len(stock.changes.log(late)) == 6


def test_the_trend_counts_by_day_and_cause(stock: Stock) -> None:
    rows = [replace(change(stock.flow.id, None, f"v{n}", 1, 1), state="applied") for n in range(3)]
    stock.changes.add([*rows[:2], replace(rows[2], cause="queue", state="seen")])
    stock.changes.add([change(stock.flow.id, None, "planned", 1, 1), replace(rows[0], flow_id="other")])
    now = stock.changes.log(ChangeFilter())[0].at
    days = stock.changes.trend(stock.flow.id, 3, now)
    assert [dict(day.counts) for day in days] == [{}, {}, {"run": 2, "queue": 1}]
    assert [(now.date() - day.at.date()).days for day in days] == [2, 1, 0]
    later = stock.changes.trend(stock.flow.id, 2, now + timedelta(days=1))
    assert [dict(day.counts) for day in later] == [{"run": 2, "queue": 1}, {}]


def test_stages_go_forward(stock: Stock) -> None:
    stages, flow_id = StockStages(stock.db), stock.flow.id
    assert not stages.get(flow_id).live and stages.get(flow_id).baseline_run == ""
    stock.refresh()
    with stock.db.write() as tx:
        stages.baseline(tx, flow_id, "r1")
    assert stages.get(flow_id).baseline_run == "r1" and not stages.get(flow_id).live
    stages.validate(flow_id, "ada", {"items": 3})
    done = stages.get(flow_id)
    assert done.live and done.validated_by == "ada" and done.figures == {"items": 3}
    assert "at" in stock.match.counts(flow_id), "the match stays known"


def test_a_location_has_one_writer(stock: Stock, store: Store) -> None:
    owners = StockOwners(stock.db)
    c = store.connections.add("shopify", "Third", {"shop": "three"}, {"access_token": "shpat_three3456"})
    other = store.links.flows(store.links.add("Third", c.id, stock.link.b, {}, STORE_TO_STORE).id)
    rival = next(f for f in other if f.entity is Entity.STOCK)
    owners.claim(stock.flow.id, "shop-1", ["B1", "B2"], "ada")
    owners.claim(rival.id, "shop-1", ["B3"], "ada")
    with pytest.raises(NeedsOperator, match="The link Outlet writes the stock of location B2"):
        owners.claim(rival.id, "shop-1", ["B2", "B4"], "ada")
    assert owners.of("shop-1") == {"B1": stock.flow.id, "B2": stock.flow.id, "B3": rival.id}
    owners.claim(stock.flow.id, "shop-1", ["B1"], "ada")
    assert owners.places(stock.flow.id) == [("shop-1", "B1")], "what is no longer asked for is free"
    owners.transfer(rival.id, "shop-1", ["B1"], "ada")
    assert owners.of("shop-1") == {"B1": rival.id, "B3": rival.id} and owners.of("other") == {}
    owners.release(rival.id)
    assert owners.of("shop-1") == {}


def test_differences_open_stay_and_close(stock: Stock) -> None:
    found, flow_id = StockDifferences(stock.db), stock.flow.id
    first = NewDifference(1, "B1", "Sku-1", Difference.DIFFERS, 5, 3, "r1")
    with stock.db.write() as tx:
        found.put(tx, flow_id, [first, replace(first, binding_id=2, sku="Other")])
    [one] = found.of(flow_id, [1]).values()
    with stock.db.write() as tx:
        found.put(tx, flow_id, [replace(first, why=Difference.STORE, target=9, run_id="r2")])
    again = found.of(flow_id, [1])[1, "B1"]
    assert (again.why, again.target, again.run_id, again.since) == (Difference.STORE, 9, "r2", one.since)
    assert found.counts(flow_id) == {Difference.STORE: 1, Difference.DIFFERS: 1}
    assert [d.binding_id for d in found.list(flow_id, sku="Sku-")] == [1]
    assert [d.binding_id for d in found.list(flow_id, after=(1, "B1"))] == [2]
    with stock.db.write() as tx:
        found.close(tx, flow_id, [(1, "B1")])
    assert found.list(flow_id, Difference.STORE) == []
