"""The undo of a stock run over HTTP, judged by the store's own ledger."""

from __future__ import annotations

import pytest

from sync.errors import NeedsOperator
from sync.managers.verbs.undo import UndoVerbs
from sync.managers.views import stock_log
from sync.managers.views import undo as views
from sync.model.run import Mode, Run, Status
from tests.e2e.stores import Store, Stores, on_both


def propose(stores: Stores, run: Run) -> Run:
    plan = stores.ended(UndoVerbs(stores.ws).propose(run.id, by="test"))
    assert plan.status is Status.PLANNED and plan.counts.balanced, stores.why(plan)
    return plan


def carry_out(stores: Stores, plan: Run) -> Run:
    run = stores.ended(stores.ws.run_verbs.apply_plan(plan.id, by="test"))
    assert run.status is Status.DONE and run.counts.balanced, stores.why(run)
    assert run.mode is Mode.UNDO
    return run


def moved(stores: Stores) -> tuple[Store, Run, dict[str, int]]:
    """The target, a run that set every SKU to 77, and what was there before it."""
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    before = target.levels()
    for sku in before:
        stores.source.stock(sku, 77)
        stores.source.stock(sku, 0, place=1)
    run = stores.run(flow, Mode.DELTA)
    assert run.counts.updated == sum(pieces != 77 for pieces in before.values())
    assert set(target.levels().values()) == {77}
    return target, run, before


@on_both
def test_a_baseline_and_a_delta_go_back_and_what_was_sold_since_stays(stores: Stores) -> None:
    target, run, before = moved(stores)
    sold = next(iter(before))
    target.sell(sold, 2)
    plan = propose(stores, run)
    [row] = views.moved(stores.ws, plan).rows
    assert (row.sku, row.wrote, row.now, row.before, row.chosen) == (
        sold,
        "77",
        "75",
        str(before[sold]),
        False,
    )
    target.mark()
    earlier = len(target.calls("inventorySetQuantities"))  # stores are shared, their journal goes on
    done = carry_out(stores, plan)
    assert target.levels() == {**before, sold: 75}
    assert {e["kind"] for e in target.effects()} == {"inventory.set"}
    assert len(target.writes()) == done.counts.updated == len(before) - 1
    assert 1 <= len(target.calls("inventorySetQuantities")) - earlier <= 3


def test_a_ticked_difference_is_taken_back_from_what_is_there_now(stores: Stores) -> None:
    target, run, before = moved(stores)
    sold = next(iter(before))
    target.sell(sold, 2)
    plan = propose(stores, run)
    which = stock_log.ChangeFilter(phase="adjust")
    assert stores.ws.run_verbs.choose_all(plan.id, which, True) == 1
    target.mark()
    carry_out(stores, plan)
    assert target.levels() == {**before, sold: max(0, before[sold] - 2)}


def test_it_rests_and_can_itself_be_undone(stores: Stores) -> None:
    target, run, before = moved(stores)
    flow = stores.ws.links.flow(run.flow_id)
    undone = carry_out(stores, propose(stores, run))
    assert target.levels() == before
    target.mark()
    assert stores.run(flow, Mode.DELTA).counts.updated == 0 and not target.effects()
    carry_out(stores, propose(stores, undone))
    assert set(target.levels().values()) == {77}


def test_what_the_queue_wrote_can_be_undone_too(stores: Stores) -> None:
    target, run, before = moved(stores)
    flow, sku = stores.ws.links.flow(run.flow_id), next(iter(before))
    stores.source.stock(sku, 12)
    stores.pushed(flow, [sku])
    assert target.levels()[sku] == 12
    items = next(r for r in stores.ws.runs.list(flow_id=flow.id) if r.mode is Mode.ITEMS)
    carry_out(stores, propose(stores, items))
    assert target.levels()[sku] == 77


def test_previews_and_quiet_runs_are_refused(stores: Stores) -> None:
    _, run, _ = moved(stores)
    flow = stores.ws.links.flow(run.flow_id)
    quiet = stores.run(flow, Mode.DELTA)
    plan = propose(stores, run)
    for refused in (quiet, plan):
        with pytest.raises(NeedsOperator, match="nothing to undo"):
            UndoVerbs(stores.ws).propose(refused.id)
