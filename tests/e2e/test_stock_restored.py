"""A backup is put back: what was written since is unknown to it, and must not look like sales."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.backup import backup, restore
from storage.paths import data_paths
from sync.errors import NeedsOperator
from sync.managers.stock import recipe
from sync.managers.stock.book import StockBook
from sync.managers.verbs.stock_gate import StockGate
from sync.model.call import Call
from sync.model.entity import Entity
from sync.model.run import Mode
from tests.e2e.shelf import Shelf
from tests.e2e.stores import Stores
from tests.e2e.world import World


def saved(world: Stores | World) -> Callable[[], None]:
    """Makes a backup; answers what puts it back and begins to work again."""
    paths, file = data_paths({"COUNTERPART_HOME": str(world.home)}), world.home / "saved.zip"
    backup(world.ws.db, paths.folder, file)

    def put_back() -> None:
        world.close()
        restore(file, paths)
        world.ws = world._opened()

    return put_back


def refused(stores: Stores, flow_id: str, match: str) -> None:
    for mode in (Mode.DELTA, Mode.SWEEP):
        with pytest.raises(NeedsOperator, match=match):
            stores.ws.run_verbs.start(flow_id, mode, by="test")


def test_nothing_but_a_full_run_and_a_confirmation_lets_a_flow_go_on(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    n, stores = shelf.other + 40, shelf.stores
    put_back = saved(stores)
    assert shelf.moves(n - 30) == n - 30
    put_back()
    refused(stores, shelf.flow.id, "baseline is missing")
    monkeypatch.setattr(recipe, "validate_sandbox", lambda ctx: None)  # as with a store that is none
    run = stores.run(shelf.flow)
    assert shelf.shown == n - 30 and not shelf.untold(), stores.why(run)
    refused(stores, shelf.flow.id, "has not been validated")
    stores.ws.stock_verbs.validate(shelf.flow.id, "test")
    for pieces in (n - 31, n + 3):
        assert shelf.moves(pieces) == pieces
    stores.quiet(shelf.flow, shelf.target)


def test_a_call_that_was_under_way_in_the_backup_is_not_sent_over_what_was_written_since(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went through afterwards, and the source moved on."""
    n, stores, made = shelf.other + 40, shelf.stores, list[Callable[[], None]]()
    commit = StockBook.commit

    def committed(book: StockBook, call: Call) -> bool:
        going = commit(book, call)
        if not made:
            made.append(saved(stores))
        return bool(going)

    monkeypatch.setattr(StockBook, "commit", committed)
    assert shelf.moves(n + 30) == n + 30
    assert shelf.moves(n + 8) == n + 8
    made[0]()
    run = stores.run(shelf.flow)
    assert shelf.shown == n + 8, stores.why(run)
    assert shelf.moves(n + 7) == n + 7


def test_a_product_run_from_before_is_no_baseline_any_more(world: World) -> None:
    world.run()
    flow = world.ws.links.add_flow(world.flow.link_id, Entity.STOCK, "a>b")
    assert StockGate(world.ws).stage(flow).baseline_run
    put_back = saved(world)
    put_back()
    assert not StockGate(world.ws).stage(world.ws.links.flow(flow.id)).baseline_run
    assert world.run().mode is Mode.FULL
    assert StockGate(world.ws).stage(world.ws.links.flow(flow.id)).baseline_run


@pytest.mark.parametrize("stores", ["postgresql"], indirect=True)
def test_what_the_manual_says_to_do_by_hand_has_the_same_effect(stores: Stores) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    [told] = re.findall(r"```sql\n(.*?)```", manual, re.DOTALL)
    [flow] = stores.link()
    stores.run(flow)
    with stores.ws.db.write() as tx:
        tx.exec_driver_sql(told)
    stores.restart()
    refused(stores, flow.id, "baseline is missing")
    stores.run(flow)
    stores.run(flow, Mode.DELTA)
