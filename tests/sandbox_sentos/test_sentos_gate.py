"""Who gets in, how often, and what the ledger says about it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from sandbox.clock import ManualClock

KEY, SECRET = "sandbox-key", "sandbox-secret"
SHOWN: dict[str, dict[str, Any]] = {
    "basic": {"auth": (KEY, SECRET)},
    "headers": {"headers": {"X-API-Key": KEY, "X-API-Secret": SECRET}},
    "bearer": {"headers": {"Authorization": f"Bearer {SECRET}"}},
    "token": {"headers": {"Authorization": f"Token {SECRET}"}},
}


@pytest.mark.parametrize("demanded", SHOWN)
def test_only_the_demanded_way_gets_in(open_tenant: Any, demanded: str) -> None:
    tenant = open_tenant(products=1, auth=demanded)
    for shown, how in SHOWN.items():
        answer = requests.get(f"{tenant.url}/api/warehouses", timeout=60, **how)
        assert answer.status_code == (200 if shown == demanded else 401)


@pytest.mark.parametrize("how", [{}, {"auth": (KEY, "wrong")}, {"headers": {"Authorization": "Basic !!!"}}])
def test_a_wrong_key_is_refused(open_tenant: Any, how: dict[str, Any]) -> None:
    tenant = open_tenant(products=1)
    answer = requests.get(f"{tenant.url}/api/warehouses", timeout=60, **how)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_keys_can_be_chosen_and_the_state_tells_them(open_tenant: Any) -> None:
    tenant = open_tenant(products=1, key="k", secret="s")
    assert tenant.state()["auth"] == {"method": "basic", "key": "k", "secret": "s"}
    assert tenant.call("GET", "/warehouses").status_code == 401
    tenant.session.auth = ("k", "s")
    assert tenant.call("GET", "/warehouses").status_code == 200


def test_an_address_that_is_not_allowed_is_401_and_a_missing_right_403(open_tenant: Any) -> None:
    tenant = open_tenant(products=1, allowed_ips="10.0.0.1", forbidden="orders.create")
    assert tenant.call("GET", "/warehouses").status_code == 401
    tenant.control("POST", "/settings", {"allowed_ips": "127.0.0.1"})
    assert tenant.call("GET", "/warehouses").status_code == 200
    assert tenant.call("POST", "/orders", json={}).status_code == 403


def test_what_nobody_documented_does_not_exist(open_tenant: Any) -> None:
    tenant = open_tenant(products=1)
    for method, path in (
        ("POST", "/products/price"),
        ("PUT", "/orders/1/status"),
        ("GET", "/shop"),
        ("GET", "/webhooks"),
    ):
        assert tenant.call(method, path, json={}).status_code == 404
    assert requests.get(f"{tenant.url}/api/shop", timeout=60).status_code == 401


def manual(tenant: Any) -> ManualClock:
    clock = tenant.platform.tools.clock = ManualClock()
    return clock


def test_the_same_get_twice_a_minute(open_tenant: Any) -> None:
    tenant = open_tenant(same_get_per_min="2", retry_after="on")
    clock = manual(tenant)
    first = [tenant.call("GET", "/products?page=1&size=5").status_code]
    clock.advance(20)
    first += [tenant.call("GET", "/products?page=1&size=5").status_code for _ in range(2)]
    assert first == [200, 200, 429]
    assert tenant.call("GET", "/products?page=2&size=5").status_code == 200
    refused = tenant.call("GET", "/products?page=1&size=5")
    assert refused.headers["Retry-After"] == "40" and refused.json() == {"message": "Too Many Requests"}
    clock.advance(39)
    assert tenant.call("GET", "/products?page=1&size=5").status_code == 429
    clock.advance(1)
    assert tenant.call("GET", "/products?page=1&size=5").status_code == 200
    assert tenant.call("GET", "/products?page=1&size=5").status_code == 429


def test_twelve_writes_a_minute_shared_by_post_and_put(open_tenant: Any) -> None:
    tenant = open_tenant(post_per_min="12")
    clock = manual(tenant)
    for number in range(11):
        assert tenant.call("POST", "/sales-channels", json={"name": f"Kanal {number}"}).status_code == 200
    assert tenant.call("PUT", "/products/4101", json={"name": "Yeni"}).status_code == 200
    answers = [
        tenant.call("POST", "/sales-channels", json={"name": "x"}),
        tenant.call("PUT", "/orders/1", json={}),
    ]
    assert [answer.status_code for answer in answers] == [429, 429]
    assert "Retry-After" not in answers[0].headers
    clock.advance(60)
    assert tenant.call("POST", "/sales-channels", json={"name": "x"}).status_code == 200
    summary = tenant.control("GET", "/ledger?summary=1")
    assert (summary["writes"], summary["throttled"], summary["effects"]["channel.created"]) == (15, 2, 12)


def test_put_may_have_a_window_of_its_own(open_tenant: Any) -> None:
    tenant = open_tenant(post_per_min="1", put_shares_post="off")
    assert tenant.call("POST", "/sales-channels", json={"name": "x"}).status_code == 200
    assert tenant.call("PUT", "/products/4101", json={"name": "Yeni"}).status_code == 200
    assert tenant.call("PUT", "/products/4101", json={"name": "Yeni"}).status_code == 429


def test_the_pessimistic_reading_limits_all_gets(open_tenant: Any) -> None:
    tenant = open_tenant(total_get_per_min="2")
    answers = [tenant.call("GET", path).status_code for path in ("/warehouses", "/platforms", "/categories")]
    assert answers == [200, 200, 429]


def test_the_window_is_scaled(open_tenant: Any) -> None:
    tenant = open_tenant(same_get_per_min="1", speed=1000)
    assert tenant.call("GET", "/warehouses").status_code == 200
    clock = tenant.platform.tools.clock
    until = clock.monotonic() + 60
    while clock.monotonic() < until:
        pass
    assert tenant.call("GET", "/warehouses").status_code == 200


def test_the_request_log_proves_the_pace(open_tenant: Any) -> None:
    tenant = open_tenant()
    clock = manual(tenant)
    tenant.platform.tools.ledger._clock = clock
    tenant.get("/products", page=1)
    clock.advance(5)
    tenant.get("/orders")
    calls = tenant.control("GET", "/ledger?calls=1")["calls"]
    assert [(call["operation"], call["path"]) for call in calls] == [
        ("products.list", "/api/products?page=1"), ("orders.list", "/api/orders"),
    ]  # fmt: skip
    assert calls[1]["t"] - calls[0]["t"] == 5


def test_habits_under_load_are_drawn_by_the_seed(open_tenant: Any) -> None:
    runs = []
    for _ in range(2):
        tenant = open_tenant(products=1, error_rate="0.4")
        runs.append([tenant.call("GET", f"/products?page={page}").status_code for page in range(1, 21)])
    assert runs[0] == runs[1]
    assert {200, 500} == set(runs[0])


def test_a_stall_takes_ninety_scaled_seconds(open_tenant: Any) -> None:
    tenant = open_tenant(products=1, stall_rate="1", speed=1000)
    clock = tenant.platform.tools.clock
    begun = clock.monotonic()
    tenant.get("/warehouses")
    assert clock.monotonic() - begun >= 90


def test_a_fault_strikes_one_page_of_a_list(tenant: Any) -> None:
    tenant.fault(
        "server_error", match={"operation": "products.list", "page": "2"}, count=1, params={"status": 502}
    )
    answers = [tenant.call("GET", f"/products?size=10&page={page}").status_code for page in (1, 2, 3, 2)]
    assert answers == [200, 502, 200, 200]
