"""Pieces sold untold go along to the pair that takes the place of an old one, whenever that comes."""

from __future__ import annotations

import pytest

from storage import stock_match
from storage.stock_carried import any_aside
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import Stock, item, stock_of


@pytest.fixture
def stock(store: Store) -> Stock:
    """A pair in step at ten; then three were sold at the target."""
    made = stock_of(store)
    made.sweep("a", [item("a1", "one", ("A1", 10))])
    made.sweep("b", [item("b1", "one", ("B1", 10))])
    made.refresh()
    made.settle({"a1": (10, 10)})
    made.sweep("b", [item("b1", "one", ("B1", 7))])
    return made


def untold(stock: Stock, source: str) -> dict[str, int]:
    [pair] = stock.match.pairs_of(stock.link, stock.flow.direction, [source])
    return pair.untold


def aside(stock: Stock) -> bool:
    with stock.db.read() as tx:
        return any_aside(tx, stock.link.id)


def test_to_an_item_made_anew_at_the_source(stock: Stock) -> None:
    for _ in range(2):
        stock.sweep("a", [item("a2", "one", ("A1", 10))])
    stock.refresh()
    assert stock.paired() == {"a2": "b1"} and untold(stock, "a2") == {"B1": 3} and not aside(stock)


def test_to_an_item_made_anew_at_the_target(stock: Stock) -> None:
    for _ in range(2):
        stock.sweep("b", [item("b2", "one", ("B1", 0))])
    stock.refresh()
    assert stock.paired() == {"a1": "b2"} and untold(stock, "a1") == {"B1": 3} and not aside(stock)


def test_although_the_process_dies_before_the_new_pair_is_made(
    stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        stock.sweep("a", [item("a2", "one", ("A1", 10))])

    def died(refresh: stock_match._Refresh, low: str) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(stock_match._Refresh, "_range", died)
        stock.refresh()
    assert not stock.paired() and aside(stock)
    stock.refresh()
    assert stock.paired() == {"a2": "b1"} and untold(stock, "a2") == {"B1": 3} and not aside(stock)


def test_also_where_the_sku_is_there_twice_for_a_while(stock: Stock) -> None:
    twice = [item("a2", "one", ("A1", 10)), item("a3", "one", ("A1", 10))]
    for _ in range(2):
        stock.sweep("a", twice)
    stock.refresh()
    assert not stock.paired() and aside(stock)
    for _ in range(2):
        stock.sweep("a", twice[:1])
    stock.refresh()
    assert stock.paired() == {"a2": "b1"} and untold(stock, "a2") == {"B1": 3} and not aside(stock)


def test_nothing_waits_for_items_that_are_gone_at_both_ends(stock: Stock) -> None:
    twice = [item("a2", "one"), item("a3", "one")]
    for _ in range(2):
        stock.sweep("a", twice)
    stock.refresh()
    for _ in range(2):
        stock.sweep("b", [])
    stock.refresh()
    assert not aside(stock)
