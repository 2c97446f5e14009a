"""What differs now, by every kind of run: nothing is said to agree that was not compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sync.errors import NotAuthorised
from sync.managers.stock.book import StockBook
from sync.managers.stock.report import counts_of
from sync.managers.views import stock as views
from sync.managers.views import undo as undo_views
from sync.model.call import Call, Outcome, State
from sync.model.run import Mode, Scope, Status
from sync.model.stock import Difference
from sync.model.text import say
from tests.unit.verbs.test_undo_stock import HERE, Stores, moved, stores, validated

__all__ = ["stores"]


def differ(stores: Stores) -> dict[str, tuple[int, int]]:
    """What stands open: (source, target) by SKU."""
    return {d.sku: (d.source, d.target) for d in stores.ws.stock_differences.list(stores.flow_id)}


def refusing(stores: Stores, monkeypatch: pytest.MonkeyPatch, skus: set[str]) -> None:
    """From now on the target refuses these."""
    settle = StockBook.settle

    def refused(book: StockBook, call: Call, outcomes: Sequence[Outcome]) -> None:
        rows = book.ws.stock_changes.by_ids([int(o.change_id) for o in outcomes])
        named = {str(row.id) for row in rows if row.sku in skus}
        no = [replace(o, state=State.REFUSED, message=say("No.")) for o in outcomes if o.change_id in named]
        settle(book, call, [*no, *(o for o in outcomes if o.change_id not in named)])

    monkeypatch.setattr(StockBook, "settle", refused)


@pytest.mark.parametrize("mode", [Mode.DELTA, Mode.ITEMS])
def test_what_a_small_run_could_not_write_differs(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    stores.run()
    validated(stores)
    for n in range(3):
        stores.put(stores.source, n, HERE, 9)
    scope = Scope(ids=("v0", "v1", "v2")) if mode is Mode.ITEMS else Scope()
    with monkeypatch.context() as patched:
        refusing(stores, patched, {"SKU-0", "SKU-1"})
        run = stores.go(stores.begin(mode, scope))
    assert (run.status, run.counts.failed, run.counts.updated) == (Status.RED, 2, 1)
    assert differ(stores) == {"SKU-0": (9, 5), "SKU-1": (9, 5)}
    assert stores.run(Mode.DELTA).counts.updated == 0, "it was only told that they were refused"
    assert not differ(stores)


def test_a_run_that_broke_off_leaves_what_it_had_not_written(stores: Stores) -> None:
    stores.run()
    validated(stores)
    for n in range(20):
        stores.put(stores.source, n, HERE, 9)
    run_id = stores.begin(Mode.SWEEP)
    manager = stores.ws.manager(stores.ws.runs.get(run_id))
    stage: str | None = "read_source"
    while stage is not None and not stage.startswith("apply"):
        stage = manager.turn(stores.ws.runs.get(run_id), stage)
    manager.close(stores.ws.runs.get(run_id), Status.FAILED, NotAuthorised(say("No token.")))
    assert differ(stores) == {f"SKU-{n}": (9, 5) for n in range(20)}
    run = stores.ws.runs.get(run_id)
    assert run.counts.skipped == 20 and run.figures["skipped"] == {"not.reached": 20}


def test_an_undo_leaves_both_sides_apart_and_says_so(stores: Stores) -> None:
    run = moved(stores)
    validated(stores)
    undone = stores.apply(stores.plan(run))
    assert differ(stores) == {f"SKU-{n}": (9, 5) for n in range(20)}
    stores.run(Mode.SWEEP)
    assert {d.why for d in stores.ws.stock_differences.list(stores.flow_id)} == {Difference.DIFFERS}
    assert len(differ(stores)) == 20
    stores.apply(stores.plan(undone))
    assert not differ(stores)


def test_what_an_undo_left_above_the_source_is_set_to_it_again_with_the_reason(stores: Stores) -> None:
    stores.run()
    validated(stores)
    for n, pieces in ((0, 2), (1, 2), (2, 9)):
        stores.put(stores.source, n, HERE, pieces)
    run = stores.run(Mode.DELTA)
    assert stores.shown()[:3] == [2, 2, 9]
    plan = stores.plan(run)
    assert undo_views.summary(stores.ws, plan).above == 2
    stores.apply(plan)
    assert stores.shown()[:3] == [5, 5, 5]
    assert differ(stores) == {"SKU-0": (2, 5), "SKU-1": (2, 5), "SKU-2": (9, 5)}
    sweep = stores.run(Mode.SWEEP)
    assert stores.shown()[:3] == [2, 2, 5]
    rows = list(stores.ws.stock_changes.each(sweep.id, "applied"))
    assert {(row.sku, row.reason) for row in rows} == {("SKU-0", "above.source"), ("SKU-1", "above.source")}
    assert differ(stores) == {"SKU-2": (9, 5)}


def test_nothing_is_said_to_agree_before_it_was_compared(stores: Stores) -> None:
    assert views.card(stores.ws, stores.flow_id).compared_at is None
    preview = stores.go(stores.begin(Mode.PREVIEW))
    assert preview.status is Status.PLANNED
    card = views.card(stores.ws, stores.flow_id)
    assert card.compared_at is None and card.differ is None
    whole = stores.run()
    card = views.card(stores.ws, stores.flow_id)
    assert card.compared_at == whole.finished_at and card.differ == 0
    for n in range(3):
        stores.put(stores.source, n, HERE, 9)
    assert stores.go(stores.begin(Mode.PREVIEW)).counts.updated == 3
    assert views.card(stores.ws, stores.flow_id).differ is None, "a plan has seen that they differ"
    stores.run(Mode.SWEEP)
    assert views.card(stores.ws, stores.flow_id).differ == 0


def test_a_run_can_be_counted_twice(stores: Stores) -> None:
    run = moved(stores)
    plan = stores.plan(run)
    first = next(stores.ws.stock_changes.each(plan.id))
    stores.ws.run_verbs.choose(plan.id, [first.id], False)
    done = stores.apply(plan)
    ctx = stores.ws.manager(done).context(done)
    assert counts_of(ctx)[0] == done.counts
