"""Stock between Shopify stores: the whole journey, over HTTP, judged by the stores' own ledgers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.stock_log import ChangeFilter
from sync.errors import NeedsOperator
from sync.managers.verbs import LinkVerbs
from sync.model.flow import Schedule, StockSettings
from sync.model.run import Mode, Status
from sync.model.stock import Difference
from tests.e2e.stores import SKUS, Stores, on_both

STYLES = ("all_named", "first_named", "per_row")


def wanted(stores: Stores) -> dict[str, int]:
    """The sum over both places of the source, never below zero."""
    both = [stores.source.levels(place) for place in (0, 1)]
    return {sku: max(0, sum(levels.get(sku, 0) for levels in both)) for sku in both[0]}


@on_both
def test_the_journey_of_ten_skus(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    with pytest.raises(NeedsOperator, match="baseline"):
        stores.run(flow, Mode.DELTA)
    preview = stores.run(flow, Mode.PREVIEW, expect=Status.PLANNED)
    assert not target.writes() and preview.counts.read == SKUS
    run = stores.run(flow)
    assert run.counts.read == SKUS and run.counts.updated + run.counts.unchanged == SKUS
    assert target.levels() == wanted(stores)
    stage = stores.ws.stock_stages.get(flow.id)
    assert (stage.baseline_run, stage.validated_by) == (run.id, "demo")
    stores.quiet(flow, target)
    sku = next(iter(target.levels()))
    stores.source.stock(sku, 500)
    target.mark()
    delta = stores.run(flow, Mode.DELTA)
    assert delta.counts.updated == 1 and target.levels() == wanted(stores)
    assert len(target.writes()) == 1
    with pytest.raises(NeedsOperator, match="say why"):
        stores.run(flow)
    stores.run(flow, reason="stock-taking")


def test_preview_is_carried_out_row_by_row_as_ticked(stores: Stores) -> None:
    [flow] = stores.link()
    target, before = stores.stores["target"], stores.stores["target"].levels()
    preview = stores.run(flow, Mode.PREVIEW, expect=Status.PLANNED)
    rows = [r for r in stores.rows(preview) if r.phase == "stock"]
    stores.ws.run_verbs.choose(preview.id, [rows[0].id], False)
    stores.source.stock(rows[1].sku, 3)  # moved since the preview
    run = stores.ended(stores.ws.run_verbs.apply_plan(preview.id, by="test"))
    assert run.status is Status.DONE and run.counts.balanced, stores.why(run)
    now = target.levels()
    assert now[rows[0].sku] == before[rows[0].sku] and now[rows[1].sku] == before[rows[1].sku]
    assert run.figures["skipped"] == {"unticked": 1, "plan.moved": 1}
    assert all(now[r.sku] == r.after for r in rows[2:])


def test_a_test_run_writes_five_rows(stores: Stores) -> None:
    [flow] = stores.link()
    run = stores.run(flow, Mode.TEST)
    assert run.counts.updated == 5 and len(stores.stores["target"].writes()) == 5
    assert not stores.ws.stock_stages.get(flow.id).baseline_run


@pytest.mark.parametrize("style", STYLES)
def test_a_sale_between_two_runs_is_never_sold_again(stores: Stores, style: str) -> None:
    """Sold at the destination, nobody told the source; then the source moves, too. What is left is right."""
    [flow] = stores.link()
    target = stores.stores["target"]
    target.post("/settings", {"stale_answer": style})
    stores.run(flow)
    base = target.levels()
    skus = [sku for sku, n in base.items() if n > 20][:4]
    for sku in skus[:2]:
        target.sell(sku, 3)
    for sku in (skus[0], skus[2], skus[3]):
        stores.source.stock(sku, stores.source.levels()[sku] - 5)
    run = stores.run(flow, Mode.DELTA)  # the target is not read: compare-and-set finds the sale
    now = target.levels()
    assert now[skus[0]] == base[skus[0]] - 5 - 3, stores.why(run)
    assert now[skus[1]] == base[skus[1]] - 3
    assert now[skus[2]] == base[skus[2]] - 5 and now[skus[3]] == base[skus[3]] - 5
    sweep = stores.run(flow, Mode.SWEEP)
    assert target.levels() == now, stores.why(sweep)
    found = {d.sku: d for d in stores.ws.stock_differences.list(flow.id)}
    assert found[skus[1]].why is Difference.STORE and found[skus[1]].target == now[skus[1]]
    seen = [r for r in stores.rows(sweep) if r.state == "seen"]
    assert {r.sku for r in seen} == {skus[1]} and seen[0].after == now[skus[1]]
    stores.quiet(flow, target)


def test_a_sale_while_the_run_writes_is_taken_off(stores: Stores) -> None:
    """Between reading and writing the baseline: the planned figure is too high by what was sold."""
    [flow] = stores.link()
    target, right = stores.stores["target"], wanted(stores)
    hook = {"operation": "inventorySetQuantities", "share": 0.5, "pieces": 2, "seed": 3, "count": 1}
    target.post("/hooks", hook)
    run = stores.run(flow)
    now, sold = target.levels(), target.get("/hooks")["hooks"][0]["sold"]
    assert all(now[sku] <= right[sku] for sku in right), stores.why(run)
    assert sold and sum(right.values()) - sum(now.values()) == 2 * sold


def test_kept_until_the_operator_says_restore(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.run(flow)
    sku = next(sku for sku, n in target.levels().items() if n > 20)
    before = target.levels()[sku]
    target.sell(sku, 4)
    run = stores.run(flow, Mode.SWEEP)
    assert run.figures["skipped"] == {"drift.kept": 1} and target.levels()[sku] == before - 4
    stores.settle(flow, drift="restore")
    stores.run(flow, Mode.SWEEP)
    assert target.levels()[sku] == before
    assert not stores.ws.stock_differences.list(flow.id)


@on_both
def test_three_destinations_of_one_source(stores: Stores) -> None:
    names = ("target", "second", "third")
    flows = stores.link(*names)
    for flow in flows:
        stores.run(flow)
    right = wanted(stores)
    assert [stores.stores[name].levels() for name in names] == [right] * 3
    sku = next(iter(right))
    stores.source.stock(sku, 77)
    for flow in flows:
        assert stores.run(flow, Mode.DELTA).counts.updated == 1
    right = wanted(stores)
    assert [stores.stores[name].levels() for name in names] == [right] * 3


def test_locations_map_one_to_one_and_many_to_one(stores: Stores) -> None:
    here, there = stores.source.places()
    first, second = stores.stores["target"].places()
    [flow] = stores.link("target", target={first: (there,), second: (here,)})
    stores.run(flow)
    assert stores.stores["target"].levels(0) == stores.source.levels(1)
    assert stores.stores["target"].levels(1) == stores.source.levels(0)
    with pytest.raises(NeedsOperator, match="sold twice"):
        stores.link("second", second=dict.fromkeys(stores.stores["second"].places(), ("*",)))
    stores.ws.links.set_locations(flow.link_id, {first: (here, there)})
    run = stores.run(stores.ws.links.flow(flow.id), reason="other mapping")
    assert stores.stores["target"].levels(0) == wanted(stores), stores.why(run)


def test_one_writer_per_location_until_it_is_transferred(stores: Stores) -> None:
    [flow] = stores.link()
    stores.run(flow)
    target = stores.stores["target"]
    other = stores.ws.stock_verbs
    with pytest.raises(NeedsOperator, match="one writer"):
        other.set_up(stores.stores["second"].id, {target.id: {target.places()[0]: ("*",)}}, flow.stock, "x")
    [rival] = other.set_up(
        stores.stores["second"].id, {target.id: {target.places()[1]: ("*",)}}, flow.stock, "x"
    )
    stores.ws.links.set_locations(rival.link_id, {target.places()[0]: ("*",)})
    refused = stores.run(rival, expect=Status.FAILED)
    assert refused.error is not None and "one writer" in refused.error.english()
    other.transfer(rival.id, target.places()[0], "x")
    stores.run(rival)
    lost = stores.run(flow, Mode.SWEEP, expect=None)
    assert lost.status is Status.FAILED, "the former owner still writes"


@on_both
def test_a_pushed_sku_goes_at_once(stores: Stores) -> None:
    [flow] = stores.link()
    with pytest.raises(NeedsOperator, match="baseline"):
        stores.ws.stock_verbs.push(flow.id, ["SKU-0000000"], "test")
    stores.run(flow)
    target = stores.stores["target"]
    sku = next(iter(target.levels()))
    stores.source.stock(sku, 4)
    target.mark()
    stores.pushed(flow, [sku])
    assert target.levels()[sku] == wanted(stores)[sku] and len(target.writes()) == 1
    assert stores.ws.stock_changes.log(ChangeFilter(flow_id=flow.id, sku=sku))[0].cause == "manual"
    with pytest.raises(NeedsOperator, match="NO-SUCH"):
        stores.ws.stock_verbs.push(flow.id, ["NO-SUCH"], "test")
    stores.quiet(flow, target)


def test_too_much_would_be_zeroed(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    stores.settle(flow, brakes=flow.stock.brakes.__class__(zeroed_percent=20, floor=2))
    stores.run(flow)
    before = target.levels()
    for sku in before:
        for place in (0, 1):
            stores.source.stock(sku, 0, place)
    run = stores.run(flow, Mode.DELTA, expect=Status.BRAKED)
    assert [hit.code for hit in run.brakes] == ["stock.zeroed"] and target.levels() == before
    run = stores.confirm(run)
    assert run.status is Status.DONE and set(target.levels().values()) == {0}, stores.why(run)


def test_an_empty_answer_of_either_side_stops_the_run(stores: Stores) -> None:
    [flow] = stores.link()
    stores.run(flow)
    before = stores.stores["target"].levels()
    for side, code in ((stores.source, "source.empty"), (stores.stores["target"], "target.dropped")):
        side.fault("empty_catalogue", None)
        run = stores.run(flow, Mode.SWEEP, expect=Status.BRAKED)
        assert code in [hit.code for hit in run.brakes]
        stores.ws.run_verbs.abandon(run.id, "test")
        side.calm()
    assert stores.stores["target"].levels() == before
    stores.quiet(flow, stores.stores["target"])


def test_a_schedule_waits_for_baseline_and_validation(stores: Stores) -> None:
    [flow] = stores.link()
    verbs = LinkVerbs(stores.ws)
    with pytest.raises(NeedsOperator, match="baseline"):
        verbs.set_schedule(flow.id, Schedule(minutes=5))
    stores.run(flow)
    stores.ws.stock_stages.validate(flow.id, "", {})
    assert verbs.set_schedule(flow.id, Schedule(minutes=5)).schedule.minutes == 5
    with pytest.raises(NeedsOperator, match="buffer"):
        verbs.save(replace(stores.ws.links.flow(flow.id), stock=StockSettings(buffers={"": -1})))


def test_switched_off_a_flow_owns_nothing(stores: Stores) -> None:
    [flow] = stores.link()
    store = stores.ws.connections.get(stores.stores["target"].id).identity
    assert stores.ws.stock_owners.of(store)
    LinkVerbs(stores.ws).disable(flow.id)
    assert not stores.ws.stock_owners.of(store)
    LinkVerbs(stores.ws).enable(flow.id)
    assert set(stores.ws.stock_owners.of(store).values()) == {flow.id}


def test_a_sale_is_never_taken_for_a_change_written_twice(stores: Stores) -> None:
    """The last change was a fall of one; a sale of three is a move by hand, not that change again."""
    [flow] = stores.link()
    stores.run(flow)
    flow = stores.settle(flow, buffers={"": 0})
    target, sku = stores.stores["target"], sorted(stores.source.levels())[0]
    stores.source.stock(sku, stores.source.levels()[sku] + 30)
    stores.run(flow, Mode.DELTA)
    now = target.levels()[sku]
    stores.source.stock(sku, stores.source.levels()[sku] - 1)
    stores.run(flow, Mode.DELTA)
    assert target.levels()[sku] == now - 1
    target.sell(sku, 3)
    run = stores.run(flow, Mode.SWEEP)
    assert run.figures["skipped"] == {"drift.kept": 1}
    assert [d.why for d in stores.ws.stock_differences.list(flow.id)] == [Difference.STORE]
