"""Orders: what is demanded, what they take from stock, how they are found, how they go on."""

from __future__ import annotations

from typing import Any

import pytest


def push(tenant: Any, **changes: Any) -> int:
    answer = tenant.call("POST", "/orders", json=tenant.order(**changes))
    assert answer.status_code == 200, answer.text
    return int(answer.json()["order"]["id"])


def test_an_accepted_order_lowers_its_booking_warehouse(tenant: Any) -> None:
    body = tenant.order()
    sku = body["lines"][0]["sku"]
    before = tenant.state()["stock"][sku]
    answer = tenant.call("POST", "/orders", json=body).json()
    number = answer["order"]["id"]
    assert answer["errors"] == [] and answer["order"] == {"id": number, "order_code": "#1001", "status": 2}
    assert number > 2**31
    assert tenant.state()["stock"][sku] == {"1": before["1"] - 2, "2": before["2"]}
    (effect,) = tenant.effects()
    assert (effect["kind"], effect["key"]) == ("order.created", "ornek-1001")
    assert effect["detail"]["stock"] == [
        {"sku": sku, "warehouse": 1, "before": before["1"], "after": before["1"] - 2}
    ]


def test_an_order_reads_back_as_it_was_sent(tenant: Any) -> None:
    number = push(tenant)
    order = tenant.get(f"/orders/{number}")
    assert (order["total"], order["shipping_total"], order["status"]) == ("96.56", "29.9", 2)
    assert order["shipment_address"]["district"] == "Selçuklu" and order["tracking_info"] is None
    (line,) = order["lines"]
    assert (line["id"], line["quantity"], line["price"], line["amount"]) == (0, 2, "33.33", "66.66")
    assert line["orderlineid"] and line["images"]["url"].startswith(tenant.url)
    assert not [name for name in order if name.startswith("_")]


BAD: list[tuple[str, dict[str, Any]]] = [
    ("payment_method", {"payment_method": "PAYPAL"}),
    ("status", {"status": 7}),
    ("channel_id", {"channel_id": 99}),
    ("currency", {"currency": "EUR"}),
    ("order_id", {"order_id": ""}),
    ("order_date", {"order_date": "20.11.2026"}),
    ("shipping_total", {"shipping_total": "29,90"}),
    ("customer", {"customer": None}),
    ("customer.phone", {"customer": {"name": "A", "phone": "05551112233"}}),
    ("customer.name", {"customer": {"name": " ", "phone": "905551112233"}}),
    ("lines", {"lines": []}),
]


@pytest.mark.parametrize(("field", "changes"), BAD)
def test_validation_names_the_field(tenant: Any, field: str, changes: dict[str, Any]) -> None:
    answer = tenant.call("POST", "/orders", json=tenant.order(**changes))
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
    assert tenant.effects() == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", None),
        ("quantity", 0),
        ("quantity", 1.5),
        ("price", "33,33"),
        ("warehouse_id", 9),
        ("vat_rate", "10"),
    ],
)
def test_validation_of_lines(tenant: Any, field: str, value: Any) -> None:
    body = tenant.order()
    body["lines"][0][field] = value
    answer = tenant.call("POST", "/orders", json=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [f"lines.0.{field}"])


def test_a_body_that_is_no_json_is_400(tenant: Any) -> None:
    assert tenant.call("POST", "/orders", data="{").status_code == 400
    assert tenant.call("POST", "/orders", json=[]).status_code == 400


@pytest.mark.parametrize(("habit", "status", "orders"), [("accept", 200, 2), ("reject", 422, 1)])
def test_the_same_order_id_twice(open_tenant: Any, habit: str, status: int, orders: int) -> None:
    tenant = open_tenant(duplicate_orders=habit)
    push(tenant)
    assert tenant.call("POST", "/orders", json=tenant.order()).status_code == status
    assert tenant.get("/orders", order_id="ornek-1001")["total_elements"] == orders


def test_a_lost_answer_leaves_an_order_that_can_be_looked_up(open_tenant: Any) -> None:
    tenant = open_tenant(speed=100)
    tenant.fault("timeout_after", match={"operation": "orders.create"}, count=1, params={"hold": 1})
    with pytest.raises(OSError):
        push(tenant)
    found = tenant.get("/orders", order_id="ornek-1001")
    assert found["total_elements"] == 1 and len(tenant.effects()) == 1


def test_a_lagging_search_hides_a_fresh_order(open_tenant: Any) -> None:
    tenant = open_tenant()
    push(tenant)
    tenant.fault("stale_search", count=1)
    assert tenant.get("/orders", order_code="#1001")["total_elements"] == 0
    assert tenant.get("/orders", order_code="#1001")["total_elements"] == 1


def test_filters(tenant: Any) -> None:
    tenant.control("POST", "/orders", {"count": 3, "source": "Shopify", "order_date": "2026-01-10 12:00:00"})
    tenant.control(
        "POST",
        "/orders",
        {"count": 2, "source": "Trendyol", "status": 5, "order_date": "2026-01-20 12:00:00"},
    )

    def count(**query: Any) -> int:
        return int(tenant.get("/orders", **query)["total_elements"])

    assert count() == 5
    assert (count(status=5), count(status_ids="2,5"), count(status_ids="6")) == (2, 5, 0)
    assert count(start_date="2026-01-15", end_date="2026-01-25") == 2
    assert count(start_date="2026-01-11 11:00:00", end_date="2026-01-12") == 3  # a day too many, as live
    assert count(created_start_date="2026-01-01", created_end_date="2026-01-31") == 0
    tenant.control("POST", "/settings", {"date_slack_days": 0})
    assert count(start_date="2026-01-11", end_date="2026-01-12") == 0
    code = tenant.get("/orders")["data"][0]["order_code"]
    assert count(order_code=code) == 1
    assert tenant.call("GET", "/orders?start_date=x").status_code == 422
    rising = tenant.get("/orders", orderby_field="id", orderby_direction="ASC", size=2)
    assert [order["id"] for order in rising["data"]] == sorted(order["id"] for order in rising["data"])
    assert (rising["total_pages"], len(rising["data"])) == (3, 2)


def test_parameters_may_come_in_the_body(tenant: Any) -> None:
    tenant.control("POST", "/orders", {"count": 2})
    tenant.control("POST", "/orders", {"status": 5})
    assert tenant.call("GET", "/orders", json={"status": 5}).json()["total_elements"] == 1


def test_foreign_orders_take_stock_too(tenant: Any) -> None:
    sku = tenant.order()["lines"][0]["sku"]
    before = tenant.state()["stock"][sku]["2"]
    line = {"sku": sku, "quantity": 3, "price": 100, "warehouse": 2}
    placed = tenant.control("POST", "/orders", {"source": "Trendyol", "lines": [line]})["orders"][0]
    assert tenant.state()["stock"][sku]["2"] == before - 3
    order = tenant.get(f"/orders/{placed['id']}")
    assert (order["source"], order["total"]) == ("Trendyol", "300")
    assert tenant.effects() == []


def test_life_goes_on_only_by_the_control_plane(tenant: Any) -> None:
    number = push(tenant)
    cargo = {
        "cargo_company": "Yurtiçi Kargo",
        "tracking_number": "1234567890123456",
        "tracking_link": "https://kargo.example/1",
    }
    tenant.control("POST", f"/orders/{number}/advance", {"status": 5, "cargo": cargo})
    order = tenant.get(f"/orders/{number}")
    assert (order["status"], order["tracking_info"]) == (5, cargo)
    assert order["cargo_number"] == "1234567890123456"
    tenant.control("POST", f"/orders/{number}/advance", {"status": 99})
    assert tenant.get(f"/orders/{number}")["tracking_info"] == cargo
    other = push(tenant, order_id="ornek-1002")
    assert tenant.get(f"/orders/{other}")["status"] == 2
    made_up = tenant.control("POST", f"/orders/{other}/advance", {"status": 5})["tracking_info"]
    assert len(made_up["tracking_number"]) == 16
    assert tenant.get("/orders", updated_start_date=order["created_at"])["total_elements"] == 2


def test_a_client_may_change_the_status(tenant: Any) -> None:
    number = push(tenant)
    data = {"cargo_company": "Aras", "tracking_number": "7", "tracking_url": "https://kargo.example/7"}
    assert tenant.call("PUT", f"/orders/{number}", json={"status": 5, "data": data}).json()["errors"] == []
    order = tenant.get(f"/orders/{number}")
    assert order["tracking_info"]["tracking_link"] == "https://kargo.example/7"
    assert tenant.call("PUT", f"/orders/{number}", json={"status": 8}).status_code == 422
    assert tenant.call("PUT", "/orders/5", json={"status": 5}).status_code == 404
    effect = tenant.effects()[-1]
    assert (effect["kind"], effect["before"]["status"], effect["after"]["status"]) == ("order.status", 2, 5)


@pytest.mark.parametrize(("restocks", "back"), [("off", 0), ("on", 2)])
def test_a_cancelled_order_may_give_its_stock_back(open_tenant: Any, restocks: str, back: int) -> None:
    tenant = open_tenant(cancel_restocks=restocks)
    sku = tenant.order()["lines"][0]["sku"]
    number = push(tenant)
    left = tenant.state()["stock"][sku]["1"]
    tenant.call("PUT", f"/orders/{number}", json={"status": 6})
    assert tenant.state()["stock"][sku]["1"] == left + back


def test_invoices(tenant: Any) -> None:
    number = push(tenant)
    body = {
        "invoice_type": "EARSIV",
        "invoice_number": "ABC2026000000001",
        "invoice_url": "https://example.com/f/1",
    }
    assert tenant.call("POST", f"/orders/invoice/{number}", json=body).status_code == 200
    assert tenant.get(f"/orders/{number}")["has_invoice"] == "yes"
    assert tenant.call("PUT", f"/orders/invoice/{number}", json={}).status_code == 405
    assert tenant.call("POST", "/orders/invoice/1", json=body).status_code == 404
    assert tenant.call("DELETE", f"/orders/invoice/{number}").status_code == 200
    assert tenant.get(f"/orders/{number}")["has_invoice"] == "no"
