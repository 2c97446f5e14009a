"""The small rules: phones, identity numbers, filters, statuses, matching, snapshots, brakes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from orders_world import HOME, NOW, line, order, tl

from sync.engine.orders.brake import order_hits
from sync.engine.orders.match import is_foreign, same_order
from sync.engine.orders.people import best_phone, phone, valid_identity
from sync.engine.orders.select import is_older, skipped
from sync.engine.orders.snapshot import differences, snapshot
from sync.engine.orders.status import Seen, action_of, first_status, wanted_status
from sync.model.flow import OrderSettings
from sync.model.order import Fulfilment, Order, Tracking

LIVE = OrderSettings(go_live_at=NOW - timedelta(days=1))


@pytest.mark.parametrize(
    ("raw", "digits"),
    [
        ("0555 111 22 33", "905551112233"),
        ("555 111 22 33", "905551112233"),
        ("+90 (555) 111-22-33", "905551112233"),
        ("0090 555 111 22 33", "905551112233"),
        ("+90 0555 111 22 33", "905551112233"),
        ("0(332) 111 22 33", "903321112233"),
        ("+49 170 1234567", "491701234567"),
        ("٠٥٥٥١١١٢٢٣٣", "905551112233"),
        ("112", ""),
        ("", ""),
        (None, ""),
        ("+1 555 1234", ""),
        ("90555111223", ""),
        ("12345678901234", ""),
        ("ara beni", ""),
    ],
)
def test_phones(raw: str | None, digits: str) -> None:
    assert phone(raw) == digits


def test_a_turkish_number_is_preferred_to_a_foreign_one() -> None:
    assert best_phone("+49 170 1234567", "yok", "0555 111 22 33") == "905551112233"
    assert best_phone("+49 170 1234567", None) == "491701234567"


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("10000000146", True),
        ("11111111110", True),
        ("10000000147", False),
        ("11111111111", False),
        ("01234567890", False),
        ("123", False),
    ],
)
def test_identity_numbers(number: str, good: bool) -> None:
    assert valid_identity(number) is good


@pytest.mark.parametrize(
    ("changed", "settings", "cause"),
    [
        ({"cancelled_at": NOW}, {}, "order.cancelled"),
        ({"test": True}, {}, "order.test"),
        ({"placed_at": NOW - timedelta(days=2)}, {}, "order.too_old"),
        ({"financial": "refunded"}, {}, "order.financial"),
        ({"fulfilment": "on_hold"}, {"fulfilment": ("unfulfilled",)}, "order.fulfilment"),
        ({"tags": ("toptan",)}, {"tags_none": ("Toptan",)}, "order.tags"),
        ({"tags": ()}, {"tags_any": ("web",)}, "order.tags"),
        ({"lines": [line("A", 0, original_quantity=1)], "total": tl("0.00")}, {}, "order.empty"),
        ({}, {"go_live_at": None}, "order.not_live"),
    ],
)
def test_what_the_flow_leaves_out(changed: dict[str, Any], settings: dict[str, Any], cause: str) -> None:
    why = skipped(order(1001, **changed), replace(LIVE, **settings))
    assert why is not None and why.cause == cause and str(why.message)


def test_what_the_flow_takes() -> None:
    assert skipped(order(1001), LIVE) is None
    assert skipped(order(1001, test=True), replace(LIVE, test_orders=True)) is None
    assert skipped(order(1001, tags=("WEB", "x")), replace(LIVE, tags_any=("web",))) is None


def test_older_orders_lie_between_the_two_dates() -> None:
    older = replace(LIVE, older_since=NOW - timedelta(days=5))
    assert is_older(order(1, placed_at=NOW - timedelta(days=3)), older)
    assert not is_older(order(1, placed_at=NOW - timedelta(days=6)), older) and not is_older(order(1), older)


def test_statuses_by_the_table() -> None:
    shop = Fulfilment("f1", "x", Tracking("Aras", "TR1"))
    assert wanted_status(order(1, financial="pending"), LIVE) == "1"
    assert wanted_status(order(1), LIVE) == "2"
    assert wanted_status(order(1, fulfilment="fulfilled", fulfilments=(shop,)), LIVE) == "5"
    assert wanted_status(order(1, fulfilment="fulfilled", fulfilments=(shop,)), LIVE, {"f1"}) == "2", (
        "our own shipment says nothing new"
    )
    assert wanted_status(order(1, fulfilment="fulfilled", cancelled_at=NOW), LIVE) == "6"
    assert wanted_status(order(1, financial="odd"), LIVE) == ""


def test_a_new_order_never_starts_as_shipped() -> None:
    assert first_status(order(1, fulfilment="fulfilled"), LIVE) == "2"
    assert first_status(order(1, financial="odd"), LIVE) == "1"
    assert first_status(order(1), replace(LIVE, status_out={"paid": "99"})) == "2"


def test_what_sentos_status_asks_of_the_shop() -> None:
    number = Tracking("Aras", "TR1")
    assert action_of(Seen("5", number), LIVE) == "fulfil" and action_of(Seen("5"), LIVE) == ""
    assert action_of(Seen("99"), LIVE) == "fulfil" and action_of(Seen("6"), LIVE) == "propose_cancel"
    assert action_of(Seen("4", number), LIVE) == ""


REF = "70001-5001001"


def at_sentos(number: str, reference: str = "", **changed: Any) -> Order:
    return replace(order(1001), id=number, reference=reference, code="#1001", **changed)


def test_the_reference_decides() -> None:
    mine, other = at_sentos("9", REF), at_sentos("8", "70001-5009999")
    assert same_order(order(1001), REF, [other, mine], ()).target == mine
    assert same_order(order(1001), REF, [other], ()).target is None, (
        "another order of ours with the same code"
    )
    assert len(same_order(order(1001), REF, [mine, at_sentos("10", REF)], ()).candidates) == 2
    assert same_order(order(1001), REF, [mine], {"9"}).target is None, "it belongs to another order"


def test_a_code_alone_is_a_matter_for_a_person() -> None:
    coded = at_sentos("9", "X-1")
    assert same_order(order(1001), REF, [coded], ()).candidates == (coded,)
    assert same_order(order(1001), REF, [coded], (), ("create", "")) == same_order(order(1001), REF, [], ())
    assert same_order(order(1001), REF, [coded], (), ("bind", "9")).target == coded


def test_an_order_that_sentos_fetched_itself_is_recognised() -> None:
    fetched = at_sentos("9", "5001001", source="Shopify")
    assert same_order(order(1001), REF, [fetched], ()).target == fetched
    assert same_order(order(1001), REF, [replace(fetched, total=tl("1.00"))], ()).candidates
    assert is_foreign(fetched, "70001-", ()) and not is_foreign(fetched, "70001-", {"9"})
    assert not is_foreign(at_sentos("9", REF, source="SHOPIFY"), "70001-", ()) and not is_foreign(
        at_sentos("9", "1", source="N11"), "70001-", ()
    )


def test_a_snapshot_tells_what_changed() -> None:
    before = snapshot(order(1001, [line("A", 2), line("B")]))
    assert differences(before, before) == []
    after = snapshot(
        order(
            1001,
            [line("A", 1, original_quantity=2), line("B"), line("C")],
            delivery=replace(HOME, line1="Yeni Sok. 5"),
        )
    )
    rows = {row["what"]: (row["before"], row["after"]) for row in differences(before, after)}
    assert (
        rows["A"] == ("2 × = 200.00 TRY", "1 × = 100.00 TRY")
        and rows["C"][0] == ""
        and "delivery address" in rows
    )
    assert "Sok" not in before + after, "no address in our ledger"


def test_money_that_goes_back_without_a_line_is_a_change() -> None:
    whole = order(1001, [line("A", 2)])
    before, after = snapshot(whole), snapshot(replace(whole, refunded=whole.total))
    assert snapshot(replace(whole, refunded=tl("0"))) == before, "nothing refunded looks as ever"
    assert differences(before, after) == [{"what": "refunded", "before": "", "after": str(whole.total)}]


def test_brakes() -> None:
    settings = replace(LIVE, brake_creates=3, brake_older=2)
    codes = [
        h.code
        for h in order_hits({"read": 20, "creates": 4, "older": 3, "currency": 11}, settings, shares=True)
    ]
    assert codes == ["orders.many", "orders.older", "orders.currency"]
    assert not list(order_hits({"read": 20, "creates": 3, "older": 2, "currency": 10}, settings, shares=True))
    assert not list(order_hits({"read": 20, "currency": 20}, settings, shares=False))
