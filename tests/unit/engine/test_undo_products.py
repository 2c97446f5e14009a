"""What a run did to one product → what its undo does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest

from sync.engine.merge import Verdict, half, merge
from sync.engine.products.match import Match
from sync.engine.products.pairing import Memory as ProductMemory
from sync.engine.products.stock import rest
from sync.engine.undo.products import Memory, Past, Rules, plan_undo
from sync.model.call import Change, Diff, Value, Verb
from sync.model.entity import Entity
from sync.model.flow import ProductSettings
from sync.model.plan import Binding, Item, Pair, Planned, Settle
from sync.model.product import Level, Product, Variant
from tests.unit.engine.make import item, lira, plan, shown, source

ITEM = Item(Entity.PRODUCT, "1", "Elbise", "updated", "p1", "A")
PRODUCT = Product(
    "p1",
    title="Yeni",
    status="active",
    tags=("a", "x"),
    metafields={"custom.season": "Kış"},
    variants=(
        Variant(
            "p1/0",
            sku="A",
            price=lira("120"),
            compare_at=lira("0"),
            item_id="i-A",
            levels=(Level("loc1", 9), Level("loc2", 0, active=False)),
        ),
    ),
)


def change(
    entity: Entity, verb: Verb, field: str = "", before: Value = None, after: Value = None, **more: str
) -> Change:
    product = entity is Entity.PRODUCT
    given = {
        "source_id": "1" if product else "v-A",
        "target_id": "p1" if product else "i-A" if entity is Entity.STOCK else "p1/0",
        "label": "Elbise" if product else "A",
        **more,
    }
    return Change("c", entity, verb, diffs=(Diff(field, before, after),) if field else (), **given)  # type: ignore[arg-type]


def title(before: Value, after: Value) -> Change:
    return change(Entity.PRODUCT, Verb.UPDATE, "title", before, after)


def stock(before: Value, after: Value, verb: Verb = Verb.SET, place: str = "loc1") -> Change:
    return change(Entity.STOCK, verb, "available", before, after, place=place)


def undo(
    *done: Change | tuple[Change, Settle],
    product: Product | None = PRODUCT,
    memory: Memory = Memory(),
    free: bool = False,
) -> list[Planned]:
    pairs = tuple((d, ()) if isinstance(d, Change) else (d[0], (d[1],)) for d in done)
    ids = count()
    made = Rules({"tags": "tags"}, lambda: f"n{next(ids)}", free)
    return plan_undo(Past(ITEM, pairs), product, memory, made)


def diffs(planned: Sequence[Planned]) -> list[tuple[str, Value, Value]]:
    return [(d.field, d.before, d.after) for p in planned for c in p.changes for d in c.change.diffs]


def causes(planned: Sequence[Planned]) -> list[str]:
    return [p.item.cause for p in planned]


# -- fields --------------------------------------------------------------------------------------------------


def test_what_still_shows_goes_back_in_one_row_and_as_few_calls_as_it_came() -> None:
    found = undo(
        title("Eski", "Yeni"),
        change(Entity.PRODUCT, Verb.UPDATE, "tags", ("x",), ("a", "x")),
        change(Entity.PRODUCT, Verb.MARK, "metafield:custom.season", "Yaz", "Kış"),
        change(Entity.VARIANT, Verb.UPDATE, "price", "100.00 TRY", "120.00 TRY", parent_id="p1"),
    )
    [row] = found
    assert row.item == replace(ITEM, planned="updated") and row.item.cause == ""
    assert diffs(found) == [
        ("title", "Yeni", "Eski"),
        ("tags", ("a", "x"), ("x",)),
        ("metafield:custom.season", "Kış", "Yaz"),
        ("price", "120.00 TRY", "100.00 TRY"),
    ]
    assert [c.phase for c in row.changes] == ["product", "product", "mark", "variants"]
    assert len({c.change.id for c in row.changes}) == 4 and row.changes[3].change.parent_id == "p1"


def test_of_several_writes_of_a_run_the_first_before_counts() -> None:
    assert diffs(undo(title("Eski", "Ara"), title("Ara", "Yeni"))) == [("title", "Yeni", "Eski")]


def test_what_moved_is_said_with_all_values_and_not_written() -> None:
    [row] = undo(title("Eski", "Ara"))
    assert row.changes == () and (row.item.planned, row.item.cause) == ("skipped", "undo.moved")
    assert row.item.message is not None
    assert row.item.message.params == {
        "field": "Title",
        "name": "title",
        "before": "Eski",
        "wrote": "Ara",
        "now": "Yeni",
    }
    assert all(value in str(row.item.message) for value in ("Eski", "Ara", "Yeni"))


def test_what_was_not_known_before_is_never_written() -> None:
    found = undo(
        title(None, "Yeni"), change(Entity.PRODUCT, Verb.MARK, "metafield:custom.season", None, "Kış")
    )
    assert diffs(found) == [] and causes(found) == ["undo.listed", "undo.listed"]


def test_a_price_of_zero_is_not_brought_back_unless_the_flow_allows_it() -> None:
    moved = change(Entity.VARIANT, Verb.UPDATE, "price", "0.00 TRY", "120.00 TRY")
    assert diffs(undo(moved)) == [] and causes(undo(moved)) == ["undo.listed"]
    assert diffs(undo(moved, free=True)) == [("price", "120.00 TRY", "0.00 TRY")]


def test_a_product_that_is_gone_or_was_never_known_is_listed() -> None:
    assert causes(undo(title("Eski", "Yeni"), product=None)) == ["undo.gone"]


def test_what_is_as_before_already_and_our_own_marks_cost_no_write() -> None:
    marks = change(Entity.PRODUCT, Verb.MARK, "metafield:sync.record", None, "shop/1")
    assert [(p.item.planned, p.item.cause) for p in undo(title("Yeni", "Ara"), marks)] == [
        ("unchanged", "undo.back")
    ]
    assert causes(undo(marks)) == ["undo.marks"]


def test_every_row_has_a_name_of_its_own() -> None:
    found = undo(
        title("Eski", "Ara"),
        change(Entity.PRODUCT, Verb.UPDATE, "vendor", None, "Moda"),
        stock(5, 8),
        stock(5, 8, place="loc2"),
        change(Entity.STOCK, Verb.ACTIVATE, "stocked", False, True, place="loc1"),
        change(Entity.VARIANT, Verb.CREATE, "variant", None, "B"),
        change(Entity.VARIANT, Verb.UPDATE, "price", "1.00 TRY", "2.00 TRY"),
        change(Entity.MEDIA, Verb.CREATE, "image", None, "http://x"),
        change(Entity.PUBLICATION, Verb.PUBLISH, "channel", None, "POS", place="ch"),
    )
    names = [(p.item.entity, p.item.source_id) for p in found]
    assert len(found) == 9 and len(set(names)) == 9


# -- the pair that is settled --------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["title", "price"])
def test_it_rests_until_the_source_moves(field: str) -> None:
    """The source's half is as it was settled, or as the run settled it; the target's is the value from
    before."""
    entity = Entity.PRODUCT if field == "title" else Entity.VARIANT
    old, new = ("Eski", "Yeni") if field == "title" else ("100.00 TRY", "120.00 TRY")
    kind, record = ("product", "1") if field == "title" else ("variant", "v-A")
    done = (
        change(entity, Verb.UPDATE, field, old, new),
        Settle(kind, record, {field: (half(new), half(new))}),
    )
    later: Pair = (half("Daha"), None)
    for memory, wanted in ((Memory(), new), (Memory({(kind, record): {field: later}}), "Daha")):
        [row] = undo(done, memory=memory)
        [settle] = row.changes[0].settle
        pair = settle.fields[field]
        assert (settle.kind, settle.id_a) == (kind, record)
        assert merge(pair, wanted, old) in (Verdict.QUIET, Verdict.SETTLE)
        assert merge(pair, wanted, old, drift="restore") in (Verdict.QUIET, Verdict.SETTLE)
        assert merge(pair, "Başka", old) is Verdict.CARRY


# -- stock ---------------------------------------------------------------------------------------------------


def test_stock_goes_back_from_what_the_run_wrote() -> None:
    [row] = undo(stock(4, 9), memory=Memory(stock={("v-A", "loc1"): (9, 9)}))
    [planned] = row.changes
    assert (planned.change.verb, planned.phase) == (Verb.SET, "stock")
    assert (planned.change.before("available"), planned.change.after("available")) == (9, 4)
    assert [s.fields for s in planned.settle] == [{"available": (9, 4)}, {"rest:loc1": (9, 4)}]
    assert planned.settle[0].place == "loc1"


@pytest.mark.parametrize(
    ("before", "wrote", "after", "delta"), [(4, 8, 5, -4), (12, 8, 13, 4), (1, 30, 0, -9)]
)
def test_stock_that_moved_is_offered_as_the_runs_own_difference(
    before: int, wrote: int, after: int, delta: int
) -> None:
    [row] = undo(stock(before, wrote))
    assert (row.item.planned, row.item.cause, row.item.sku) == ("updated", "undo.offered", "A")
    [planned] = row.changes
    assert (planned.change.verb, planned.phase) == (Verb.ADJUST, "adjust")
    assert diffs([row]) == [("available", 9, after)]
    assert row.item.message is not None and row.item.message.params["now"] == 9


def test_stock_without_a_way_back_is_listed() -> None:
    assert causes(undo(stock(None, 9))) == ["undo.listed"]
    assert causes(undo(stock(4, 9, place="loc2"))) == ["undo.listed"], "not stocked there any more"
    empty = replace(PRODUCT, variants=(replace(PRODUCT.variants[0], levels=(Level("loc1", 0),)),))
    assert causes(undo(stock(3, 8), product=empty)) == ["undo.moved"], "there is nothing to take back"


def test_a_pair_that_an_undo_left_unequal_rests_in_the_next_plan() -> None:
    product = source("1", item("A", stock=9))
    target = shown(plan(product, Match("absent")).changes[0].change.body)  # type: ignore[arg-type]
    variant = replace(target.variants[0], levels=(Level("loc1", 12),))
    target = replace(target, variants=(variant,))

    def memory(pair: tuple[int, int], **fields: Pair) -> ProductMemory:
        binding = Binding(10, "variant", "v-A", variant.id, 1, baseline=fields)
        return ProductMemory(Binding(1, "product", "1", "p1"), {"v-A": binding}, {(10, "loc1"): pair})

    def rows(settled: ProductMemory) -> list[str]:
        made = plan(product, Match("bound", "p1", "binding"), target, settled, ProductSettings(), "stock")
        return [c.change.verb.value for c in made.changes]

    assert rows(memory((9, 12))) == ["set"], "without an undo an unequal pair is made equal"
    assert rows(memory((9, 12), **rest("loc1", (9, 12)))) == []
    assert rows(memory((8, 12), **rest("loc1", (8, 12)))) == ["set"], "the source moved"


# -- creations -----------------------------------------------------------------------------------------------


def test_a_created_product_is_offered_as_a_draft_and_its_publications_are_no_rows() -> None:
    made = change(Entity.PRODUCT, Verb.CREATE, "title", None, "Yeni")
    published = change(Entity.PUBLICATION, Verb.PUBLISH, "channel", None, "POS", place="ch")
    [row] = undo(made, published)
    assert (row.item.planned, row.item.cause) == ("updated", "undo.created")
    assert diffs([row]) == [("status", "active", "draft")]
    assert row.changes[0].change.verb is Verb.UPDATE and row.changes[0].change.body is None
    draft = replace(PRODUCT, status="draft")
    assert [(p.item.planned, p.changes) for p in undo(made, product=draft)] == [("unchanged", ())]
