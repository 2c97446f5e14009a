"""Rises that must be seen twice, and other settings, beside pieces that were sold and runs that are
undone."""

from __future__ import annotations

import pytest

from sync.model.run import Mode, Status
from tests.e2e.shelf import Shelf, undo
from tests.e2e.stores import Stores


@pytest.mark.parametrize("mode", [Mode.DELTA, Mode.SWEEP])
def test_a_rise_that_went_back_has_to_be_seen_twice_again(shelf: Shelf, mode: Mode) -> None:
    """A source that shows too much for one read, now and then."""
    n = shelf.other + 40
    shelf.flow = shelf.stores.settle(shelf.flow, increase_twice=True)
    assert shelf.moves(n + 30, mode) == n, "held"
    assert shelf.moves(n, mode) == n
    assert not shelf.stores.ws.stock_differences.list(shelf.flow.id)
    assert shelf.moves(n + 30, mode) == n, "the first sight of this rise"
    assert shelf.moves(n + 30, mode) == n + 30


def test_a_buffer_and_a_sale_beside_a_rise_that_waits(shelf: Shelf) -> None:
    n, stores = shelf.other + 40, shelf.stores
    shelf.flow = stores.settle(shelf.flow, buffers={"": 6}, increase_twice=True)
    stores.run(shelf.flow, Mode.SWEEP)
    assert shelf.shown == n - 6
    assert shelf.moves(n + 10) == n - 6
    shelf.target.sell(shelf.sku, 2)
    assert shelf.moves(n + 10) == n + 2
    assert shelf.moves(n + 3) == n - 5
    assert shelf.moves(n + 4) == n - 5
    stores.pushed(shelf.flow, [shelf.sku])
    assert shelf.shown == n - 4


def test_a_buffer_that_changes_while_a_sale_waits_and_is_undone(shelf: Shelf) -> None:
    n, stores = shelf.other + 40, shelf.stores
    shelf.target.sell(shelf.sku, 3)
    shelf.flow = stores.settle(shelf.flow, buffers={"": 6})
    run = stores.run(shelf.flow, Mode.DELTA)
    assert shelf.shown == n - 9, stores.why(run)
    undo(shelf, run.id)
    assert shelf.shown == n - 3
    shelf.flow = stores.settle(shelf.flow, buffers={"": 0})
    assert shelf.moves(n - 1, Mode.SWEEP) == n - 4
    assert shelf.moves(n + 1) == n - 2


def test_a_buffer_beside_less_than_nothing(shelf: Shelf) -> None:
    """More was sold on either side than there is; when it comes in again, what was sold stays sold."""
    stores, source = shelf.stores, shelf.stores.source
    shelf.flow = stores.settle(shelf.flow, buffers={"": 5})
    source.stock(shelf.sku, -4)
    source.stock(shelf.sku, 30, 1)
    stores.run(shelf.flow, Mode.DELTA)
    assert shelf.shown == 21
    shelf.target.sell(shelf.sku, 25)
    stores.run(shelf.flow, Mode.SWEEP)
    source.stock(shelf.sku, -40)
    stores.run(shelf.flow, Mode.DELTA)
    assert shelf.shown <= 0
    source.stock(shelf.sku, 30)
    run = stores.run(shelf.flow, Mode.DELTA)
    assert shelf.shown == 60 - 5 - 25, stores.why(run)


def test_an_undo_is_undone_and_a_sale_between_stays_sold(shelf: Shelf) -> None:
    n, stores = shelf.other + 40, shelf.stores
    shelf.source(n + 10)
    once = undo(shelf, stores.run(shelf.flow, Mode.DELTA).id)
    assert shelf.shown == n
    twice = undo(shelf, once)
    assert shelf.shown == n + 10
    undo(shelf, twice)
    assert shelf.shown == n
    shelf.target.sell(shelf.sku, 2)
    stores.run(shelf.flow, Mode.SWEEP)
    assert shelf.shown == n - 2
    assert shelf.moves(n + 11) == n + 9
    assert shelf.moves(n + 9) == n + 7


def test_single_items_and_tests_keep_a_sale_in_mind(shelf: Shelf) -> None:
    n, stores = shelf.other + 40, shelf.stores
    shelf.target.sell(shelf.sku, 3)
    shelf.source(n - 5)
    stores.run(shelf.flow, skus=(shelf.sku,))
    assert shelf.shown == n - 8
    stores.run(shelf.flow, Mode.TEST)
    assert shelf.shown == n - 8
    shelf.target.sell(shelf.sku, 1)
    stores.run(shelf.flow, skus=(shelf.sku,))
    assert shelf.shown == n - 9
    assert shelf.moves(n + 6) == n + 2


def test_a_mapping_that_changes_and_changes_back_keeps_a_sale_in_mind(stores: Stores) -> None:
    target, source = stores.stores["target"], stores.source
    place, (one, two) = target.places()[0], source.places()[:2]
    [flow] = stores.link("target", target={place: (one,)})
    stores.run(flow)
    sku = max(target.levels(), key=lambda name: target.levels()[name])
    target.sell(sku, 3)
    for wanted in ((one, two), (two,), (one,), ("*",)):
        stores.ws.links.set_locations(flow.link_id, {place: wanted})
        for mode in (Mode.DELTA, Mode.SWEEP):
            run = stores.run(flow, mode, expect=None)
            if run.status is Status.BRAKED:
                run = stores.confirm(run)
        right = sum(source.levels(i)[sku] for i, p in enumerate((one, two)) if p in wanted or "*" in wanted)
        assert target.levels()[sku] == max(0, right - 3), stores.why(run)
