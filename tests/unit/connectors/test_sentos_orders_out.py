"""Canonical orders → Sentos' body, and what is refused before it is sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.sentos.order_body import order_body, phone
from sync.connectors.sentos.writing import may_move
from sync.errors import RecordRefused
from sync.model.order import Extra, Order
from sync.model.values import Money
from tests.contract.sentos_factory import an_order, lira


def changed(**fields: object) -> Order:
    return replace(an_order(1), **fields)  # type: ignore[arg-type]


def with_attribute(name: str, value: str) -> Order:
    return changed(attributes={**an_order(1).attributes, name: value})


def test_the_whole_body() -> None:
    body = order_body(an_order(1), "shop-1")
    assert body["order_id"] == "shop-1" and body["order_code"] == "#1001" and body["currency"] == "TL"
    assert body["order_date"] == "2026-11-20 12:30:00" and body["channel_id"] == 1 and body["status"] == 2
    assert body["shipping_total"] == Decimal("30.00")
    assert body["customer"] == {
        "name": "Ayşe Yılmaz",
        "phone": "905551112233",
        "mail_address": "ayse@example.com",
    }
    assert body["lines"] == [
        {
            "warehouse_id": 1,
            "quantity": 2,
            "price": Decimal("99.95"),
            "name": "Elbise",
            "sku": "SKU-1",
            "vat_rate": 10,
        }
    ]
    assert body["invoice_address"]["turkishIdentityNumber"] == "11111111110"  # type: ignore[index]
    assert "turkishIdentityNumber" not in body["shipment_address"]  # type: ignore[operator]


LINE = an_order(1).lines[0]


@pytest.mark.parametrize(
    "order, reason",
    [
        (changed(currency="EUR"), "lira"),
        (with_attribute("sentos.payment_method", "PAYPAL"), "payment"),
        (with_attribute("sentos.channel_id", ""), "sales channel"),
        (with_attribute("sentos.warehouse_id", "x"), "warehouse"),
        (with_attribute("sentos.status", "7"), "status"),
        (changed(total=lira("229.91")), "add up"),
        (changed(extras=(Extra("tip", lira("5")),)), "beside its lines"),
        (changed(lines=(replace(LINE, sku=None),)), "no SKU"),
        (changed(lines=(replace(LINE, vat_rate=None),)), "VAT"),
        (changed(lines=(replace(LINE, total=lira("100.01")),)), "divided"),
        (changed(billing=None, delivery=None), "address"),
    ],
)
def test_what_sentos_cannot_express_is_refused_with_the_reason(order: Order, reason: str) -> None:
    with pytest.raises(RecordRefused, match=reason):
        order_body(order, "shop-1")


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10**7)), min_size=1, max_size=9),
    st.integers(0, 10**5),
)
def test_the_body_adds_up_to_the_order(lines: list[tuple[int, int]], shipping: int) -> None:
    def kurus(count: int) -> Money:
        return Money(Decimal(count) / 100, "TRY")

    made = tuple(replace(LINE, quantity=n, unit_price=kurus(k), total=kurus(n * k)) for n, k in lines)
    total = sum(n * k for n, k in lines) + shipping
    body = order_body(changed(lines=made, shipping=kurus(shipping), total=kurus(total)), "k")
    rows: list[dict[str, Decimal]] = body["lines"]  # type: ignore[assignment]
    assert (
        sum(row["price"] * row["quantity"] for row in rows) + body["shipping_total"] == Decimal(total) / 100
    )  # type: ignore[operator]


@pytest.mark.parametrize(
    "raw, sent",
    [
        ("0(555) 111 22 33", "905551112233"),
        ("+90 555 111 22 33", "905551112233"),
        ("5551112233", "905551112233"),
        ("00905551112233", "905551112233"),
        ("+49 151 23456789", "4915123456789"),
        ("", ""),
    ],
)
def test_phones(raw: str, sent: str) -> None:
    assert phone(raw) == sent


@pytest.mark.parametrize(
    "current, wanted, allowed",
    [
        ("1", "2", True),
        ("2", "2", True),
        ("2", "5", True),
        ("5", "99", True),
        ("5", "2", False),
        ("99", "5", False),
        ("2", "6", True),
        ("99", "6", False),
        ("6", "2", False),
        ("6", "99", False),
    ],
)
def test_status_only_moves_forward(current: str, wanted: str, allowed: bool) -> None:
    assert may_move(current, wanted) is allowed
