"""One of the shop's orders → the order for Sentos, or the reason why not."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from orders_world import HOME, SHOP, line, order, tl

from sync.engine.orders.transform import reference_of, transform
from sync.model.flow import OrderSettings
from sync.model.order import Address, Buyer, Extra, Order
from sync.model.problem import Problem
from sync.model.text import say

SETTINGS = OrderSettings(
    sales_channel="3",
    warehouse="1",
    service_skus={
        "tip": "BAHSIS",
        "rounding": "YUV",
        "gift_card": "HEDIYE",
        "fee": "UCRET",
        "duties": "GUMRUK",
    },
)


def made(source: Order, settings: OrderSettings = SETTINGS) -> Order:
    result = transform(source, settings, SHOP)
    assert result.order is not None, [str(p.message) for p in result.problems]
    return result.order


def causes(source: Order, settings: OrderSettings = SETTINGS) -> list[str]:
    result = transform(source, settings, SHOP)
    assert result.order is None
    return [p.cause for p in result.problems]


def test_everything_that_sentos_needs_is_there() -> None:
    got = made(order(1001, [line("A", 2, "250.00", "50.00")], shipping=tl("29.90"), note="Hediye paketi"))
    assert (got.reference, got.code, got.currency, got.total) == (
        "70001-5001001",
        "#1001",
        "TRY",
        tl("479.90"),
    )
    assert got.attributes == {
        "sentos.channel_id": "3",
        "sentos.warehouse_id": "1",
        "sentos.payment_method": "KREDIKARTI/BANKAKARTI",
        "sentos.status": "2",
    }
    assert (got.buyer.name, got.buyer.phone, got.buyer.email) == (
        "Ayşe Yılmaz",
        "905551112233",
        "ayse@example.com",
    )
    assert got.delivery is not None and got.billing is not None
    assert (got.delivery.city, got.delivery.district, got.delivery.phone) == (
        "Konya",
        "Selçuklu",
        "905551112233",
    )
    assert [(x.quantity, x.unit_price, x.vat_rate, x.discount) for x in got.lines] == [
        (2, tl("225.00"), Decimal(10), tl("0.00"))
    ]
    assert got.note == "Hediye paketi" and got.shipping == tl("29.90")


def test_a_line_that_does_not_divide_is_split() -> None:
    got = made(order(1001, [line("A", 3, "50.00", "50.00")]))
    assert [(x.quantity, x.unit_price) for x in got.lines] == [(2, tl("33.33")), (1, tl("33.34"))]


def test_lines_go_as_they_stand_now() -> None:
    gone = line("B", 0, "80.00", original_quantity=2)
    fewer = line("C", 1, "80.00", original_quantity=3)
    got = made(order(1001, [line("A"), gone, fewer]))
    assert [(x.sku, x.quantity) for x in got.lines] == [("A", 1), ("C", 1)]


def test_a_prorated_discount_that_is_a_kurus_off_is_evened_out() -> None:
    source = order(1001, [line("A", 1, "100.00", "33.33", original_quantity=3)], total=tl("66.66"))
    assert [x.unit_price for x in made(source).lines] == [tl("66.66")]
    assert causes(replace(source, total=tl("66.60"))) == ["order.total"]


def test_taxes_on_top_are_added_to_each_line_and_to_shipping() -> None:
    source = order(
        1001,
        [line("A", 3, "10.01"), line("B", 1, "99.99", vat_rate=Decimal(20))],
        shipping=tl("25.00"),
        taxes_included=False,
        total=tl("183.02"),
    )
    got = made(source)
    assert sum((x.total for x in got.lines), tl("0")) + (got.shipping or tl("0")) == tl("183.02")
    assert got.shipping == tl("30.00") and [x.total for x in got.lines if x.sku == "B"] == [tl("119.99")]


def test_a_total_that_does_not_add_up_parks_with_both_figures() -> None:
    result = transform(order(1001, total=tl("99.00")), SETTINGS, SHOP)
    assert result.order is None and result.problems[0].cause == "order.total"
    assert "100.00 TRY" in str(result.problems[0].message) and "99.00 TRY" in str(result.problems[0].message)


def test_service_amounts_become_lines_of_the_chosen_sku() -> None:
    extras = (
        Extra("tip", tl("10.00")),
        Extra("fee", tl("4.00"), "Kapıda ödeme ücreti"),
        Extra("rounding", tl("0.02")),
    )
    got = made(order(1001, extras=extras, total=tl("114.02")))
    assert [(x.sku, x.total, x.title) for x in got.lines[1:]] == [
        ("BAHSIS", tl("10.00"), "Bahşiş"),
        ("UCRET", tl("4.00"), "Kapıda ödeme ücreti"),
        ("YUV", tl("0.02"), "Yuvarlama"),
    ]


def test_a_negative_rounding_is_taken_off_the_lines() -> None:
    got = made(
        order(
            1001,
            [line("A", 1, "50.03"), line("B", 1, "50.00")],
            extras=(Extra("rounding", tl("-0.03")),),
            total=tl("100.00"),
        )
    )
    assert sorted(x.total for x in got.lines) == [tl("49.99"), tl("50.01")]


@pytest.mark.parametrize("kind", ["tip", "duties", "fee", "rounding", "gift_card"])
def test_a_missing_service_sku_parks_by_name(kind: str) -> None:
    paid = tl("0.00") if kind == "gift_card" else tl("5.00")
    source = order(1001, extras=(Extra(kind, tl("5.00")),), total=tl("100.00") + paid)
    result = transform(source, replace(SETTINGS, service_skus={}), SHOP)
    assert [p.cause for p in result.problems] == ["order.service_sku"] and kind in str(
        result.problems[0].message
    )


def test_a_gift_card_pays_without_changing_the_total() -> None:
    source = order(
        1001, extras=(Extra("gift_card", tl("40.00")),), gateways=("gift_card", "shopify_payments")
    )
    got = made(source)
    assert got.total == tl("100.00") and "40.00 TRY" in got.note and len(got.lines) == 1
    cod = replace(source, gateways=("gift_card", "Cash on Delivery (COD)"))
    assert causes(cod) == ["order.gift_card"]
    alone = replace(source, gateways=("gift_card",))
    assert causes(alone) == ["order.payment_unknown"]
    assert (
        made(alone, replace(SETTINGS, payments={"gift_card": "NAKIT"})).attributes["sentos.payment_method"]
        == "NAKIT"
    )


def test_a_sold_gift_card_goes_to_the_service_sku() -> None:
    got = made(order(1001, [line(None, 1, "200.00", gift_card=True, vat_rate=None, requires_shipping=False)]))
    assert [(x.sku, x.vat_rate) for x in got.lines] == [("HEDIYE", Decimal(0))]


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"currency": "EUR"}, "order.currency"),
        ({"gateways": ("klarna",)}, "order.payment_unknown"),
        ({"gateways": ()}, "order.payment_unknown"),
        ({"gateways": ("paytr", "bank deposit")}, "order.payment_mixed"),
        ({"delivery": None}, "order.address"),
        ({"delivery": replace(HOME, district="")}, "order.address"),
        ({"billing": replace(HOME, line1="")}, "order.billing_address"),
        (
            {"withheld": ("customer.firstName",), "buyer": Buyer("c1", None, "a@b.c", "05551112233")},
            "order.withheld",
        ),
        ({"withheld": ("shippingAddress",), "delivery": None}, "order.withheld"),
        ({"withheld": ("shippingAddress.phone",), "delivery": replace(HOME, phone="")}, "order.withheld"),
        ({"withheld": ("email",), "buyer": Buyer("c1", "Ayşe", "", "05551112233")}, "order.withheld"),
        ({"buyer": Buyer("c1", None, None, None)}, "order.withheld"),
        ({"attributes": {"TCKN": "12345678901"}}, "order.identity"),
        ({"attributes": {"Vergi No": "12"}}, "order.tax_number"),
        ({"problems": (Problem("order.unreadable", say("No.")),)}, "order.unreadable"),
        ({"extras": (Extra("bonus", tl("1.00")),)}, "order.extra"),
    ],
)
def test_what_cannot_be_expressed_parks(changed: dict[str, Any], cause: str) -> None:
    assert cause in causes(order(1001, **changed))


def test_a_line_without_sku_and_an_odd_vat_park_together() -> None:
    bad = order(1001, [line(None), line("B", vat_rate=Decimal("8.5"))])
    assert causes(bad) == ["order.line_without_sku", "order.vat"]


def test_another_flow_currency_never_lets_foreign_money_through_as_lira() -> None:
    dollars = order(1001, currency="USD")
    assert causes(dollars, replace(SETTINGS, currency="USD")) == ["order.currency"]


def test_an_order_of_which_only_shipping_is_owed_parks() -> None:
    assert causes(order(1001, [line("A", 0, original_quantity=1)], shipping=tl("20.00"))) == [
        "order.no_lines"
    ]


def test_invoice_identity_comes_from_attributes_or_the_note() -> None:
    got = made(
        order(
            1001, attributes={"tckn": "10000000146", "Vergi Dairesi": "Selçuk"}, note="Vergi No: 123 456 7890"
        )
    )
    assert {k: v for k, v in got.attributes.items() if "." not in k} == {
        "turkishIdentityNumber": "10000000146",
        "taxOffice": "Selçuk",
        "taxNumber": "1234567890",
    }


def test_a_digital_order_goes_by_its_billing_address() -> None:
    got = made(order(1001, [line("A", requires_shipping=False)], delivery=None))
    assert got.delivery is not None and got.delivery.line1 == "Örnek Mah. 1"


def test_an_address_abroad_has_its_city_for_a_district() -> None:
    berlin = Address("Max Meier", "", "+49 170 1234567", "Weg 1", "", "", "Berlin", "10115", "DE")
    got = made(order(1001, delivery=berlin, billing=berlin, buyer=Buyer("c", "Max Meier", "", "")))
    assert got.delivery is not None and (got.delivery.district, got.delivery.phone) == (
        "Berlin",
        "491701234567",
    )


def test_no_usable_phone_anywhere_parks() -> None:
    nowhere = replace(HOME, phone="12")
    assert causes(order(1001, delivery=nowhere, billing=nowhere, buyer=Buyer("c", "Ayşe", "", "abc"))) == [
        "order.phone"
    ]
    assert made(order(1001, delivery=nowhere, billing=nowhere)).delivery == replace(
        made(order(1001)).delivery or HOME, phone="905551112233"
    )


def test_references_name_shop_and_order() -> None:
    assert reference_of(order(7), SHOP) == "70001-5000007"
    assert reference_of(replace(order(7), code=""), "my-shop") == "my-shop-5000007"


def test_a_denial_about_another_order_of_the_page_stops_no_order_that_is_complete() -> None:
    assert made(
        order(
            1001,
            withheld=("customer", "email", "phone", "shippingAddress", "billingAddress", "fulfillmentOrders"),
        )
    )
