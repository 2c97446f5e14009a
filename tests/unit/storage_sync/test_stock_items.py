"""What stores show: written only where it differs, absence concluded only from complete sweeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from storage.stock_shape import bare, clean, folded, loose
from sync.errors import Fenced
from sync.model.stock import ItemKind, StockLevel
from sync.model.text import say
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import Stock, change, item, stock_of


@pytest.fixture
def stock(store: Store) -> Stock:
    return stock_of(store)


def test_an_item_comes_back_whole(stock: Stock) -> None:
    given = item("v1", "  TSH-1 ", tags=("new", " Yaz"), kind=ItemKind.BUNDLE, tracked=False)
    levels = (StockLevel("A1", 5, 7, 2), StockLevel("A2", 0, None, None, active=False))
    stock.items.put(stock.link.a, [replace(given, levels=levels)])
    [row] = stock.items.by_variant(stock.link.a, ["v1", "unknown"]).values()
    assert (row.sku, row.label, row.tags, row.kind) == ("TSH-1", "Item v1", ("new", "yaz"), ItemKind.BUNDLE)
    assert row.tracked is False and row.levels == levels and row.missed == 0 and not row.gone
    assert stock.items.by_sku(stock.link.a, ["TSH-1", "", "tsh-1"]) == [row]
    assert stock.items.count(stock.link.a) == 1 and stock.items.count(stock.link.b) == 0


def test_only_what_differs_is_written_and_marked(stock: Stock) -> None:
    first = [item("v1", "A", ("A1", 1)), item("v2", "B", ("A1", 2))]
    assert stock.sweep("a", first) == 2
    assert stock.sweep("a", list(reversed(first))) == 0
    number = stock.items.begin_sweep(stock.link.a)
    assert stock.items.put(stock.link.a, [item("v1", "A", ("A1", 9)), first[1]], number) == 1
    assert list(stock.items.moved(stock.link.a, number)) == [["v1"]]
    rows = stock.items.by_variant(stock.link.a, ["v1", "v2"])
    assert [rows[v].levels[0].available for v in ("v1", "v2")] == [9, 2]


def test_a_level_that_goes_away_goes(stock: Stock) -> None:
    stock.items.put(stock.link.a, [item("v1", "A", ("A1", 1), ("A2", 2))])
    stock.items.put(stock.link.a, [item("v1", "A", ("A2", 2))])
    assert [s.location_id for s in stock.items.by_variant(stock.link.a, ["v1"])["v1"].levels] == ["A2"]


def test_a_read_of_some_places_leaves_the_others(stock: Stock) -> None:
    stock.items.put(stock.link.a, [item("v1", "A", ("A1", 1), ("A2", 2))])
    assert stock.items.put(stock.link.a, [item("v1", "A", ("A1", 1))], places=("A1",)) == 0
    assert stock.items.put(stock.link.a, [item("v1", "A", ("A1", 5))], places=("A1",)) == 1
    assert stock.items.put(stock.link.a, [item("v1", "A")], places=("A3",)) == 0
    shown = stock.items.by_variant(stock.link.a, ["v1"])["v1"].levels
    assert [(s.location_id, s.available) for s in shown] == [("A1", 5), ("A2", 2)]


def test_every_return_after_an_absence_is_counted(stock: Stock) -> None:
    """So that somebody who acted on an absence knows whether it is still the same one."""
    both = [item("v1", "A", ("A1", 1)), item("v2", "B", ("A1", 1))]
    stock.sweep("a", both)
    for items in (both[:1], both[:1], both, both, both[:1]):
        stock.sweep("a", items)
    stock.items.put(stock.link.a, [item("v2", "B", ("A1", 7))])  # read alone, and changed
    rows = stock.items.by_variant(stock.link.a, ["v1", "v2"])
    assert {v: (row.missed, row.came_back) for v, row in rows.items()} == {"v1": (0, 0), "v2": (0, 2)}


def test_another_status_of_the_product_is_a_change(stock: Stock) -> None:
    shown = item("v1", "A", ("A1", 1), status="active")
    stock.sweep("a", [shown])
    assert stock.sweep("a", [replace(shown, status="archived")]) == 1
    assert stock.items.by_variant(stock.link.a, ["v1"])["v1"].status == "archived"


def test_absence_counts_after_two_complete_sweeps(stock: Stock) -> None:
    both = [item("v1", "A", ("A1", 1)), item("v2", "B", ("A1", 2))]
    stock.sweep("a", both)
    for missed, gone in ((1, False), (2, True)):
        stock.sweep("a", both[:1])
        row = stock.items.by_variant(stock.link.a, ["v2"])["v2"]
        assert (row.missed, row.gone) == (missed, gone)
    assert stock.items.count(stock.link.a) == 1
    stock.items.put(stock.link.a, both)
    assert stock.items.by_variant(stock.link.a, ["v2"])["v2"].missed == 0, "a partial read has seen it"


def test_an_unchanged_sweep_counts_as_one(stock: Stock) -> None:
    stock.sweep("a", [item("v1", "A"), item("v2", "B")])
    stock.sweep("a", [item("v1", "A")])
    stock.items.keep_sweep(stock.link.a)
    rows = stock.items.by_variant(stock.link.a, ["v1", "v2"])
    assert (rows["v1"].missed, rows["v2"].missed) == (0, 2)


def test_a_sweep_that_never_ends_concludes_nothing(stock: Stock) -> None:
    stock.sweep("a", [item("v1", "A"), item("v2", "B")])
    broken = stock.items.begin_sweep(stock.link.a)
    stock.items.put(stock.link.a, [item("v1", "A")], broken)
    assert stock.items.by_variant(stock.link.a, ["v2"])["v2"].missed == 0


def test_what_others_store_during_a_sweep_is_not_missing(stock: Stock) -> None:
    stock.sweep("a", [item("v1", "A")])
    number = stock.items.begin_sweep(stock.link.a)
    stock.items.put(stock.link.a, [item("v1", "A")], number)
    stock.items.put(stock.link.a, [item("v9", "NEW")])
    assert stock.items.end_sweep(stock.link.a, number) == 0
    with pytest.raises(ValueError, match="no sweep 99"):
        stock.items.end_sweep(stock.link.a, 99)


def wrote(stock: Stock, variant: str, pieces: int) -> None:
    """A call that set the item's quantity came through."""
    stock.changes.add([change(stock.flow.id, None, variant, pieces, pieces)])
    [row] = stock.changes.due("run", "stock")
    with stock.db.write() as tx:
        stock.changes.applied(tx, stock.link.b, [row.id])


def test_what_we_wrote_is_no_news_unless_somebody_put_it_back(stock: Stock) -> None:
    five, seven = item("v1", "A", ("B1", 5)), item("v1", "A", ("B1", 7))
    stock.sweep("b", [five])
    wrote(stock, "v1", 7)
    level = stock.items.by_variant(stock.link.b, ["v1"])["v1"].levels[0]
    assert (level.available, level.on_hand) == (7, 7), "what lies there moves with it"
    assert stock.sweep("b", [seven]) == 0
    wrote(stock, "v1", 9)
    assert stock.sweep("b", [seven]) == 1, "the old content is a change again"
    assert stock.items.by_variant(stock.link.b, ["v1"])["v1"].levels[0].available == 7


@pytest.mark.parametrize(
    ("sku", "cleaned", "fold", "without"),
    [
        (" Ab-1 ", "Ab-1", "ab-1", "ab1"),
        (None, "", "", ""),
        ("   ", "", "", ""),
        ("---", "---", "---", "---"),
        (
            "S\N{EN DASH}1\N{NO-BREAK SPACE}x",
            "S\N{EN DASH}1\N{NO-BREAK SPACE}x",
            "s\N{EN DASH}1\N{NO-BREAK SPACE}x",
            "s1x",
        ),
        ("o\N{COMBINING DIAERESIS}", "ö", "ö", "ö"),
        ("STRASSE", "STRASSE", "strasse", "strasse"),
        ("straße", "straße", "strasse", "strasse"),
    ],
)
def test_three_spellings_of_a_sku(sku: str | None, cleaned: str, fold: str, without: str) -> None:
    assert clean(sku) == cleaned and folded(clean(sku)) == fold and bare(fold) == without
    assert loose(sku or "") == without


def test_a_read_that_came_too_late_is_kept_out(stock: Stock) -> None:
    """A worker was frozen with a page in its hands; another one has read the store since."""

    def refuse(tx: Connection) -> None:
        raise Fenced(say("too late"))

    stock.sweep("a", [item("v1", "A", ("A1", 3))])
    stock.items.db.guard = refuse
    with pytest.raises(Fenced):
        stock.items.put(stock.link.a, [item("v1", "A", ("A1", 9))])
    assert stock.items.by_variant(stock.link.a, ["v1"])["v1"].levels[0].available == 3


def test_the_end_of_a_sweep_that_came_too_late_misses_nothing(stock: Stock) -> None:
    """Else what another worker's sweep did not show would be gone one sweep too early."""

    def refuse(tx: Connection) -> None:
        raise Fenced(say("too late"))

    stock.sweep("a", [item("v1", "A", ("A1", 3)), item("v2", "B", ("A1", 3))])
    stock.sweep("a", [item("v1", "A", ("A1", 3))])
    number = stock.items.begin_sweep(stock.link.a)
    stock.items.db.guard = refuse
    with pytest.raises(Fenced):
        stock.items.end_sweep(stock.link.a, number)
    with pytest.raises(Fenced):
        stock.items.keep_sweep(stock.link.a)
    found = stock.items.by_variant(stock.link.a, ["v1", "v2"])
    assert (found["v1"].missed, found["v2"].missed) == (0, 1)
