"""Stock that was written by a run that died before it learnt so, and sold since: never put on sale again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from sync.managers.book import RunBook
from sync.managers.stock.book import StockBook
from sync.managers.verbs.undo import UndoVerbs
from sync.model.call import Call, Outcome
from sync.model.flow import Flow
from sync.model.run import Mode, Run, Status
from tests.e2e.stores import Stores
from tests.e2e.test_stock_safety import raised, wanted
from tests.e2e.world import World

_SOLD = 30


def died(stores: Stores, flow: Flow, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, Sequence[str]]:
    """A delta whose rows are at the target, of which it knows nothing; pieces of the first are sold then."""
    skus = sorted(stores.source.levels())[:3]
    raised(stores, skus, 40)

    def die(book: object, call: Call, outcomes: Sequence[Outcome]) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(StockBook, "settle", die)
        run = stores.run(flow, Mode.DELTA, expect=Status.FAILED)
    target = stores.stores["target"]
    assert target.levels() == wanted(stores)
    target.sell(skus[0], _SOLD)
    return run, skus


@pytest.mark.parametrize("first", ["nothing", "undo", "preview"])
def test_a_preview_does_not_let_go_what_was_written(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    [flow] = stores.link()
    stores.run(flow)
    run, skus = died(stores, flow, monkeypatch)
    target, right = stores.stores["target"], wanted(stores)
    target.mark()
    if first == "undo":
        stores.ended(UndoVerbs(stores.ws).propose(run.id, by="test"))
    elif first == "preview":
        stores.run(flow, Mode.PREVIEW, expect=Status.PLANNED)
    assert not target.effects()
    for mode in (Mode.DELTA, Mode.SWEEP):
        stores.run(flow, mode)
        assert target.levels() == {**right, skus[0]: right[skus[0]] - _SOLD}


def test_an_undo_says_what_nobody_knows_yet_and_finds_it_later(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    [flow] = stores.link()
    stores.run(flow)
    run, skus = died(stores, flow, monkeypatch)
    plan = stores.ended(UndoVerbs(stores.ws).propose(run.id, by="test"))
    assert plan.counts.skipped == len(skus) and {row.sku for row in stores.rows(plan)} == set(skus)
    assert {row.state for row in stores.rows(run)} == {"unknown"}
    stores.run(flow, Mode.DELTA)
    plan = stores.ended(UndoVerbs(stores.ws).propose(run.id, by="test"))
    assert {(row.sku, row.phase) for row in stores.rows(plan)} == {
        (sku, "adjust" if sku == skus[0] else "stock") for sku in skus
    }


def test_the_stock_of_a_product_run_is_not_written_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run()
    sku = sorted(world.available())[0]
    warehouse = int(sorted(world.erp.state()["stock"][sku])[0])
    world.restock(sku, 50, warehouse)
    world.run()
    world.restock(sku, 90, warehouse)
    settle = RunBook.settle

    def die(book: RunBook, call: Call, outcomes: Sequence[Outcome]) -> None:
        if call.operation == "inventory_set":
            raise RuntimeError("died")
        settle(book, call, outcomes)

    with monkeypatch.context() as patched:
        patched.setattr(RunBook, "settle", die)
        assert world.run(expect=None).status is Status.FAILED
    assert world.available()[sku] == 90
    place = world.shop.state()["locations"][0]["id"]
    world.shop.post("/stock", {"sku": sku, "location": place, "delta": -_SOLD})
    world.run(expect=None)
    assert world.available()[sku] == 90 - _SOLD
