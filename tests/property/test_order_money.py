"""Money in orders: whatever an order looks like, what Sentos gets adds up to the kuruş, or nothing is
sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sync.engine.orders.lines import SERVICES, priced
from sync.engine.orders.money import kurus, lira, split, spread
from sync.engine.orders.status import FORWARD, moves_forward, rank, wanted_status
from sync.model.flow import OrderSettings
from sync.model.order import Extra, Order, OrderLine

SETTINGS = OrderSettings(service_skus={kind: f"SVC-{kind}" for kind in (*SERVICES, "gift_card")})
WHEN = datetime(2026, 11, 20, tzinfo=UTC)
VAT = st.sampled_from([Decimal(0), Decimal(1), Decimal(10), Decimal(20), None])


@st.composite
def lines(draw: st.DrawFn, number: int) -> OrderLine:
    """A line with a discount that does not exceed it, perhaps with pieces removed."""
    placed, unit = draw(st.integers(1, 12)), draw(st.integers(0, 500_000))
    now = draw(st.integers(0, placed))
    allocated = draw(st.integers(0, placed * unit))
    left = (
        int((Decimal(allocated) * now / placed).quantize(Decimal(1), ROUND_HALF_UP))
        if now != placed
        else allocated
    )
    return OrderLine(
        f"l{number}",
        f"SKU-{number}",
        "Elbise",
        now,
        lira(unit),
        lira(left),
        lira(unit * now - left),
        draw(VAT),
        original_quantity=placed,
    )


@st.composite
def orders(draw: st.DrawFn, taxed: bool = True) -> Order:
    """An order whose total is right; `taxed`: prices include VAT."""
    kept = tuple(draw(lines(n)) for n in range(draw(st.integers(1, 6))))
    shipping = draw(st.integers(0, 20_000))
    extras = [
        Extra(kind, lira(draw(st.integers(0, 9_999))))
        for kind in ("tip", "duties", "fee")
        if draw(st.booleans())
    ]
    extras.append(Extra("rounding", lira(draw(st.integers(-4, 4)))))
    goods = [
        line.total.amount * (1 if taxed else 1 + (line.vat_rate or 0) / Decimal(100))
        for line in kept
        if line.quantity
    ]
    sent = (
        sum(goods)
        + Decimal(shipping) / 100 * (1 if taxed else Decimal("1.2"))
        + sum(e.amount.amount for e in extras)
    )
    total = lira(max(0, int((sent * 100).quantize(Decimal(1), ROUND_HALF_UP))))
    return Order(
        "1",
        "#1",
        WHEN,
        None,
        "TRY",
        total,
        kept,
        lira(shipping),
        taxes_included=taxed,
        extras=tuple(e for e in extras if e.amount.amount),
    )


def check(order: Order) -> bool:
    """Whether it can be sent; if so, what is sent is right."""
    made = priced(order, SETTINGS)
    if made.problems:
        assert made.problems[0].cause in ("order.total",), made.problems
        return False
    assert sum(kurus(line.total) for line in made.lines) + made.shipping == kurus(order.total)
    for line in made.lines:
        assert line.unit_price.amount >= 0 and line.quantity > 0
        assert line.unit_price.times(line.quantity) == line.total, "a line's price is whole kuruş a piece"
        assert line.discount.amount == 0 and line.sku
    counted = {line.id: line.quantity for line in order.lines if line.quantity}
    for line in made.lines:
        origin = line.id.partition("/")[0]
        if origin in counted:
            counted[origin] -= line.quantity
    assert not any(counted.values()), "pieces were lost or invented"
    return True


@given(orders())
def test_an_order_with_prices_including_vat_adds_up(order: Order) -> None:
    rounded = next((e.amount.amount for e in order.extras if e.kind == "rounding"), Decimal(0))
    goods = sum(line.total.amount for line in order.lines if line.quantity)
    assert check(order) or goods < -rounded, "a sound order was not sent"


@given(orders(taxed=False))
def test_an_order_with_taxes_on_top_adds_up(order: Order) -> None:
    rounded = next((e.amount.amount for e in order.extras if e.kind == "rounding"), Decimal(0))
    goods = sum(line.total.amount for line in order.lines if line.quantity)
    assert check(order) or goods < max(1, -rounded), "a sound order was not sent"


@given(orders(), st.integers(-100_000, 100_000).filter(bool))
def test_an_order_whose_total_is_off_is_never_sent_with_another_sum(order: Order, off: int) -> None:
    wrong = kurus(order.total) + off
    check(replace(order, total=lira(max(0, wrong))))


@given(orders(), st.integers(1, 10_000_000))
def test_more_than_a_removed_piece_can_explain_parks(order: Order, off: int) -> None:
    loose = sum(1 for line in order.lines if line.quantity != line.original_quantity)
    assert not check(replace(order, total=lira(kurus(order.total) + loose + off)))


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=30))
def test_shares_add_up_and_stay_within_a_kurus_of_their_due(total: int, weights: list[int]) -> None:
    if not sum(weights):
        return
    shares = spread(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(Fraction(total * weight, sum(weights)) - share) < 1
        assert total > sum(weights) or share <= weight


@given(st.integers(0, 10**9), st.integers(1, 999))
def test_a_split_line_keeps_its_pieces_and_its_sum(total: int, quantity: int) -> None:
    parts = split(total, quantity)
    assert sum(n for n, _ in parts) == quantity and sum(n * each for n, each in parts) == total
    assert len(parts) <= 2 and all(n > 0 for n, _ in parts)


STATUS = st.sampled_from([*FORWARD, "6", "", "7"])


@given(STATUS, STATUS)
def test_a_status_never_moves_back_nor_out_of_or_into_a_cancellation(current: str, wanted: str) -> None:
    if moves_forward(current, wanted):
        assert rank(wanted) > rank(current) and current != "6" and wanted != "6"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pending", "paid", "refunded", "voided", "authorized"]),
            st.sampled_from(["unfulfilled", "fulfilled", "partially_fulfilled"]),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_no_history_of_the_shop_ever_moves_sentos_back(history: list[tuple[str, str, bool]]) -> None:
    current = "1"
    for financial, fulfilment, cancelled in history:
        order = Order(
            "1",
            "#1",
            WHEN,
            None,
            "TRY",
            lira(100),
            financial=financial,
            fulfilment=fulfilment,
            cancelled_at=WHEN if cancelled else None,
        )
        wanted = wanted_status(order, SETTINGS)
        if moves_forward(current, wanted):
            assert rank(wanted) > rank(current)
            current = wanted
    assert current in FORWARD
