"""Corners where one mistake costs a merchant much: a lagging search, filters, strange records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync.model.flow import FieldMap, ProductFilter
from sync.model.run import Mode, Status
from tests.e2e.world import World, handmade, sized, sizes


@pytest.fixture
def synced(world: World) -> World:
    world.run()
    world.shop.mark()
    return world


def test_a_lagging_search_index_makes_nothing_look_deleted(world: World) -> None:
    """What was created a moment ago is not in the shop's list yet: only a look by id shows it gone."""
    world.shop.post("/settings", {"search_lag": 10_000_000})
    assert world.run().counts.created == 8
    world.edit(4101, title="Yeni")
    run = world.run()
    assert (run.counts.unchanged, run.counts.updated, run.counts.parked) == (7, 1, 0), world.why(run)
    assert len(world.products()) == 8 and world.product(4101)["title"] == "Yeni"


def test_a_shop_that_shows_nothing_creates_nothing_twice(synced: World) -> None:
    synced.shop.fault("empty_catalogue", None, match={"operation": "products"})
    run = synced.run(expect=None)
    assert synced.shop.effects() == [] and run.counts.balanced
    assert run.counts.created == 0 and synced.parked() == []
    synced.shop.calm()
    synced.quiet()


def test_a_filter_on_stock_does_not_go_on_selling_what_is_sold_out(world: World) -> None:
    world.settle_flow(filters=ProductFilter(in_stock_only=True))
    empty = world.add("BITTI-1", stocks=[{"warehouse": 1, "stock": 0}])
    number = world.add("KALDI-1", stocks=[{"warehouse": 1, "stock": 5}])
    run = world.run()
    assert (run.counts.created, run.counts.skipped) == (9, 1) and str(empty) not in world.products()
    world.restock("KALDI-1", 0)
    world.run()
    assert world.available()["KALDI-1"] == 0 and str(number) in world.products()


@pytest.mark.parametrize(
    "filters",
    [
        ProductFilter(skus=("kc-2201",)),
        ProductFilter(title_contains="kc-2201"),
        ProductFilter(brands=("PERA denim",)),
    ],
)
def test_filters_leave_out_with_a_reason_and_touch_nothing(world: World, filters: ProductFilter) -> None:
    world.settle_flow(filters=filters)
    run = world.run()
    assert 1 <= run.counts.created < 8 and run.counts.created + run.counts.skipped == 8
    assert "4101" in world.products() and all(i.message for i in world.items(run) if i.outcome == "skipped")
    world.quiet()


def test_a_variant_deleted_in_the_shop_is_not_created_again_unasked(synced: World) -> None:
    sku = synced.product(4101)["variants"][0]["sku"]
    synced.hand(synced.product(4101)["handle"], delete_variant=sku)
    for _ in range(2):
        run = synced.run()
        assert run.counts.unchanged == 8 and synced.shop.effects() == []
    [parked] = synced.parked("variant.gone_at_target")
    assert parked.sku == sku


def test_a_product_that_gets_variants_later_parks_where_the_shop_has_none(synced: World) -> None:
    number = synced.add("TEK-1")
    synced.run()
    synced.shop.mark()
    synced.edit(number, stocks=[], variants=sizes("TEK-1", "TEK-2"))
    run = synced.run()
    assert run.status is Status.DONE
    assert "options.differ" in {p.cause for p in synced.parked()}
    assert [v["sku"] for v in synced.product(number)["variants"]] == ["TEK-1"]


def test_a_product_answer_without_variants_changes_no_variant(synced: World) -> None:
    before = {n: p["variants"] for n, p in synced.products().items()}
    synced.erp.fault("variants_missing", None)
    run = synced.run(expect=None)
    assert run.counts.created == 0 and run.counts.balanced
    assert not [k for k in synced.shop.kinds() if k.startswith(("variant", "inventory", "product"))], (
        synced.shop.kinds()
    )
    assert {n: p["variants"] for n, p in synced.products().items()} == before
    synced.erp.calm()
    synced.run()
    assert {n: p["variants"] for n, p in synced.products().items()} == before and synced.parked() == []


STRANGE: list[dict[str, Any]] = [
    {"variants": [{}]},
    {"variants": [{"sku": {"a": 1}}]},
    {"images": [None, {}, {"url": None}, {"url": 7}, "not a url", ["x"]]},
    {"images": {"url": []}},
    {"stocks": [{"warehouse": 1, "stock": 1e40}]},
    {"stocks": [{"warehouse": 1, "stock": 2.5}]},
    {"prices": {"shopify": {"sale_price": {"raw": [1]}}}},
    {"prices": {"shopify": {"sale_price": {"raw": True}}}},
    {"prices": {"shopify": {"sale_price": {"raw": 1e30}}}},
    {"prices": {"shopify": {"sale_price": {"raw": "1e5"}}}},
    {"prices": {"shopify": {"sale_price": {"raw": "NaN"}}}},
    {"name": 5},
    {"name": ["x"]},
    {"name": "   "},
    {"name": "a\u0000b"},
    {"brand": {"x": 1}},
    {"brand": 7},
    {"category_id": "x"},
    {"category_id": [1]},
    {"barcode": 8690000000011},
    {"barcode": None},
    {"currency": None},
    {"currency": 5},
    {"vat_rate": "on"},
    {"description_detail": {"html": 1}},
    {"description_detail": "<p>" + "x" * 70_000},
    {"sku": 12345},
    {"sku": ["x"]},
    {"brand": "b" * 300},
    {"barcode": "9" * 300},
]


def test_strange_records_never_stop_the_others(world: World) -> None:
    """Each field in a shape that nobody promised; the clean ones arrive, every record has its line."""
    numbers = [world.add(f"GARIP-{n}", **fields) for n, fields in enumerate(STRANGE)]
    run = world.run(expect=None)
    if run.status is Status.BRAKED:
        run = world.confirm(run)
    assert (
        run.status in (Status.DONE, Status.RED)
        and run.counts.balanced
        and run.counts.read == 8 + len(STRANGE)
    ), world.why(run)
    shop, lines = world.products(), {i.source_id: i for i in world.items(run)}
    assert {str(n) for n in range(4101, 4109)} <= set(shop)
    for number, fields in zip(numbers, STRANGE, strict=True):
        line = lines[str(number)]
        assert (str(number) in shop) == (line.outcome == "created"), (fields, line)
        assert line.outcome == "created" or line.message is not None, fields
        assert all(float(v["price"]) > 0 for v in shop.get(str(number), {"variants": []})["variants"]), fields
    assert not any("unforeseen" in (i.message.english() if i.message else "") for i in lines.values())
    world.shop.mark()
    again = world.run(expect=None)
    if again.status is Status.BRAKED:
        again = world.confirm(again)
    assert world.shop.effects() == [], world.shop.kinds()


def test_a_refused_create_is_made_by_the_next_run(world: World) -> None:
    world.shop.fault("partial_user_errors", 2, match={"operation": "productSet"})
    run = world.run(expect=Status.RED)
    assert (run.counts.created, run.counts.failed) == (6, 2)
    assert len(world.parked()) == 2 and len(world.products()) == 6
    assert world.run().counts.created == 2 and world.parked() == []
    assert world.available() == world.summed()
    world.quiet()


def test_a_sku_that_stands_twice_in_one_product_of_the_shop(world: World) -> None:
    made = world.shop.post("/products", sized({"DD-1": "S", "DD-2": "M"}))
    world.hand(made["handle"], change_variant={"sku": "DD-2", "inventoryItem": {"sku": "DD-1"}})
    number = world.add("DD", stocks=[], variants=sizes("DD-1"))
    run = world.run(expect=None)
    assert run.status is Status.DONE and run.counts.created == 8, world.why(run)
    assert world.product(number)["id"] == made["id"] and len(world.product(number)["variants"]) == 2


def test_tags_with_commas_and_capitals_are_not_written_for_ever(world: World) -> None:
    world.settle_flow(mappings=(FieldMap("=Yaz, Kış", "tag"), FieldMap("=ÖZEL", "tag")))
    world.run()
    world.hand(world.product(4101)["handle"], add_tags=["özel", "yaz"])
    world.quiet()
    world.settle_flow(mappings=(FieldMap("=Yaz, Kış", "tag"), FieldMap("=Özel", "tag")))
    world.run(expect=None)
    world.quiet()


def test_a_flow_without_stock_prices_or_pictures_never_touches_them(world: World) -> None:
    world.settle_flow(
        fields=tuple(f for f in world.settings.fields if f not in ("stock", "images", "compare_at", "cost"))
    )
    world.run()
    assert all(not p["media"] for p in world.products().values()) and set(world.available().values()) == {0}
    world.shop.mark()
    variants = world.raw(4102)["variants"]
    new = {
        **variants[0],
        "id": 999,
        "sku": "YENI-V",
        "barcode": "",
        "model": {"name": "Beden", "value": "5XL"},
    }
    world.edit(4102, variants=[*variants, new])
    world.restock(variants[0]["sku"], 90)
    world.run()
    assert set(world.available().values()) == {0} and world.variants()["YENI-V"]["item"]["cost"] is None
    assert not world.shop.effects("inventory")
    world.quiet()


def test_two_brakes_of_a_test_run_and_none_for_a_small_share(synced: World) -> None:
    """A test reads everything but counts only counts."""
    synced.settle_flow(brakes=replace(synced.settings.brakes, zeroed_percent=0, floor=0, price_moves_share=0))
    synced.edit(4101, stock=0)
    assert synced.run(Mode.TEST).status is Status.DONE


def test_the_marks_of_another_link_are_never_overwritten_by_a_guess(world: World) -> None:
    """A product that carries another record's mark belongs to somebody: it is not taken by SKU."""
    made = world.shop.post("/products", handmade("M-1"))
    one = world.add("M-1")
    world.run()
    assert world.product(one)["id"] == made["id"]
    world.edit(one, remove=True)
    other = world.add("M-1")
    run = world.run()
    assert run.counts.created == 0 and str(other) not in world.products()
    assert [p.record_id for p in world.parked("match.ambiguous")] == [str(other)]


def test_the_same_picture_under_a_new_id_or_address_is_the_same_picture(synced: World) -> None:
    known = [(i["id"], f"/urunres/o_{i['id']}.jpg") for i in synced.raw(4101)["images"]]
    bare = [{**v, "images": []} for v in synced.raw(4101)["variants"]]
    for pictures in (
        [(n + 5000, url) for n, url in known],  # new ids
        [(n, f"{url}?v=2") for n, url in known],  # new addresses
        [(0, url) for _, url in known],  # no ids at all
    ):
        synced.edit(4101, images=[{"id": n, "url": url} for n, url in pictures], variants=bare)
        synced.run()
        assert synced.shop.effects("file.created") == [], pictures
    assert len(synced.product(4101)["media"]) == 2
