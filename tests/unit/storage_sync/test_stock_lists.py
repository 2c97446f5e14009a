"""What an operator looks for in the lists of stock is found the same on both databases, whatever language the
PostgreSQL database sorts by, and by an index."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Select, select, text
from sqlalchemy.dialects import postgresql, sqlite

from storage import stock_log
from storage.database import Database
from storage.stock_differences import NewDifference, StockDifferences
from storage.stock_log import ChangeFilter
from sync.managers.stock.reading import tagged
from sync.model.stock import Difference, Match
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import Stock, change, item, stock_of

SKUS = (
    "ABC-1",
    "ABC-1-M",
    "ABC-10",
    "ABC-1 x",
    "ABC-1İ",
    "ABC-1\U0001f600",
    "ABC1",
    "ABC11",
    "ABC-2",
    "ABC",
    "abc-1",
    "Abc-10",
)
BEGINS = {sku for sku in SKUS if sku.startswith("ABC-1")}


@pytest.fixture
def stock(store: Store) -> Stock:
    return stock_of(store)


@pytest.fixture
def many(stock: Stock) -> Stock:
    """A log with enough rows that an index pays."""
    rows = [replace(change(stock.flow.id, None, f"v{n}", 1, 1), sku=f"Q-{n:05d}") for n in range(5_000)]
    stock.changes.add(rows)
    with stock.db.write() as tx:
        tx.execute(text("ANALYZE stock_changes"))
    return stock


def test_the_log_finds_a_sku_by_its_beginning(stock: Stock) -> None:
    rows = [change(stock.flow.id, None, f"v{n}", 1, 1) for n in range(len(SKUS))]
    stock.changes.add([replace(row, sku=sku) for row, sku in zip(rows, SKUS, strict=True)])
    wanted = ChangeFilter(run_id="run", sku="ABC-1")
    assert {row.sku for row in stock.changes.log(wanted)} == BEGINS
    assert {row.sku for row in stock.changes.in_order(wanted)} == BEGINS
    assert stock.changes.count(wanted, 100) == len(BEGINS)
    with stock.db.write() as tx:
        assert stock.changes.choose(tx, wanted, False) == len(BEGINS), "tick all that match"
    assert stock.changes.ticked("run") == (len(SKUS) - len(BEGINS), len(SKUS))


def test_differences_find_a_sku_by_its_beginning(stock: Stock) -> None:
    found = StockDifferences(stock.db)
    rows = [NewDifference(n, "B1", sku, Difference.DIFFERS, 1, 2) for n, sku in enumerate(SKUS, 1)]
    with stock.db.write() as tx:
        found.put(tx, stock.flow.id, rows)
    assert {row.sku for row in found.list(stock.flow.id, sku="ABC-1")} == BEGINS
    assert found.list(stock.flow.id, Difference.MISSED, "ABC-1") == []
    assert [row.sku for row in found.list(stock.flow.id, sku="abc-2")] == ["ABC-2"]


def test_differences_of_many_places_are_all_listed(stock: Stock) -> None:
    found, places = StockDifferences(stock.db), ["B10", "B-2", "b1", "B1", "ß", "Z"]
    rows = [NewDifference(1, place, "X", Difference.DIFFERS, 1, 2) for place in places]
    with stock.db.write() as tx:
        found.put(tx, stock.flow.id, [*rows, replace(rows[0], binding_id=2)])
    after, seen = (0, ""), []
    while page := found.list(stock.flow.id, after=after, limit=2):
        seen += [(row.binding_id, row.place) for row in page]
        after = seen[-1]
    assert len(seen) == 7 and set(seen) == {*((1, place) for place in places), (2, "B10")}


def _plan(db: Database, query: Select[tuple[object, ...]]) -> str:
    """How the database would answer it."""
    dialect = sqlite.dialect() if db.dialect == "sqlite" else postgresql.dialect()  # type: ignore[no-untyped-call]
    spelt = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    word = "EXPLAIN QUERY PLAN" if db.dialect == "sqlite" else "EXPLAIN"
    with db.read() as tx:
        return "\n".join(str(row) for row in tx.exec_driver_sql(f"{word} {spelt}"))


@pytest.mark.parametrize("beginning", ["Q-0012", "nothing"])
def test_a_sku_is_found_by_the_index(many: Stock, beginning: str) -> None:
    wanted = ChangeFilter(many.flow.id, "run", beginning, states=("planned",))
    with many.db.read() as tx:
        where = stock_log._conditions(tx, wanted)
    plan = _plan(many.db, select(stock_log.c.id).where(*where).order_by(stock_log.c.id.desc()).limit(51))
    assert "ix_stock_changes_sku" in plan, plan
    assert many.db.dialect == "postgresql" or not plan.count("ix_stock_changes_flow"), plan
    page = many.changes.in_order(wanted, limit=51)
    assert len(page) == many.changes.count(wanted, 51) == (10 if beginning == "Q-0012" else 0)
    assert many.changes.log(wanted, limit=51) == page[::-1]


def test_a_common_beginning_is_found_walking_along(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_log, "_FEW", 3)
    stock.changes.add([change(stock.flow.id, None, f"v{n}", 1, 1) for n in range(9)])
    for sku, found in (("SKU-", 9), ("SKU-v1", 1), ("SKU-w", 0)):
        assert stock.changes.count(ChangeFilter(stock.flow.id, sku=sku), 99) == found
        assert len(stock.changes.log(ChangeFilter(run_id="run", sku=sku))) == found


def test_texts_that_are_walked_along_are_compared_by_their_bytes(postgres_url: str) -> None:
    db = Database(postgres_url)
    asked = (
        "SELECT table_name || '.' || column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND collation_name = 'C'"
    )
    with db.read() as tx:
        found = set(tx.execute(text(asked)).scalars())
    db.close()
    assert found == {"stock_changes.sku", "stock_differences.sku", "stock_items.key", "stock_items.loose"}


def test_tags_fold_as_everywhere_else(stock: Stock) -> None:
    tags = ("Şapka", "Yeni", "şapka", "STRASSE", "Ça\u0327", "başka")
    stock.sweep("a", [item(f"a{n}", str(n), tags=(tag, "x")) for n, tag in enumerate(tags)])
    stock.sweep("b", [item(f"b{n}", str(n)) for n in range(len(tags))])
    wanted = (" şapka", "YENI", "straße", "ça\u0327")
    stock.settings(tags=wanted)
    assert stock.refresh() == {"matched": 5}
    assert [n for n, tag in enumerate(tags) if tagged((), wanted, (tag,))] == [0, 1, 2, 3, 4]
    assert stock.refresh() == {"matched": 5}, "those that hold are counted alike"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("ABC_1", {"ABC_1"}),
        ("abc 1", {"ABC-1"}),
        ("abc1", {"ABC-1"}),
        ("---", {"---"}),
        ("Item a3", {"---"}),
        ("  ", {"ABC_1", "ABC-1", "---"}),
        ("c_", {"ABC_1"}),
        ("%", set()),
    ],
)
def test_the_match_is_searched_by_sku_and_name(stock: Stock, typed: str, found: set[str]) -> None:
    skus = {"a1": "ABC_1", "a2": "ABC-1", "a3": "---"}
    items = [item(variant, sku) for variant, sku in skus.items()]
    stock.sweep("a", [*items, item("a4", "")])
    stock.refresh()
    given = stock.flow, stock.link, Match.ONLY_SOURCE, typed
    assert {row.sku for row in stock.match.listed(*given)} == found
    assert stock.match.listed_count(*given, 10) == len(found)
    stock.sweep("b", [replace(one, id=f"b{one.id}", label="") for one in items])
    stock.refresh()
    given = stock.flow, stock.link, Match.MATCHED, typed
    assert {row.sku for row in stock.match.listed(*given)} == found
    assert stock.match.listed_count(*given, 10) == len(found)


@pytest.mark.parametrize("typed", ["çiçekli", "Çiçekli", "ÇİÇEKLİ", "CICEK", "elbise [m] 5*", "ILIK", "ılık"])
def test_names_are_found_whatever_their_capitals(stock: Stock, typed: str) -> None:
    """SQLite folds English letters only; a cedilla is a letter of its own in Turkish."""
    names = {"Çiçekli Elbise [M] 5*", "ÇİÇEKLİ ELBİSE [M] 5*", "çiçekli elbise [m] 5*", "Ilık Şal", "cicek"}
    stock.sweep("a", [item(f"a{n}", f"S{n}", label=name) for n, name in enumerate(sorted(names))])
    stock.refresh()
    found = {row.label for row in stock.match.listed(stock.flow, stock.link, Match.ONLY_SOURCE, typed)}
    flowers = {name for name in names if name.endswith("*")}
    assert found == {"CICEK": {"cicek"}, "ILIK": {"Ilık Şal"}, "ılık": {"Ilık Şal"}}.get(typed, flowers)


def test_the_log_finds_a_sku_whatever_its_capitals(stock: Stock) -> None:
    rows = [replace(change(stock.flow.id, None, f"v{n}", 1, 1), sku=sku) for n, sku in enumerate(SKUS)]
    stock.changes.add(rows)
    for typed, found in (("abc-2", {"ABC-2"}), ("abc-1", {"abc-1"}), ("ABC-10", {"ABC-10"})):
        assert {row.sku for row in stock.changes.log(ChangeFilter(run_id="run", sku=typed))} == found
        assert stock.changes.count(ChangeFilter(sku=typed), 9) == len(found)


def test_pairs_are_listed_from_either_end(stock: Stock) -> None:
    stock.sweep("a", [item(f"a{n}", f"S{n}") for n in range(5)])
    stock.sweep("b", [item(f"b{9 - n}", f"S{n}", tracked=n > 0) for n in range(5)])
    for direction, mine, other in (("a>b", "a", "b"), ("b>a", "b", "a")):
        stock.flow = replace(stock.flow, direction=direction)
        stock.refresh()
        given, after, rows = (stock.flow, stock.link, Match.MATCHED), "", []
        while page := stock.match.listed(*given, after=after, limit=2):
            rows += page
            after = str(page[-1].cursor)
        assert sorted(row.sku for row in rows) == [f"S{n}" for n in range(1, 5)]
        assert {row.variant_id[0] + row.other_id[0] + row.side for row in rows} == {mine + other + "both"}
        given = (stock.flow, stock.link, Match.UNTRACKED)
        assert [row.sku for row in stock.match.listed(*given)] == ["S0"], "both have to be counted"
        given = (stock.flow, stock.link, Match.MATCHED)
    for _ in range(2):
        stock.sweep("b", [item(f"b{9 - n}", f"S{n}") for n in range(1, 5)])
    assert len(stock.match.listed(*given)) == 4, "a pair of which a side is gone is none"
