"""The undo of a stock run between two reference stores: exactly what was edited since is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import sync.cli.undo as cli
from storage.links import STORE_TO_STORE
from sync.application import Application, open_application
from sync.connectors.contract import Services
from sync.connectors.memory.connector import MemoryConnector
from sync.connectors.memory.store import Fault, Store
from sync.engine.undo.stock import Do, Verdict
from sync.errors import Braked, NeedsOperator, OutcomeUnknown
from sync.managers.stock.book import Again
from sync.managers.undo import stock as undo_stock
from sync.managers.undo.stock import LeftAlone
from sync.managers.verbs.undo import UndoVerbs
from sync.managers.views import undo as views
from sync.model.entity import Entity
from sync.model.flow import Brakes, Flow
from sync.model.product import Level, Product, Variant
from sync.model.run import Mode, Run, Scope, Status
from sync.model.text import say

PLACE, HERE = "L1", "S1"


class Shelf(Store):
    """A store that finds an item by its number, so that thousands take no time."""

    def owner(self, item_id: str) -> tuple[Product, Variant] | None:
        found = self.products.get(f"p{item_id[1:]}")
        return (found, found.variants[0]) if found else None


class Stores:
    """A workspace whose source and target are reference platforms with `count` items each."""

    def __init__(self, ws: Application, count: int) -> None:
        self.ws, self.source, self.target = ws, Shelf(), Shelf()
        ends = []
        for name, store, place in (("Source", self.source, HERE), ("Target", self.target, PLACE)):
            store.page_size = 1000
            for n in range(count):
                store.products[f"p{n}"] = product(n, place, 5)
            made = ws.connections.add("shopify", name, {}, {}, sandbox=True, speed=1000.0, identity=name)
            services = Services(ws.clock(made), None, ws.spending.trace(made.id))  # type: ignore[arg-type]
            ws._connectors[made.id] = MemoryConnector(store, services, batch_size=250)
            ends.append(made.id)
        self.link = ws.links.add("Stores", *ends, {PLACE: (HERE,)}, STORE_TO_STORE)
        flow = next(f for f in ws.links.flows(self.link.id) if f.entity is Entity.STOCK)
        brakes = Brakes(zeroed_percent=100, zeroed_count=10**6)
        self.flow_id = ws.links.save(replace(flow, enabled=True, stock=replace(flow.stock, brakes=brakes))).id

    @property
    def flow(self) -> Flow:
        return self.ws.links.flow(self.flow_id)

    def begin(self, mode: Mode, scope: Scope = Scope()) -> str:
        with self.ws.db.write() as tx:
            return self.ws.runs.start(tx, self.flow_id, self.flow.version, mode, scope, "test")

    def go(self, run_id: str, stage: str | None = None) -> Run:
        """All stages of a run, one after the other."""
        manager = self.ws.manager(self.ws.runs.get(run_id))
        stage = stage or manager.stages(self.ws.runs.get(run_id))[0]
        while stage is not None:
            stage = manager.turn(self.ws.runs.get(run_id), stage)
        return self.ws.runs.get(run_id)

    def run(self, mode: Mode = Mode.FULL) -> Run:
        run = self.go(self.begin(mode))
        assert run.status is Status.DONE and run.counts.balanced, run
        return run

    def plan(self, run: Run) -> Run:
        plan = self.go(UndoVerbs(self.ws).propose(run.id, by="test"))
        assert plan.status is Status.PLANNED and plan.counts.balanced, plan
        return plan

    def apply(self, plan: Run) -> Run:
        run = self.go(self.ws.run_verbs.apply_plan(plan.id, by="test"))
        assert run.counts.balanced and run.mode is Mode.UNDO, run
        return run

    def put(self, store: Store, n: int, place: str, pieces: int) -> None:
        store.products[f"p{n}"] = product(n, place, pieces)

    def shown(self, store: Store | None = None) -> list[int]:
        found = (store or self.target).products.values()
        return [p.variants[0].levels[0].available for p in found]


def product(n: int, place: str, pieces: int) -> Product:
    variant = Variant(f"v{n}", sku=f"SKU-{n}", tracked=True, item_id=f"i{n}", levels=(Level(place, pieces),))
    return Product(f"p{n}", title=f"Ürün {n}", variants=(variant,))


@pytest.fixture
def stores(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Stores]:
    """Both stores on either kind of database."""
    ws = open_application({"COUNTERPART_HOME": str(tmp_path), "COUNTERPART_DATABASE_URL": database_url})
    try:
        yield Stores(ws, getattr(request, "param", 20))
    finally:
        ws.close()


def moved(stores: Stores) -> Run:
    """After the baseline every item of the source moves to 9; a run carries it over."""
    stores.run()
    for n in range(len(stores.source.products)):
        stores.put(stores.source, n, HERE, 9)
    run = stores.run()
    assert run.counts.updated == len(stores.source.products)
    assert set(stores.shown()) == {9}
    return run


@pytest.mark.parametrize("stores", [2_000], indirect=True)
def test_one_percent_edited_since_is_exactly_what_is_left(stores: Stores) -> None:
    run = moved(stores)
    edited = set(range(0, 2_000, 100))
    for n in edited:
        stores.put(stores.target, n, PLACE, 7)
    plan = stores.plan(run)
    figures = views.summary(stores.ws, plan)
    assert (figures.restored, figures.offered, figures.ticked) == (1_980, 20, 1_980)
    rows = views.moved(stores.ws, plan, limit=1000).rows
    assert {(r.sku, r.before, r.wrote, r.now, r.offered, r.chosen) for r in rows} == {
        (f"SKU-{n}", "5", "9", "7", -4, False) for n in edited
    }
    writes = len(stores.target.done)
    done = stores.apply(plan)
    assert done.status is Status.DONE and done.counts.updated == 1_980 and done.counts.skipped == 20
    assert [n for n, pieces in enumerate(stores.shown()) if pieces != 5] == sorted(edited)
    assert {stores.shown()[n] for n in edited} == {7}
    assert len(stores.target.done) - writes == 1_980


def test_the_proof_above_can_fail(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    """An undo that neither looks nor compares would overwrite what was edited since."""
    run = moved(stores)
    stores.put(stores.target, 3, PLACE, 7)
    monkeypatch.setattr(undo_stock, "judge", lambda before, wrote, shown: Verdict(Do.RESTORE, before or 0))
    monkeypatch.setattr(
        LeftAlone,
        "decide",
        lambda _, rows: {i: Again(True, shown or 0, row.after or 0) for i, (row, shown) in rows.items()},
    )
    stores.apply(stores.plan(run))
    assert set(stores.shown()) == {5}, "the edit is gone"


def test_a_difference_that_was_ticked_is_taken_back(stores: Stores) -> None:
    run = moved(stores)
    stores.put(stores.target, 3, PLACE, 7)
    stores.put(stores.target, 4, PLACE, 2)
    plan = stores.plan(run)
    offered = [row.id for row in views.moved(stores.ws, plan).rows]
    stores.ws.run_verbs.choose(plan.id, offered, True)
    done = stores.apply(plan)
    assert done.counts.updated == 20
    assert stores.shown() == [5] * 3 + [3, 0] + [5] * 15


def test_it_rests_until_the_source_moves_and_can_itself_be_undone(stores: Stores) -> None:
    run = moved(stores)
    undone = stores.apply(stores.plan(run))
    assert set(stores.shown()) == {5}
    validated(stores)
    assert stores.run(Mode.DELTA).counts.updated == 0 and set(stores.shown()) == {5}
    assert stores.run(Mode.SWEEP).counts.updated == 0 and set(stores.shown()) == {5}
    stores.put(stores.source, 1, HERE, 12)
    assert stores.run(Mode.DELTA).counts.updated == 1
    again = stores.apply(stores.plan(undone))
    assert stores.shown() == [9, 12, *[9] * 18] and again.counts.skipped == 1


def validated(stores: Stores) -> None:
    stores.ws.stock_stages.validate(stores.flow_id, "test", {})


def test_what_moves_while_it_writes_is_left_with_both_values(stores: Stores) -> None:
    plan = stores.plan(moved(stores))
    run_id = stores.ws.run_verbs.apply_plan(plan.id, by="test")
    manager = stores.ws.manager(stores.ws.runs.get(run_id))
    stage: str | None = "plan"
    while stage != "apply:stock":
        assert stage is not None
        stage = manager.turn(stores.ws.runs.get(run_id), stage)
    stores.put(stores.target, 6, PLACE, 8)
    stores.put(stores.target, 7, PLACE, 5)
    done = stores.go(run_id, stage)
    assert done.status is Status.DONE and done.counts.balanced
    assert stores.shown() == [5] * 6 + [8] + [5] * 13
    [row] = views.moved(stores.ws, done).rows
    assert (row.sku, row.wrote, row.now, row.before) == ("SKU-6", "9", "8", "5")
    assert (done.counts.updated, done.counts.skipped, done.counts.unchanged) == (18, 1, 1)


def untold(stores: Stores) -> dict[int, int]:
    """Pieces sold at the target that the source was not told of, by the item's number."""
    pairs = stores.ws.stock_match.pairs(stores.link, "a>b")
    return {int(p.source.variant_id[1:]): p.untold[PLACE] for p in pairs if p.untold}


def test_what_was_sold_stays_sold_whatever_is_undone(stores: Stores) -> None:
    stores.run()
    validated(stores)
    for n in range(4):
        stores.put(stores.source, n, HERE, 9)
        stores.put(stores.target, n, PLACE, 3)  # two are sold
    run = stores.run(Mode.SWEEP)
    assert stores.shown()[:4] == [7] * 4 and untold(stores) == dict.fromkeys(range(4), 2)
    stores.put(stores.target, 1, PLACE, 6)  # one more
    plan = stores.plan(run)
    offered = [row.id for row in views.moved(stores.ws, plan).rows]
    stores.ws.run_verbs.choose(plan.id, offered, True)
    run_id = stores.ws.run_verbs.apply_plan(plan.id, by="test")
    manager, stage = stores.ws.manager(stores.ws.runs.get(run_id)), "plan"
    while stage != "apply:stock":
        stage = manager.turn(stores.ws.runs.get(run_id), stage) or ""
    stores.put(stores.target, 2, PLACE, 3)  # four are sold, which is the figure that the undo would write
    stores.go(run_id, stage)
    assert stores.shown()[:4] == [3, 2, 3, 3]
    assert untold(stores) == {0: 2, 1: 3, 2: 6, 3: 2}
    for n in range(4):
        stores.put(stores.source, n, HERE, 10)
    stores.run(Mode.DELTA)
    assert stores.shown()[:4] == [8, 7, 4, 8]


def test_undoing_a_full_run_with_a_reason_takes_its_word_back(stores: Stores) -> None:
    stores.run()
    validated(stores)
    stores.put(stores.source, 0, HERE, 9)
    for n in (0, 1):
        stores.put(stores.target, n, PLACE, 3)  # two are sold; of the second the source does not move
    stores.run(Mode.SWEEP)
    run = stores.go(stores.begin(Mode.FULL, Scope(reason="counted")))
    assert stores.shown()[:2] == [9, 5] and untold(stores) == {}
    undone = stores.apply(stores.plan(run))
    assert stores.shown()[:2] == [7, 3] and untold(stores) == {0: 2, 1: 2}
    assert stores.run(Mode.SWEEP).counts.updated == 0
    stores.apply(stores.plan(undone))
    assert stores.shown()[:2] == [9, 5] and untold(stores) == {}


def test_unticked_rows_are_not_written(stores: Stores) -> None:
    plan = stores.plan(moved(stores))
    first = next(stores.ws.stock_changes.each(plan.id))
    stores.ws.run_verbs.choose(plan.id, [first.id], False)
    done = stores.apply(plan)
    assert sorted(stores.shown()) == [5] * 19 + [9]
    assert done.counts.updated == 19 and done.figures["skipped"] == {"unticked": 1}


def test_what_moved_since_the_plan_was_made_is_not_written(stores: Stores) -> None:
    plan = stores.plan(moved(stores))
    stores.put(stores.target, 2, PLACE, 6)
    done = stores.apply(plan)
    assert stores.shown()[2] == 6 and done.figures["skipped"] == {"plan.moved": 1}


def test_the_brake_counts_what_would_go_to_zero(stores: Stores) -> None:
    for n in range(20):
        stores.put(stores.target, n, PLACE, 0)
    run = stores.run()
    assert set(stores.shown()) == {5}
    brakes = Brakes(zeroed_percent=20, zeroed_count=10, floor=3)
    stores.ws.links.save(replace(stores.flow, stock=replace(stores.flow.stock, brakes=brakes)))
    plan = stores.plan(run)
    assert [(hit.code, hit.count, hit.limit) for hit in plan.brakes] == [("stock.zeroed", 20, 4)]
    with pytest.raises(Braked):
        stores.apply(plan)
    assert set(stores.shown()) == {5}


def test_activations_are_listed_and_their_figures_go_back(stores: Stores) -> None:
    for n in range(5):
        found = stores.target.products[f"p{n}"]
        stores.target.products[f"p{n}"] = replace(
            found, variants=(replace(found.variants[0], levels=(Level(PLACE, 0, active=False),)),)
        )
    run = stores.run()
    assert set(stores.shown()) == {5}
    plan = stores.plan(run)
    assert sorted(row.label for row in views.listed(stores.ws, plan).rows) == [f"SKU-{n}" for n in range(5)]
    assert views.summary(stores.ws, plan).listed == 5
    stores.apply(plan)
    assert stores.shown() == [0] * 5 + [5] * 15


def test_an_item_that_is_gone_or_not_stocked_any_more_is_listed(stores: Stores) -> None:
    run = moved(stores)
    del stores.target.products["p1"]
    found = stores.target.products["p2"]
    stores.target.products["p2"] = replace(found, variants=(replace(found.variants[0], levels=()),))
    plan = stores.plan(run)
    assert sorted(row.label for row in views.listed(stores.ws, plan).rows) == ["SKU-1", "SKU-2"]
    assert views.summary(stores.ws, plan).restored == 18


def test_an_answer_that_was_lost_is_looked_up_and_nothing_is_doubled(stores: Stores) -> None:
    run = moved(stores)
    plan = stores.plan(run)
    before = len(stores.target.done)
    stores.target.faults.append(Fault(OutcomeUnknown(say("No answer.")), applied=True))
    done = stores.apply(plan)
    assert done.status is Status.DONE and set(stores.shown()) == {5}
    assert len(stores.target.done) - before == 20


def test_the_command_line_tells_it_like_any_other_plan(stores: Stores) -> None:
    run = moved(stores)
    stores.put(stores.target, 3, PLACE, 7)
    plan = stores.plan(run)
    text = cli._text(stores.ws, plan)
    assert "19 rows go back" in text and "SKU-3: Stock was 5, the run wrote 9, now 7" in text
    row = cli._row(stores.ws, plan, plan)
    assert (row["restored"], row["offered"], row["moved_rows"][0]["offered"]) == (19, 1, -4)


def test_runs_without_a_write_are_refused(stores: Stores) -> None:
    stores.run()
    quiet = stores.run()
    with pytest.raises(NeedsOperator, match="wrote nothing"):
        UndoVerbs(stores.ws).propose(quiet.id)
