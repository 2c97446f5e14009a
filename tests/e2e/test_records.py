"""One bad record never stops the others and has one clear line."""

from __future__ import annotations

import pytest

from sync.model.flow import FieldMap
from sync.model.run import Status
from tests.e2e.world import Raw, World, handmade, sizes

RTL = "فستان صيفي 303969"
HTML = "<b>Elbise</b> & <img src=x onerror=alert(1)>"


def sound(world: World) -> None:
    """The eight clean products are in the shop, with their stock."""
    assert {str(n) for n in range(4101, 4109)} <= set(world.products())
    stock = world.available()
    assert all(
        stock[sku] == n for sku, n in world.summed().items() if sku[:2] in ("KC", "KM") and sku in stock
    )


@pytest.mark.parametrize("title", ["🌸 Elbise 👗✨ 👩‍👧", RTL, HTML, "İğne Oyası I ı", "a" * 255])
def test_odd_titles_arrive_as_they_are(world: World, title: str) -> None:
    number = world.add("BAS-1", name=title)
    assert world.run().counts.created == 9
    assert world.product(number)["title"] == title
    world.quiet()


# What is wrong, and the cause that names it. The product is not written.
UNWRITTEN: list[tuple[str, Raw, str]] = [
    ("price 0", {"sale_price": "0.00", "prices": {}}, "price.zero"),
    ("no price", {"sale_price": {"raw": None}, "prices": {}}, "price.zero"),
    ("ambiguous price", {"sale_price": {"raw": "1.220"}, "prices": {}}, "price.ambiguous"),
    ("price is a word", {"sale_price": {"raw": "sorunuz"}, "prices": {}}, "price.unreadable"),
    ("negative price", {"sale_price": {"raw": "-5,00"}, "prices": {}}, "price.negative"),
    ("no title", {"name": None, "invoice_name": None}, "title.missing"),
    ("no SKU", {"sku": ""}, "variants.none"),
    ("currency unknown", {"currency": "XTS9"}, "currency.unknown"),
    ("foreign currency", {"currency": "USD"}, "price.currency"),
]


@pytest.mark.parametrize(
    ("fields", "cause"), [(f, c) for _, f, c in UNWRITTEN], ids=[n for n, _, _ in UNWRITTEN]
)
def test_a_bad_record_is_parked_with_one_line_and_the_others_go_on(
    world: World, fields: Raw, cause: str
) -> None:
    number = world.add("KOTU-1", **fields)
    run = world.run(expect=None)
    if run.status is Status.BRAKED:
        assert [hit.code for hit in run.brakes] == ["currency.wrong"] and cause == "price.currency"
        run = world.confirm(run)
    assert run.status is Status.DONE, world.why(run)
    assert (run.counts.read, run.counts.created, run.counts.parked) == (9, 8, 1)
    assert str(number) not in world.products()
    assert [p.cause for p in world.parked() if p.record_id.startswith(str(number))] == [cause]
    line = world.item(run, number)
    assert line.outcome == "parked" and line.message is not None and line.message.english()
    sound(world)


def test_a_bad_price_of_an_existing_product_leaves_its_price_and_carries_the_rest(world: World) -> None:
    world.run()
    before = world.product(4102)
    for price in ("0.00", {"raw": "1.220"}, {"raw": None}):
        world.edit(4102, price=price, title=f"Ad {price}")
        world.restock(before["variants"][0]["sku"], 33)
        world.run()
        now = world.product(4102)
        assert [v["price"] for v in now["variants"]] == [v["price"] for v in before["variants"]]
        assert now["title"] == f"Ad {price}" and world.available() == world.summed()
        assert len([p for p in world.parked() if p.record_id.startswith("4102")]) == 1
    world.edit(4102, price="1310.00")
    world.settle_flow(brakes=world.settings.brakes.__class__(price_move_percent=100_000))
    world.run()
    assert {v["price"] for v in world.product(4102)["variants"]} == {"1310.00"}
    assert world.parked() == [], "what was mended is still open"


def test_stock_that_cannot_be_read_is_left_as_it_is(world: World) -> None:
    world.run()
    [sku, other, *_] = [v["sku"] for v in world.product(4102)["variants"]]
    before = world.available()
    assert before[sku] > 0 or before[other] > 0
    variants = world.raw(4102)["variants"]
    for stocks in ([{"warehouse": 1, "stock": "yok"}], [], None):
        variants[0]["stocks"] = stocks
        world.edit(4102, variants=variants)
        run = world.run()
        assert world.available() == before
        assert run.counts.unchanged == 8
    assert len([p for p in world.parked() if p.sku == sku]) == 1


def test_new_products_without_readable_stock_are_created_without_a_word_on_stock(world: World) -> None:
    number = world.add("STOKSUZ-1", stocks=[])
    world.run()
    [variant] = world.product(number)["variants"]
    assert variant["item"]["tracked"] and sum(v["available"] for v in variant["levels"].values()) == 0
    assert [p.cause for p in world.parked()] == ["stock.missing"]


def test_a_sku_of_two_products_parks_both(world: World) -> None:
    """Whichever were written first would take the other's variant."""
    one = world.add("A", stocks=[], variants=sizes("ORTAK-1", "A-2"))
    two = world.add("B", stocks=[], variants=sizes("B-1", "ortak-1 "))
    run = world.run()
    assert (run.counts.created, run.counts.parked) == (8, 2)
    assert not {str(one), str(two)} & set(world.products())
    again = world.run(ids=(str(one),))
    assert again.counts.created == 0 and str(one) not in world.products(), "alone it looks unique"
    world.edit(two, variants=sizes("B-1", "B-2"))
    assert world.run().counts.created == 2
    assert world.parked() == []


def test_a_sku_twice_in_one_product_keeps_the_first(world: World) -> None:
    number = world.add("C", stocks=[], variants=sizes("CIFT-1", "CIFT-2", "cift-1"))
    world.run()
    assert [v["sku"] for v in world.product(number)["variants"]] == ["CIFT-1", "CIFT-2"]
    assert [p.cause for p in world.parked()] == ["sku.duplicate"]
    world.quiet()


def test_the_same_options_twice_keep_the_first(world: World) -> None:
    variants = sizes("OPS-1", "OPS-2")
    variants[1]["model"] = {"name": "Beden", "value": "S"}
    number = world.add("D", stocks=[], variants=variants)
    world.run()
    assert [v["sku"] for v in world.product(number)["variants"]] == ["OPS-1"]
    assert [p.cause for p in world.parked()] == ["options.duplicate"]


def test_products_of_the_shop_without_sku_are_left_alone(world: World) -> None:
    for sku in (None, ""):
        world.shop.post(
            "/products",
            handmade("x", title=f"SKU'suz {sku!r}", variants=[{**handmade("x")["variants"][0], "sku": sku}]),
        )
    before = world.products()
    assert world.run().counts.created == 8
    assert {n: p for n, p in world.products().items() if n in before} == before
    world.quiet()


@pytest.mark.parametrize("count", [2048, 2049])
def test_as_many_variants_as_the_shop_allows_and_one_more(world: World, count: int) -> None:
    variants = [
        {
            "id": 5_000_000 + n,
            "sku": f"COK-{n}",
            "barcode": "",
            "color": f"Renk {n // 32}",
            "model": {"name": "Beden", "value": str(n % 32)},
            "stocks": [{"warehouse": 1, "stock": n % 7}],
            "images": [],
        }
        for n in range(count)
    ]
    number = world.add("COK", stocks=[], variants=variants)
    run = world.run()
    if count > 2048:
        assert (run.counts.created, run.counts.parked) == (8, 1)
        assert [p.cause for p in world.parked()] == ["variants.many"] and str(number) not in world.products()
    else:
        assert run.counts.created == 9
        assert len(world.product(number)["variants"]) == 2048
        world.quiet()


def test_option_values_with_a_slash_are_written_without_it(world: World) -> None:
    variants = sizes("SL-1", "SL-2")
    for n, variant in enumerate(variants):
        variant["model"] = {"name": "Beden", "value": f"S / {n}"}
    number = world.add("E", stocks=[], variants=variants)
    world.run()
    assert {v["options"]["Beden"] for v in world.product(number)["variants"]} == {"S/0", "S/1"}
    world.quiet()


def test_a_title_that_is_too_long_fails_alone_in_words(world: World) -> None:
    number = world.add("UZUN-1", name="u" * 256)
    run = world.run(expect=Status.RED)
    assert (run.counts.created, run.counts.failed) == (8, 1)
    item = world.item(run, number)
    assert item.message is not None and "Title" in item.message.english()
    assert [p.record_id for p in world.parked()] == [str(number)]
    sound(world)
    world.edit(number, title="kısa")
    assert world.run().counts.created == 1
    assert world.parked() == [], "what was mended is still open"


def test_a_title_that_grows_too_long_leaves_the_rest_of_the_product_flowing(world: World) -> None:
    world.run()
    before = world.product(4103)
    world.edit(4103, title="u" * 256)
    world.restock(before["variants"][0]["sku"], 77)
    run = world.run(expect=Status.RED)
    assert (run.counts.failed, run.counts.unchanged) == (1, 7)
    assert world.product(4103)["title"] == before["title"] and world.available() == world.summed()
    world.edit(4103, title="yine kısa")
    world.run()
    assert world.product(4103)["title"] == "yine kısa" and world.parked() == []


def test_a_tag_that_is_too_long_fails_alone_in_words(world: World) -> None:
    world.settle_flow(mappings=(FieldMap("extra.shelf_number", "tag"), FieldMap("=sezon", "tag")))
    number = world.add("ETIKET-1", shelf_number="t" * 256)
    run = world.run(expect=Status.RED)
    assert (run.counts.created, run.counts.failed) == (8, 1)
    message = world.item(run, number).message
    assert message is not None and "tag" in message.english().lower()
    assert all(p["tags"] == ["sezon"] for p in world.products().values())


def test_every_known_dirt_ends_as_it_may(world: World) -> None:
    """One product of each dirt that live Sentos data shows, all in one catalogue."""
    world.erp.post("/seed", {"products": 40, "seed": 3, "dirt": 1.0})
    run = world.run()
    shop, items = world.products(), {i.source_id: i for i in world.items(run)}
    for p in world.sources():
        outcome = "synced" if str(p["id"]) in shop else items[str(p["id"])].outcome
        assert outcome in p["accept"], (p, items[str(p["id"])])
        lost = {str(v) for v in p.get("left_out", ())}
        if outcome == "synced":
            assert not lost & set(shop[str(p["id"])]["metafields"]["sync.variants"].split('"'))
    world.variants()
    world.quiet()
