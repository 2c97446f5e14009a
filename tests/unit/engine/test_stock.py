"""Stock: nothing is oversold, and a pair left unequal is made equal by the next run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.engine.products.stock import Do, decide

PIECES = st.integers(0, 50)


@pytest.mark.parametrize(
    ("base", "wanted", "shown", "expected"),
    [
        (None, 5, 5, (Do.SETTLE, 5)),
        (None, 5, 9, (Do.WRITE, 5)),
        ((5, 5), 5, 5, (Do.QUIET, 5)),
        ((5, 5), 9, 5, (Do.WRITE, 9)),  # the source moved
        ((5, 5), 5, 4, (Do.KEEP, 4)),  # a sale that the source has not heard of
        ((5, 5), 5, 8, (Do.WRITE, 5)),  # a rise that only the shop shows would oversell
        ((5, 5), 4, 4, (Do.SETTLE, 4)),  # the order has arrived
        ((10, 10), 8, 9, (Do.WRITE, 7)),  # sold elsewhere and in the shop
        ((10, 10), 8, 7, (Do.WRITE, 5)),
        ((10, 10), 11, 9, (Do.WRITE, 10)),
        ((10, 10), 9, 8, (Do.WRITE, 7)),
        ((8, 7), 8, 7, (Do.WRITE, 8)),  # left unequal by a run before; the orders are through now
        ((2, 5), 1, 0, (Do.SETTLE, 0)),  # never below zero
    ],
)
def test_decide(base: tuple[int, int] | None, wanted: int, shown: int, expected: tuple[Do, int]) -> None:
    assert decide(base, wanted, shown) == expected


def test_restoring_writes_the_sources_figure_back() -> None:
    assert decide((5, 5), 5, 4, "restore") == (Do.WRITE, 5)


@given(PIECES, PIECES, PIECES)
def test_a_run_never_offers_what_the_shop_has_sold_since(stock: int, wanted: int, sold: int) -> None:
    """Whatever the source says now, pieces sold in the shop since the last settling are not offered again."""
    shown = max(0, stock - sold)
    _, value = decide((stock, stock), wanted, shown)
    if wanted != stock and shown < stock and wanted != shown:
        assert value <= max(0, wanted - (stock - shown))
    if wanted == stock:
        assert value <= wanted


@given(st.one_of(st.none(), st.tuples(PIECES, PIECES)), PIECES, PIECES)
def test_unmoved_stock_comes_to_rest(base: tuple[int, int] | None, wanted: int, shown: int) -> None:
    for _ in range(3):
        do, shown = decide(base, wanted, shown)
        if do in (Do.WRITE, Do.SETTLE):
            base = (wanted, shown)
    assert decide(base, wanted, shown)[0] in (Do.QUIET, Do.KEEP)
