"""Sentos records in all the shapes of the wild → canonical products and orders."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.sentos import wire, wire_orders
from sync.connectors.sentos.problems import CAUSES
from sync.model.product import Level, PricePair, Product
from sync.model.values import Money
from tests.unit.connectors.sentos_raw import raw_order, raw_product, raw_variant

READING = wire.Reading(categories={"33": ("Kadın", "Elbise")})
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.decimals(allow_nan=False)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "name", "value", "url", "stock", "warehouse", "sku", "tr"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)


def lira(amount: str) -> Money:
    return Money(Decimal(amount), "TRY")


def read(**fields: Any) -> Product:
    return wire.product(raw_product(**fields), READING)


def causes(product: Any) -> list[str]:
    return [p.cause for p in product.problems]


@given(st.sampled_from(sorted(raw_product())), JSON)
def test_whatever_a_field_holds_a_product_comes_out(field: str, value: Any) -> None:
    product = wire.product(raw_product(**{field: value}), READING)
    assert product.id and all(p.cause in CAUSES for p in product.problems)


@given(st.sampled_from(sorted(raw_variant())), JSON)
def test_whatever_a_variant_holds_its_brothers_come_out(field: str, value: Any) -> None:
    product = read(variants=[raw_variant(1), raw_variant(2, **{field: value}), raw_variant(3)])
    assert {"EL-1-M1", "EL-1-M3"} <= {v.sku for v in product.variants}


@given(JSON)
def test_whatever_an_entry_is_it_never_raises(raw: Any) -> None:
    assert wire.product(raw, READING).id and wire_orders.order(raw).id


@given(st.sampled_from(sorted(raw_order())), JSON)
def test_whatever_an_order_holds_it_comes_out(field: str, value: Any) -> None:
    assert wire_orders.order(raw_order(**{field: value})).id


def test_a_simple_product() -> None:
    product = read()
    assert (product.id, product.title, product.vendor, product.product_type) == (
        "4101",
        "Çiçekli Elbise",
        "Örnek Moda",
        "Elbise",
    )
    assert product.description == "<p>Astarlı</p>" and product.media is None and product.problems == ()
    [variant] = product.variants
    assert (variant.id, variant.sku, variant.options, variant.levels) == (
        "product:4101",
        "EL-1",
        (),
        (Level("1", 3),),
    )
    assert (variant.price, variant.cost, variant.tracked) == (lira("1299.90"), lira("240"), True)
    assert variant.prices["shopify"] == PricePair(lira("1249.90"), lira("1499.90"))
    assert variant.weight_grams is None
    assert product.extra["volumetric_weight"] == "1" and product.extra["category_path"] == "Kadın > Elbise"


@pytest.mark.parametrize(
    "name, title",
    [
        ({"tr": "Elbise"}, "Elbise"),
        ("  Elbise ", "Elbise"),
        (unicodedata.normalize("NFD", "Şal"), "Şal"),
        ("🌸 Elbise 👗", "🌸 Elbise 👗"),
        ("فستان", "فستان"),
        ("<b>x</b>", "<b>x</b>"),
        (None, "Elbise"),
        (["Elbise"], "Elbise"),
    ],
)
def test_titles(name: Any, title: str) -> None:
    assert read(name=name).title == title


def test_no_title_at_all_is_a_problem() -> None:
    product = read(name=None, invoice_name="")
    assert product.title is None and causes(product) == ["title.missing"]


def test_blank_fields_say_nothing() -> None:
    product = read(
        brand="", barcode="", description="", description_detail=None, purchase_price="0,00", category_id=9
    )
    assert (product.vendor, product.description, product.product_type) == (None, None, None)
    assert (product.variants[0].barcode, product.variants[0].cost) == (None, None)


def test_a_short_description_becomes_html() -> None:
    assert read(description_detail="", description="A < B & C\nD").description == "A < B & C\nD"
    assert read(description_detail="", description="B & C\nD").description == "B &amp; C<br>D"


@pytest.mark.parametrize("prices", [[], {}, None, "", {"shopify": []}, {"shopify": {"sale_price": None}}])
def test_without_price_lists_the_products_own_price_counts(prices: Any) -> None:
    product = read(prices=prices)
    assert product.prices == {"base": PricePair(lira("1299.90"))} and not product.problems


def test_price_lists_are_named_in_lower_case() -> None:
    assert set(read(prices={"SHOPIFY": {"sale_price": "10,00"}}).prices) == {"base", "shopify"}


def test_a_zero_price_is_kept_for_the_brake() -> None:
    product = read(sale_price="0,00", prices={"shopify": {"sale_price": "0,00", "list_price": "0,00"}})
    assert product.variants[0].price == lira("0") and product.prices["shopify"].price == lira("0")


def test_a_list_price_stands_in_for_a_missing_sale_price() -> None:
    pair = read(prices={"shopify": {"sale_price": "0,00", "list_price": "99,90"}}).prices["shopify"]
    assert pair == PricePair(lira("99.90"), lira("0"))


@pytest.mark.parametrize("listed", ["1.249,90", "10,00", None, "0,00"])
def test_a_list_price_that_is_not_above_strikes_nothing_through(listed: Any) -> None:
    pair = read(prices={"shopify": {"sale_price": "1.249,90", "list_price": listed}}).prices["shopify"]
    assert pair.compare_at == lira("0")


def test_an_ambiguous_price_is_reported_and_never_guessed() -> None:
    product = read(sale_price="1.220", prices={"shopify": {"sale_price": "1.220", "list_price": "1.220"}})
    assert product.variants[0].price is None and product.prices["shopify"] == PricePair(None)
    assert [(p.cause, p.field) for p in product.problems] == [
        ("price.ambiguous", "price"),
        ("price.ambiguous", "prices.shopify"),
    ]
    thousands = wire.product(raw_product(sale_price="1.220"), wire.Reading("thousands"))
    assert thousands.variants[0].price == lira("1220")


@pytest.mark.parametrize(
    "price, cause",
    [("-5,00", "price.negative"), ("bedava", "price.unreadable"), ({"a": 1}, "price.unreadable")],
)
def test_prices_that_are_none(price: Any, cause: str) -> None:
    assert causes(read(sale_price=price)) == [cause]


def test_currencies() -> None:
    assert read(currency="USD").variants[0].price == Money(Decimal("1299.90"), "USD")
    unknown = read(currency="kuruş")
    assert unknown.variants[0].price is None and causes(unknown) == ["currency.unknown"]


def test_variants_inherit_the_parents_price_unless_they_have_one() -> None:
    product = read(
        variants=[
            raw_variant(1),
            raw_variant(2, sale_price="99,90", purchase_price="5,00"),
            raw_variant(3, sale_price="0,00"),
        ]
    )
    assert [v.price for v in product.variants] == [lira("1299.90"), lira("99.90"), lira("1299.90")]
    assert [v.cost for v in product.variants] == [lira("240"), lira("5"), lira("240")]


def test_a_parent_without_sku_is_fine_when_its_variants_have_one() -> None:
    product = read(sku=None, variants=[raw_variant(1)])
    assert product.sku is None and [v.sku for v in product.variants] == ["EL-1-M1"] and not product.problems


@pytest.mark.parametrize("sku", [None, "", "  ", []])
def test_no_sku_is_skipped_and_reported(sku: Any) -> None:
    product = read(variants=[raw_variant(1), raw_variant(2, sku=sku)])
    assert [v.sku for v in product.variants] == ["EL-1-M1"] and causes(product) == ["sku.empty"]
    alone = read(sku=sku)
    assert alone.variants == () and causes(alone) == ["sku.empty"]
    none = read(variants=[raw_variant(1, sku=sku)])
    assert none.variants == () and causes(none) == ["sku.empty", "variants.none"]


def test_skus_are_trimmed_and_unique() -> None:
    product = read(variants=[raw_variant(1, sku=" A "), raw_variant(2, sku="a"), raw_variant(3, sku=77)])
    assert [v.sku for v in product.variants] == ["A", "77"] and causes(product) == ["sku.duplicate"]


def test_a_duplicate_pair_keeps_the_first_and_names_the_other() -> None:
    product = read(variants=[raw_variant(1, model="S"), raw_variant(2, model="s")])
    [problem] = product.problems
    assert [v.sku for v in product.variants] == ["EL-1-M1"]
    assert (problem.cause, problem.sku) == ("options.duplicate", "EL-1-M2")


@pytest.mark.parametrize(
    "stocks, levels",
    [
        ([{"warehouse": 1, "stock": "3"}], {"1": 3}),
        ({"warehouse": 1, "stock": 3}, {"1": 3}),
        ([{"warehouse": {"id": 2, "name": "Depo"}, "stock": -4}], {"2": -4}),
        (
            [{"warehouse": 1, "stock": 2}, {"warehouse": 1, "stock": 5}, {"warehouse": "2", "stock": 0}],
            {"1": 7, "2": 0},
        ),
    ],
)
def test_stock_in_every_shape(stocks: Any, levels: dict[str, int]) -> None:
    assert {lv.location_id: lv.available for lv in read(stocks=stocks).variants[0].levels} == levels


@pytest.mark.parametrize(
    "stocks, cause",
    [
        ([], "stock.missing"),
        (None, "stock.missing"),
        ({}, "stock.missing"),
        ([{"warehouse": 1, "stock": "çok"}], "stock.unreadable"),
        ([{"warehouse": 1, "stock": None}], "stock.unreadable"),
        ([7], "stock.unreadable"),
    ],
)
def test_unknown_stock_is_never_zero(stocks: Any, cause: str) -> None:
    product = read(stocks=stocks)
    assert product.variants[0].levels == () and causes(product) == [cause]


@pytest.mark.parametrize(
    "images, urls",
    [
        ([{"id": 1, "url": "https://x.example/1.jpg"}], ["https://x.example/1.jpg"]),
        ({"id": 1, "url": "https://x.example/1.jpg"}, ["https://x.example/1.jpg"]),
        (["https://x.example/1.jpg", "https://x.example/1.jpg"], ["https://x.example/1.jpg"]),
        ("//x.example/1.jpg", ["https://x.example/1.jpg"]),
        ([None, {}, {"url": ""}], None),
        ([], None),
    ],
)
def test_images_in_every_shape(images: Any, urls: list[str] | None) -> None:
    media = read(images=images).media
    assert (None if media is None else [m.url for m in media]) == urls


def test_a_picture_without_an_id_stays_the_same_on_another_port_or_scheme() -> None:
    ours, moved = ("https://x.example/urunres/1.jpg?v=2", "http://x.example:8080/urunres/1.jpg?v=2")
    other = "https://x.example/urunres/2.jpg?v=2"
    ids = [read(images=[url]).media[0].id for url in (ours, moved, other)]  # type: ignore[index]
    assert ids[0] == ids[1] != ids[2]


def test_pictures_of_variants_join_the_products() -> None:
    picture = {"id": 5, "url": "https://x.example/5.jpg"}
    product = read(images=[], variants=[raw_variant(1, images=[picture]), raw_variant(2, images=picture)])
    assert [m.id for m in product.media or ()] == ["5"]
    assert [v.media for v in product.variants] == [("5",), ("5",)]


def test_a_private_picture_address_is_reported() -> None:
    product = read(images=["http://169.254.169.254/x", "https://x.example/1.jpg"])
    assert [m.url for m in product.media or ()] == ["https://x.example/1.jpg"] and causes(product) == [
        "image.unsafe"
    ]


def test_the_category_tree() -> None:
    tree = [{"id": 1, "name": "Kadın", "sub_categories": [{"id": 2, "name": "Elbise", "sub_categories": []}]}]
    assert (
        wire.category_paths(tree)
        == wire.category_paths({"data": tree})
        == {"1": ("Kadın",), "2": ("Kadın", "Elbise")}
    )
    assert wire.category_paths([]) == wire.category_paths(None) == {}


@pytest.mark.parametrize(
    "wrapped", [{"data": {"id": 1}}, {"product": {"id": 1}}, [{"id": 1}], {"id": 1}, {"data": [{"id": 1}]}]
)
def test_one_record_in_any_wrapper(wrapped: Any) -> None:
    assert wire.one_record(wrapped) == {"id": 1}


def test_an_order() -> None:
    order = wire_orders.order(raw_order())
    assert (order.id, order.reference, order.code, order.status) == (
        "3000700123",
        "181849999",
        "203129724888",
        "5",
    )
    assert order.placed_at == datetime(2026, 1, 28, 10, 48, tzinfo=UTC)
    assert (order.total, order.currency, order.source) == (lira("59.80"), "TRY", "N11")
    [line] = order.lines
    assert (line.id, line.sku, line.quantity, line.total, line.barcode) == (
        "27541",
        None,
        2,
        lira("59.80"),
        "8690000000035",
    )
    assert order.tracking is not None and order.tracking.number == "968001002817000"
    assert order.delivery is not None and (order.delivery.city, order.delivery.district) == (
        "Konya",
        "Selçuklu",
    )


def test_tracking_info_goes_before_cargo_fields() -> None:
    info = {"cargo_company": "K", "tracking_number": "TR0001", "tracking_link": "https://example.com/TR0001"}
    tracking = wire_orders.order(raw_order(tracking_info=info)).tracking
    assert tracking is not None and (tracking.company, tracking.number, tracking.url) == (
        "K",
        "TR0001",
        "https://example.com/TR0001",
    )
    assert wire_orders.order(raw_order(cargo_number="")).tracking is None


def test_order_lines_without_ids_stay_apart() -> None:
    row = {"id": 0, "sku": "A", "quantity": 1, "price": "1,50", "amount": "1,50"}
    lines = wire_orders.order(raw_order(lines=[row, dict(row)])).lines
    assert len({line.id for line in lines}) == 2 and lines[0].total == lira("1.50")


def test_times_are_turkish() -> None:
    moment = datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    assert wire_orders.local(moment) == "2026-07-02 00:30:00"
    assert wire_orders.moment("2026-07-02 00:30:00") == moment
    assert wire_orders.moment("gestern") is None
