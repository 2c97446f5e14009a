"""Pairs by SKU: nothing ambiguous is paired, what holds stays, what moved is found again."""

from __future__ import annotations

import pytest

from storage import stock_match
from sync.model.stock import ALL_PLACES, ItemKind, Match
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import Stock, item, stock_of


@pytest.fixture
def stock(store: Store) -> Stock:
    return stock_of(store)


def test_every_class_of_the_match(stock: Stock) -> None:
    stock.sweep(
        "a",
        [
            item("a1", "Same"),
            item("a2", "HERE"),
            item("a3", "twice"),
            item("a4", "Twice"),
            item("a5", None),
            item("a6", "loose", tracked=False),
            item("a7", "set", kind=ItemKind.BUNDLE),
            item("a8", None, kind=ItemKind.GIFT_CARD),
            item("a9", "one-2"),
        ],
    )
    stock.sweep(
        "b",
        [
            item("b1", " same "),
            item("b3", "TWICE"),
            item("b5", ""),
            item("b6", "LOOSE"),
            item("b7", "set"),
            item("b9", "one-TWO"),
            item("b10", "two"),
            item("b11", "TWO"),
        ],
    )
    assert stock.refresh() == {
        "matched": 2,
        "only_source": 2,
        "only_target": 1,
        "duplicate": 5,
        "empty": 2,
        "untracked": 1,
        "bundle": 2,
        "gift_card": 1,
    }
    assert stock.paired() == {"a1": "b1", "a6": "b6"}
    assert stock.listed(Match.DUPLICATE) == {
        ("duplicate", "source", "a3"),
        ("duplicate", "source", "a4"),
        ("duplicate", "target", "b3"),
        ("duplicate", "target", "b10"),
        ("duplicate", "target", "b11"),
    }
    assert stock.listed(Match.UNTRACKED) == {("untracked", "source", "a6")}
    assert stock.listed(Match.BUNDLE) == {("bundle", "source", "a7"), ("bundle", "target", "b7")}
    stored = stock.match.counts(stock.flow.id)
    assert stored["matched"] == 2 and "at" in stored


def test_a_pair_that_nobody_counts_is_listed_once(stock: Stock) -> None:
    """So pairs and exceptions add up to the items of either side; and a flow's tags hold for both lists."""
    tags = ("new",)
    stock.sweep("a", [item(f"a{n}", f"S{n}", tracked=n > 1, tags=tags if n != 3 else ()) for n in range(5)])
    stock.sweep("b", [item(f"b{n}", f"S{n}", tracked=n not in (0, 2, 3)) for n in range(6)])
    stock.refresh()
    both = [f"{side}{n}" for n, side in enumerate("aabb")]
    assert sorted(variant for _why, _side, variant in stock.listed(Match.UNTRACKED)) == both
    stock.settings(tags=tags)
    assert stock.refresh() == {"matched": 4, "untracked": 3, "only_target": 1}


def test_folding_is_the_flow_s_choice(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "TSH-001"), item("a2", "exact")])
    stock.sweep("b", [item("b1", "tsh 001"), item("b2", "EXACT")])
    stock.settings(fold_case=False)
    assert stock.refresh() == {"only_source": 2, "only_target": 2}
    stock.settings(fold_case=True)
    assert stock.refresh() == {"matched": 1, "only_source": 1, "only_target": 1}
    stock.settings(fold_dashes=True)
    assert stock.refresh() == {"matched": 2} and stock.listed() == set()


def test_dashes_may_fold_without_case(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "A-1"), item("a2", "b-1")])
    stock.sweep("b", [item("b1", "A1"), item("b2", "B1")])
    stock.settings(fold_case=False, fold_dashes=True)
    assert stock.refresh() == {"matched": 1, "only_source": 1, "only_target": 1}


def test_skus_that_differ_by_a_dash_are_two(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "AB-1"), item("a2", "AB1")])
    stock.sweep("b", [item("b1", "ab-1"), item("b2", "ab1")])
    assert stock.refresh() == {"matched": 2} and stock.paired() == {"a1": "b1", "a2": "b2"}
    stock.settings(fold_dashes=True)
    assert stock.refresh() == {"matched": 2}, "an existing pair stays although the SKU is now ambiguous"


def test_a_refresh_changes_nothing_that_holds(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X"), item("a2", "only")])
    stock.sweep("b", [item("b1", "X")])
    first = stock.refresh()
    ids = [p.binding_id for p in stock.match.pairs(stock.link, "a>b")]
    assert stock.refresh() == first == {"matched": 1, "only_source": 1}
    assert [p.binding_id for p in stock.match.pairs(stock.link, "a>b")] == ids


def test_a_twin_that_turns_up_later_does_not_part_a_pair(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X")])
    stock.sweep("b", [item("b1", "X")])
    stock.refresh()
    stock.sweep("b", [item("b1", "X"), item("b2", "X")])
    assert stock.refresh() == {"matched": 1, "duplicate": 1}
    assert stock.paired() == {"a1": "b1"} and stock.listed() == {("duplicate", "target", "b2")}


def test_a_renamed_sku_keeps_its_pair_until_it_turns_up_elsewhere(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X")])
    stock.sweep("b", [item("b1", "X")])
    stock.refresh()
    stock.sweep("b", [item("b1", "Y")])
    assert stock.refresh() == {"matched": 1} and stock.paired() == {"a1": "b1"}
    stock.sweep("b", [item("b1", "Y"), item("b2", "X")])
    assert stock.refresh() == {"matched": 1, "only_target": 1} and stock.paired() == {"a1": "b2"}


def test_a_deleted_item_gives_its_partner_to_its_successor(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X"), item("a0", "Z")])
    stock.sweep("b", [item("b1", "X")])
    stock.refresh()
    for _ in range(2):
        stock.sweep("a", [item("a0", "Z")])
    assert stock.refresh() == {"only_source": 1, "only_target": 1}
    [pair] = stock.match.pairs_of(stock.link, "a>b", ["a1"])
    assert pair.source.gone and pair.target.variant_id == "b1", "what becomes of it is to be decided"
    stock.sweep("a", [item("a0", "Z"), item("a2", "X")])
    assert stock.refresh() == {"matched": 1, "only_source": 1} and stock.paired() == {"a2": "b1"}


def test_tags_narrow_the_source(stock: Stock) -> None:
    stock.sweep(
        "a", [item("a1", "X", tags=("Sale", "new")), item("a2", "Y"), item("a3", "Q", tags=("sa_e",))]
    )
    stock.sweep("b", [item("b1", "X"), item("b2", "Y")])
    stock.settings(tags=("sale",))
    assert stock.refresh() == {"matched": 1} and stock.paired() == {"a1": "b1"}
    stock.settings(tags=("sa_e",))
    assert stock.refresh()["only_source"] == 1


def test_the_other_direction(stock: Stock) -> None:
    from dataclasses import replace

    stock.sweep("a", [item("a1", "X", ("A1", 1))])
    stock.sweep("b", [item("b1", "X", ("B1", 2)), item("b2", "only")])
    stock.flow = replace(stock.flow, direction="b>a")
    assert stock.refresh() == {"matched": 1, "only_source": 1}
    assert stock.paired() == {"b1": "a1"} and stock.listed() == {("only_source", "source", "b2")}


def test_ranges_meet_without_a_gap(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_match, "RANGE", 7)
    names = [f"S-{n * 37 % 101:03d}" for n in range(101)]
    stock.sweep(
        "a", [item(f"a{n}", name) for n, name in enumerate(names)] + [item(f"ae{n}", "") for n in range(20)]
    )
    stock.sweep("b", [item(f"b{n}", name) for n, name in enumerate(sorted(names)) if n % 10])
    expected = {"matched": 90, "only_source": 11, "empty": 20}
    assert stock.refresh() == expected
    assert stock.refresh() == expected and len(stock.listed()) == 31
    with stock.db.read() as tx:
        assert tx.exec_driver_sql("SELECT count(*) FROM bindings").scalar() == 90
    given = stock.flow, stock.link
    page = stock.match.listed(*given, Match.EMPTY, limit=15)
    rest = stock.match.listed(*given, Match.EMPTY, after=page[-1].cursor, limit=15)
    assert len(page) == 15 and len(rest) == 5
    found = stock.match.listed(*given, Match.MATCHED, "s-01", limit=50)
    assert {row.sku for row in found} <= {f"S-0{n}" for n in range(10, 20)} and found


def test_an_item_of_no_side_any_more_leaves_the_list(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X")])
    stock.refresh()
    assert stock.listed() == {("only_source", "source", "a1")}
    for _ in range(2):
        stock.sweep("a", [])
    assert stock.refresh() == {} and stock.listed() == set()


def test_pairs_come_with_levels_and_baselines(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X", ("A1", 4))])
    stock.sweep("b", [item("b1", "X", ("B1", 1))])
    stock.refresh()
    [pair] = stock.match.pairs(stock.link, "a>b")
    assert pair.bases == {} and pair.source.levels[0].available == 4
    stock.settle({"a1": (4, 3)})
    [pair] = stock.match.pairs_of(stock.link, "a>b", ["a1", "nothing"])
    assert pair.bases == {"B1": (4, 3)} and pair.target.levels[0].available == 3
    assert stock.match.pairs(stock.link, "a>b", pair.binding_id) == []


def test_moved_is_what_needs_a_decision(stock: Stock) -> None:
    def shops(a: int, b: int) -> None:
        stock.sweep("a", [item("a1", "X", ("A1", a)), item("a2", "Y", ("A1", 5))])
        stock.sweep("b", [item("b1", "X", ("B1", b)), item("b2", "Y", ("B1", 5))])

    shops(4, 4)
    stock.refresh()
    assert stock.moved() == {"a1", "a2"}, "never settled"
    stock.settle({"a1": (4, 4), "a2": (5, 5)})
    assert stock.moved() == set()
    shops(6, 4)
    assert stock.moved() == {"a1"}, "the source moved"
    shops(4, 3)
    assert stock.moved() == {"a1"}, "the target moved"
    shops(4, 4)
    assert stock.moved() == set()
    stock.sweep("a", [item("a1", "X"), item("a2", "Y", ("A1", 5))])
    assert stock.moved() == {"a1"}, "the source fell silent"


def test_many_places_are_summed(store: Store) -> None:
    stock = stock_of(store, {"B1": ("A1", "A2"), "B2": (ALL_PLACES,)})
    stock.sweep("a", [item("a1", "X", ("A1", 1), ("A2", 2), ("A3", 4))])
    stock.sweep("b", [item("b1", "X", ("B1", 3), ("B2", 7))])
    stock.refresh()
    stock.settle({"a1": (3, 3)}, "B1")
    assert stock.moved() == {"a1"}
    stock.settle({"a1": (7, 7)}, "B2")
    assert stock.moved() == set()
    stock.sweep("a", [item("a1", "X", ("A1", 0), ("A2", 3), ("A3", 4))])
    assert stock.moved() == set(), "the sums are the same"
    stock.sweep("a", [item("a1", "X", ("A1", 0), ("A2", 3), ("A3", 5))])
    assert stock.moved() == {"a1"}


def test_a_source_that_never_said_anything_needs_no_decision(stock: Stock) -> None:
    stock.sweep("a", [item("a1", "X", ("elsewhere", 9))])
    stock.sweep("b", [item("b1", "X", ("B1", 3))])
    stock.refresh()
    assert stock.moved() == set()
