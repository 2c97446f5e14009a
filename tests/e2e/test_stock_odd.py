"""Stock that is not plain: dirty SKUs, items that are not stocked or not counted, items that go, lost
answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.managers.stock.book import StockBook
from sync.model.call import Call, Outcome
from sync.model.entity import Entity
from sync.model.flow import StockSettings
from sync.model.run import Mode, Status
from sync.model.stock import Match
from tests.e2e.stores import Stores, own_stores
from tests.e2e.world import World


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    """A source of forty SKUs and a target that does not stock a third of them at its second place."""
    forty = {"stock_skus": 40}
    with own_stores(tmp_path / "home", source=forty, target={**forty, "stock_unstocked": 0.3}) as made:
        yield made


@pytest.fixture
def dirty(tmp_path: Path) -> Iterator[Stores]:
    """Two stores of which half the rows carry some dirt."""
    made_of = {"stock_skus": 120, "stock_dirt": 0.25}
    with own_stores(tmp_path / "home", source=made_of, target=made_of) as made:
        yield made


def test_items_that_are_not_stocked_are_activated_first(own: Stores) -> None:
    second = own.stores["target"].places()[1]
    [flow] = own.link("target", target={second: (own.source.places()[0],)})
    before = own.stores["target"].levels(1)
    missing = set(own.source.levels(0)) - set(before)
    assert missing, "the store stocks everything"
    run = own.run(flow)
    assert own.stores["target"].levels(1) == own.source.levels(0), own.why(run)
    phases = {r.sku for r in own.rows(run) if r.phase == "activate"}
    assert phases == {sku for sku in missing if own.source.levels(0)[sku] > 0}
    own.quiet(flow, own.stores["target"])


def test_without_activation_they_are_skipped_with_the_reason(own: Stores) -> None:
    second = own.stores["target"].places()[1]
    settings = StockSettings(activate=False)
    [flow] = own.link("target", settings=settings, target={second: (own.source.places()[0],)})
    before = own.stores["target"].levels(1)
    run = own.run(flow)
    assert set(own.stores["target"].levels(1)) == set(before)
    assert run.figures["skipped"] == {"not.stocked": 40 - len(before)}


def test_dirty_catalogues_write_what_is_sure_and_name_the_rest(dirty: Stores) -> None:
    [flow] = dirty.link()
    run = dirty.run(flow, expect=None)
    counts = dirty.ws.stock_match.counts(flow.id)
    assert run.counts.balanced and not run.counts.failed, dirty.why(run)
    reasons = set(run.figures["skipped"])  # type: ignore[call-overload]
    assert {"duplicate", "gift_card", "bundle"} <= reasons, (run.figures, counts)
    assert reasons & {"untracked", "untracked.source"}
    assert counts[Match.MATCHED.value] > 60
    link, unsure = dirty.ws.links.get(flow.link_id), [why for why in Match if why is not Match.MATCHED]
    listed = [row for why in unsure for row in dirty.ws.stock_match.listed(flow, link, why, limit=500)]
    odd = {row.variant_id for row in listed if row.side == "target"}
    assert odd
    written = {r.variant_id for r in dirty.rows(run) if r.state == "applied"}
    assert written and not written & odd, "an item that is not sure was written"
    dirty.quiet(flow, dirty.stores["target"])


def test_counting_is_switched_on_where_the_flow_says_so(dirty: Stores) -> None:
    [flow] = dirty.link(settings=StockSettings(untracked="track"))
    run = dirty.run(flow, expect=None)
    tracked = [r for r in dirty.rows(run) if r.phase == "track"]
    assert run.counts.balanced and not run.counts.failed, dirty.why(run)
    assert tracked and {r.state for r in tracked} == {"applied"}, dirty.why(run)
    assert "untracked" not in run.figures["skipped"]  # type: ignore[operator]


@pytest.mark.parametrize("gone", ["leave", "zero", "draft", "archive"])
def test_what_two_sweeps_do_not_show_is_gone(own: Stores, gone: str) -> None:
    [flow] = own.link(settings=StockSettings(gone=gone))
    own.run(flow)
    target, before = own.stores["target"], own.stores["target"].levels()
    skus = sorted(before)[:4]
    own.source.post("/products/remove", {"product_skus": skus[:1]})  # a product of four
    lost = sorted(set(before) - set(own.source.levels()))
    assert lost
    first = own.run(flow, Mode.SWEEP)
    assert target.levels() == before and first.figures["skipped"] == {"source.missing": len(lost)}
    second = own.run(flow, Mode.SWEEP)
    if gone == "leave":
        assert target.levels() == before and len(own.parked("stock.gone")) == len(lost)
    else:
        assert all(target.levels()[sku] == 0 for sku in lost), own.why(second)
    if gone in ("draft", "archive"):
        hidden = [r for r in own.rows(second) if r.phase == "gone" and not r.place]
        assert [r.state for r in hidden] == ["applied"], own.why(second)
    assert all(target.levels()[sku] == n for sku, n in before.items() if sku not in lost)
    target.mark()
    own.run(flow, Mode.SWEEP)
    assert not target.effects(), "what is gone is written once"


def test_a_lost_answer_is_never_written_twice(own: Stores) -> None:
    [flow] = own.link()
    own.run(flow)
    target, skus = own.stores["target"], sorted(own.source.levels())[:5]
    for sku in skus:
        own.source.stock(sku, own.source.levels()[sku] + 9)
    target.mark()
    target.fault("timeout_after", 1, match={"operation": "inventorySetQuantities"})
    run = own.run(flow, Mode.DELTA)
    assert run.counts.updated == 5 and len(target.writes()) == 5, own.why(run)
    own.quiet(flow, target)


def test_a_death_between_answer_and_settling_loses_nothing(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    [flow] = own.link()
    own.run(flow)
    target, sku = own.stores["target"], sorted(own.source.levels())[0]
    own.source.stock(sku, 1234)
    wanted = 1234 + own.source.levels(1)[sku]
    target.mark()

    def die(book: StockBook, call: Call, outcomes: list[Outcome]) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(StockBook, "settle", die)
        assert own.run(flow, Mode.DELTA, expect=None).status is Status.FAILED
    assert target.levels()[sku] == wanted
    target.sell(sku, 34)  # and a sale before anybody looked
    run = own.run(flow, Mode.DELTA)
    assert len(target.writes()) == 1, own.why(run)
    assert target.levels()[sku] == wanted - 34
    own.run(flow, Mode.SWEEP)
    assert target.levels()[sku] == wanted - 34 and len(target.writes()) == 1


def test_a_refused_row_costs_nobody_else_and_is_parked(own: Stores) -> None:
    [flow] = own.link()
    target = own.stores["target"]
    target.fault("partial_user_errors", 1, match={"operation": "inventorySetQuantities"}, params={"row": 3})
    run = own.run(flow, expect=Status.RED)
    assert (run.counts.failed, run.counts.updated + run.counts.unchanged) == (1, 39), own.why(run)
    assert len(own.parked("stock.refused")) == 1
    own.run(flow, reason="again")
    assert not own.parked("stock.refused")


def test_what_was_refused_once_goes_alone_the_next_time(own: Stores) -> None:
    """So that a bad row costs the healthy ones one call, and not one in every run."""
    [flow] = own.link()
    target = own.stores["target"]
    target.fault("partial_user_errors", 1, match={"operation": "inventorySetQuantities"}, params={"row": 3})
    own.run(flow, expect=Status.RED)
    [bad] = own.parked("stock.refused")
    for sku, n in own.source.levels().items():
        own.source.stock(sku, n + 1)
    run = own.run(flow, Mode.SWEEP)
    calls = {r.call_id for r in own.rows(run) if r.sku != bad.sku}
    assert {r.call_id for r in own.rows(run) if r.sku == bad.sku}.isdisjoint(calls)
    assert run.counts.updated == 40 and not own.parked("stock.refused")


def test_stock_from_sentos_takes_the_same_road(world: World) -> None:
    world.run()  # products first: they are paired by then
    link = world.ws.links.get(world.flow.link_id)
    flow = world.ws.links.add_flow(link.id, Entity.STOCK, "a>b")
    for place in link.locations:
        world.ws.stock_verbs.transfer(flow.id, place, "test")
    assert "stock" not in world.flow.products.fields
    flow = world.ws.stock_verbs.enable(flow.id, "test")
    assert world.ws.stock_verbs.stage(flow.id).baseline_run, "the product flow's full run is the baseline"
    world.ws.stock_verbs.validate(flow.id, "test")
    sku = next(sku for sku, n in world.available().items() if n > 1)
    world.restock(sku, 41)
    run = world.ended(world.ws.run_verbs.start(flow.id, Mode.SWEEP, by="test"))
    assert run.status is Status.DONE and run.counts.balanced, (run, run.error)
    assert world.available() == world.summed()
