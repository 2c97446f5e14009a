"""From both sides to changes: what is written, what is left alone, what parks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.engine.products.match import Match
from sync.engine.products.pairing import Memory
from sync.engine.products.plan import new_product
from sync.engine.products.settled import created_pairs, created_variant_settles
from sync.engine.products.wanted import wanted
from sync.model.call import Verb
from sync.model.entity import Entity
from sync.model.flow import ProductFilter, ProductSettings
from sync.model.plan import Binding, Planned
from sync.model.product import Level, Media, PricePair, Product
from sync.model.stock import ALL_PLACES
from tests.unit.engine.make import LINK, item, lira, plan, rules, shown, source

ABSENT = Match("absent")
BOUND = Match("bound", "p1", "binding")


def settled(p: Product, settings: ProductSettings = ProductSettings()) -> tuple[Product, Memory]:
    """The shop's product and our memory of it, after it was created from `p` and read back."""
    body = new_product(wanted(p, settings, LINK, "shop").product, rules(settings))
    target = shown(body)
    binding = Binding(1, "product", p.id, target.id, baseline=created_pairs(body))
    variants, stock = {}, {}
    for n, v in enumerate(body.variants):
        found = created_variant_settles(v)
        variants[v.id] = Binding(10 + n, "variant", v.id, target.variants[n].id, 1, baseline=found[0].fields)
        stock.update({(10 + n, s.place): s.fields["available"] for s in found[1:]})
    return target, Memory(binding, variants, stock)  # type: ignore[arg-type]


def kinds(planned: Planned) -> list[str]:
    return [f"{c.change.entity.value}.{c.change.verb.value}" for c in planned.changes]


def causes(planned: Planned) -> set[str]:
    return {p.cause for p in planned.parks}


# -- create --------------------------------------------------------------------------------------------------


def test_a_new_product_is_created_with_everything_and_published() -> None:
    planned = plan(source("1", item("A")), ABSENT, settings=ProductSettings(channels=("ch1", "ch2")))
    assert planned.item.planned == "created"
    assert kinds(planned) == ["product.create", "publication.publish", "publication.publish"]
    body = planned.changes[0].change.body
    assert isinstance(body, Product)
    assert (
        body.status == "draft"
        and body.variants[0].price == lira("100")
        and body.variants[0].levels == (Level("loc1", 5),)
    )
    assert planned.changes[0].change.key == body.metafields["sync.record"] == "shop/1"


@pytest.mark.parametrize("price", [None, "0"])
def test_no_product_is_created_without_a_price(price: str | None) -> None:
    planned = plan(source("1", item("A", price=price)), ABSENT)
    assert (planned.item.planned, planned.changes) == ("parked", ())
    assert causes(planned) == {"price.zero"}


def test_a_price_in_another_currency_parks() -> None:
    v = replace(item("A"), prices={"shopify": PricePair(replace(lira("5"), currency="EUR"))})
    assert causes(plan(source("1", v), ABSENT)) == {"price.currency"}


def test_stock_is_summed_over_mapped_warehouses_and_never_below_zero() -> None:
    v = replace(item("A"), levels=(Level("w1", 3), Level("w2", 4), Level("w9", 100)))
    w = replace(item("B", options=[("Renk", "X")]), levels=(Level("w1", -3),))
    body = wanted(source("1", v, w), ProductSettings(), LINK, "shop").product
    assert [x.levels for x in body.variants] == [(Level("loc1", 7),), (Level("loc1", 0),)]


def test_all_warehouses_of_a_set_up_are_summed_too() -> None:
    """Otherwise a product flow that is handed such a location would empty the shop."""
    v = replace(item("A"), levels=(Level("w1", 3), Level("w2", 4)))
    every = replace(LINK, locations={"loc1": (ALL_PLACES,)})
    body = wanted(source("1", v), ProductSettings(), every, "shop").product
    assert [x.levels for x in body.variants] == [(Level("loc1", 7),)]


def test_a_variant_without_sku_and_a_repeated_option_pair_are_left_out_and_reported() -> None:
    red = [("Renk", "Kırmızı")]
    planned = plan(
        source("1", item("A", options=red), item("B", options=red), item("", options=[("Renk", "Mavi")])),
        ABSENT,
    )
    body = planned.changes[0].change.body
    assert isinstance(body, Product) and [v.sku for v in body.variants] == ["A"]
    assert causes(planned) == {"options.duplicate", "sku.missing"}


def test_a_sku_twice_in_one_product_parks_all_of_it() -> None:
    planned = plan(
        source("1", item("A", options=[("Renk", "X")]), item("a", id="2", options=[("Renk", "Y")])), ABSENT
    )
    assert planned.item.planned == "parked" and not planned.changes


def test_mixed_options_are_filled_and_slashes_respelt() -> None:
    body = wanted(
        source("1", item("A", options=[("Renk", "S / M")]), item("B", options=[("Beden", "42")])),
        ProductSettings(),
        LINK,
        "s",
    ).product
    assert [v.options for v in body.variants] == [
        (("Renk", "S/M"), ("Beden", "Tek Beden")),
        (("Renk", "Tek Renk"), ("Beden", "42")),
    ]


def test_values_that_a_shop_does_not_tell_apart_are_one() -> None:
    two, one = (
        item(f"A{n}", options=(("Renk", colour), ("Beden", size)))
        for n, (colour, size) in enumerate((("Siyah / beyaz", "42"), ("Siyah/Beyaz", "44")))
    )
    made = wanted(source("1", two, one), ProductSettings(), LINK, "shop")
    assert {v.options[0][1] for v in made.product.variants} == {"Siyah/beyaz"} and not made.problems
    again = item("A3", options=(("Renk", "SIYAH/BEYAZ"), ("Beden", "44")))
    found = wanted(source("1", two, one, again), ProductSettings(), LINK, "shop")
    assert [p.cause for p in found.problems] == ["options.duplicate"] and len(found.product.variants) == 2


@pytest.mark.parametrize("verdict", ["ambiguous", "proposed", "gone"])
def test_doubt_parks_and_writes_nothing(verdict: str) -> None:
    planned = plan(source("1"), Match(verdict, candidates=("x",)))
    assert planned.item.planned == "parked" and not planned.changes and planned.parks


def test_filters_skip_with_their_name() -> None:
    planned = plan(source("1"), ABSENT, settings=ProductSettings(filters=ProductFilter(brands=("Başka",))))
    assert (planned.item.planned, planned.item.cause) == ("skipped", "filter")


# -- nothing to do -------------------------------------------------------------------------------------------


def test_nothing_changed_means_nothing_written() -> None:
    p = source("1", item("A", options=[("Renk", "X")]), item("B", options=[("Renk", "Y")]))
    target, memory = settled(p)
    planned = plan(p, BOUND, target, memory)
    assert (planned.item.planned, planned.changes, planned.parks) == ("unchanged", (), ())


def test_html_that_the_shop_respelt_is_learnt_and_not_written_again() -> None:
    p = source("1")
    target, memory = settled(p)
    respelt = replace(target, description="<p>x</p>\n")
    planned = plan(p, BOUND, respelt, memory)
    assert not planned.changes
    assert any("description" in s.fields for s in planned.settles)


def test_the_shops_own_additions_survive() -> None:
    p = source("1", item("A", options=[("Renk", "X")]))
    target, memory = settled(p)
    handmade = replace(target.variants[0], id="hand", sku="HAND", options=(("Renk", "Z"),))
    edited = replace(
        target,
        variants=(*target.variants, handmade),
        tags=("yeni", "elle"),
        media=(*(target.media or ()), Media("h", "u")),
        metafields={**target.metafields, "custom.own": "1"},
    )
    assert not plan(p, BOUND, edited, memory).changes


# -- changes -------------------------------------------------------------------------------------------------


def test_only_the_changed_fields_are_written() -> None:
    p = source("1", item("A"))
    target, memory = settled(p)
    planned = plan(replace(p, title="Yeni ad", variants=(item("A", price="120"),)), BOUND, target, memory)
    assert kinds(planned) == ["product.update", "variant.update"]
    assert [d.field for c in planned.changes for d in c.change.diffs] == ["title", "price"]
    assert (
        planned.changes[1].change.diffs[0].before == "100.00 TRY"
        and planned.changes[1].change.diffs[0].after == "120.00 TRY"
    )


def test_a_renamed_product_is_renamed_not_created_again() -> None:
    p = source("1", item("A"))
    target, memory = settled(p)
    assert kinds(plan(replace(p, title="Başka"), BOUND, target, memory)) == ["product.update"]


def test_a_hand_edit_at_the_target_stays_until_the_source_moves() -> None:
    p = source("1", item("A"))
    target, memory = settled(p)
    learnt = replace(
        memory,
        binding=replace(memory.binding, baseline={**memory.binding.baseline, "title": ("Elbise", "Elbise")}),
    )  # type: ignore[union-attr,type-var]
    edited = replace(target, title="Elle")
    kept = plan(p, BOUND, edited, learnt)
    assert not kept.changes and kept.item.cause == "target.edited"
    assert kinds(plan(replace(p, title="Kaynak"), BOUND, edited, learnt)) == ["product.update"]
    assert kinds(plan(p, BOUND, edited, learnt, ProductSettings(drift="restore"))) == ["product.update"]


def test_stock_is_written_with_what_the_target_showed() -> None:
    p = source("1", item("A", stock=5))
    target, memory = settled(p)
    change = plan(source("1", item("A", stock=9)), BOUND, target, memory).changes[0].change
    assert (change.entity, change.verb, change.target_id, change.place) == (
        Entity.STOCK,
        Verb.SET,
        "i-A",
        "loc1",
    )
    assert (change.before("available"), change.after("available")) == (5, 9)


def test_a_sale_in_the_shop_alone_is_not_overwritten() -> None:
    p = source("1", item("A", stock=5))
    target, memory = settled(p)
    sold = replace(target, variants=(replace(target.variants[0], levels=(Level("loc1", 4),)),))
    assert not plan(p, BOUND, sold, memory).changes


def test_an_item_that_is_not_stocked_is_activated_first() -> None:
    p = source("1", item("A", stock=5))
    target, memory = settled(p)
    bare = replace(target, variants=(replace(target.variants[0], levels=()),))
    planned = plan(p, BOUND, bare, replace(memory, stock={}))
    assert kinds(planned) == ["stock.activate", "stock.set"]
    assert [c.phase for c in planned.changes] == ["activate", "stock"]


def test_missing_variants_are_added_to_the_matched_product() -> None:
    p = source("1", item("A", options=[("Renk", "X")]))
    target, memory = settled(p)
    more = source("1", item("A", options=[("Renk", "X")]), item("B", options=[("Renk", "Y")]))
    planned = plan(more, BOUND, target, memory)
    assert "variant.create" in kinds(planned)
    added = next(c.change for c in planned.changes if c.change.entity is Entity.VARIANT)
    assert (added.parent_id, added.source_parent, added.label) == ("p1", "1", "B")


def test_other_option_names_park_instead_of_guessing() -> None:
    target = shown(
        replace(
            source("1", item("A", options=[("Size", "42"), ("Color", "Red")])), option_names=("Size", "Color")
        )
    )
    planned = plan(
        source("1", item("A", options=[("Renk", "X")]), item("B", options=[("Renk", "Y")])),
        Match("found", "p1", "sku"),
        target,
    )
    assert "options.differ" in causes(planned) and "variant.create" not in kinds(planned)


def test_a_variant_deleted_in_the_shop_is_not_made_again() -> None:
    p = source("1", item("A", options=[("Renk", "X")]), item("B", options=[("Renk", "Y")]))
    target, memory = settled(p)
    planned = plan(p, BOUND, replace(target, variants=target.variants[:1]), memory)
    assert "variant.create" not in kinds(planned) and causes(planned) == {"variant.gone_at_target"}


def test_a_variant_gone_at_the_source_is_reported_not_deleted() -> None:
    p = source("1", item("A", options=[("Renk", "X")]), item("B", options=[("Renk", "Y")]))
    target, memory = settled(p)
    planned = plan(source("1", item("A", options=[("Renk", "X")])), BOUND, target, memory)
    assert causes(planned) == {"variant.gone_at_source"}
    assert all(c.change.entity is Entity.PRODUCT and c.change.verb is Verb.MARK for c in planned.changes)


# -- pictures ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media", [None, ()])
def test_an_answer_without_images_deletes_none(media: tuple[Media, ...] | None) -> None:
    p = source("1")
    target, memory = settled(p)
    assert not plan(replace(p, media=media), BOUND, target, memory).changes


def test_only_new_pictures_are_added_once() -> None:
    p = source("1")
    target, memory = settled(p)
    planned = plan(replace(p, media=(*p.media, Media("m2", "http://x/2.jpg"))), BOUND, target, memory)  # type: ignore[misc]
    assert kinds(planned) == ["media.create"]
    carried = next(s for s in planned.changes[0].settle if "media" in s.fields)
    assert set(carried.fields) == {"media", "picture:m2"}


def test_a_matched_product_with_pictures_keeps_them_and_gets_no_doubles() -> None:
    p = source("1", item("A"))
    target = shown(replace(p, media=(Media("own", "u"),)))
    planned = plan(p, Match("found", "p1", "sku"), target)
    assert "media.create" not in kinds(planned)


def test_a_matched_product_is_marked_and_bound() -> None:
    p = source("1", item("A"))
    target = replace(shown(p), metafields={})
    planned = plan(p, Match("found", "p1", "sku"), target)
    assert [(b.kind, b.id_a, b.id_b) for b in planned.binds] == [
        ("product", "1", "p1"),
        ("variant", "v-A", "p1/0"),
    ]
    assert "product.mark" in kinds(planned)


def test_tags_of_ours_come_and_go_and_one_removed_by_hand_stays_away() -> None:
    p = source("1", tags=("a", "b"))
    target, memory = settled(p)
    without_b = replace(target, tags=("a", "own"))
    assert not plan(p, BOUND, without_b, memory).changes
    diff = plan(replace(p, tags=("b", "c")), BOUND, without_b, memory).changes[0].change.diffs[0]
    assert diff.after == ("c", "own")


def test_a_product_that_carries_another_records_mark_is_not_taken_over() -> None:
    p = source("1", item("A"))
    target = replace(shown(p), metafields={"sync.record": "other-erp/77"})
    planned = plan(p, Match("found", "p1", "sku"), target)
    assert (planned.item.planned, planned.changes) == ("parked", ())
    assert causes(planned) == {"match.ambiguous"} and planned.parks[0].facts["candidates"] == ["p1"]
    decided = plan(p, Match("found", "p1", "operator"), target)
    assert "product.mark" in kinds(decided)
