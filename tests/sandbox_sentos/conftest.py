"""A Sentos tenant over real HTTP, and hands to work with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from sandbox.platform import Options
from sandbox.sentos.platform import SentosPlatform, create
from sandbox.server import running

WIDE = {"same_get_per_min": "off", "post_per_min": "off"}


class Tenant:
    """What a test holds of a running sandbox: the API as a client sees it, and the control plane."""

    def __init__(self, url: str, platform: SentosPlatform) -> None:
        self.url, self.platform = url, platform
        self.session = requests.Session()
        self.session.auth = ("sandbox-key", "sandbox-secret")

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}/api{path}", timeout=30, **more)

    def get(self, path: str, **query: Any) -> Any:
        answer = self.call("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def state(self) -> Any:
        return self.control("GET", "/state")

    def effects(self) -> Any:
        return self.control("GET", "/ledger")["effects"]

    def fault(self, name: str, **settings: Any) -> None:
        self.control("POST", "/faults", {"name": name, **settings})

    def catalogue(self) -> list[dict[str, Any]]:
        """Every product, page by page."""
        found, page, pages = [], 1, 1
        while page <= pages:
            answer = self.get("/products", page=page, size=100, orderby_id="ASC")
            found += answer["data"]
            page, pages = page + 1, answer["total_pages"]
        return found

    def order(self, **changes: Any) -> dict[str, Any]:
        """The body of a good order of two pieces of a clean variant."""
        truth = {product["id"]: product["dirt"] for product in self.state()["products"]}
        sku = next(
            one["variants"][0]["sku"] for one in self.catalogue() if one["variants"] and not truth[one["id"]]
        )
        address = {"name": "Ayşe Yılmaz", "phone": "905551112233", "address": "Örnek Mah. 1"}
        address |= {"country": "Türkiye", "city": "Konya", "district": "Selçuklu"}
        line = {
            "warehouse_id": 1,
            "quantity": 2,
            "price": 33.33,
            "name": "Elbise",
            "sku": sku,
            "vat_rate": 10,
        }
        return {
            "order_id": "ornek-1001", "order_code": "#1001", "status": 2, "channel_id": 1,
            "order_date": "2026-11-20 10:00:00", "currency": "TL", "payment_method": "KREDIKARTI/BANKAKARTI",
            "shipping_total": 29.9, "note": "", "customer": {"name": "Ayşe Yılmaz", "phone": "905551112233",
            "mail_address": "a@example.com"}, "invoice_address": address, "shipment_address": address,
            "lines": [line], **changes,
        }  # fmt: skip


Open = Callable[..., Tenant]


@pytest.fixture
def open_tenant() -> Iterator[Open]:
    """Open a tenant: ``open_tenant(products=…, speed=…, **switches)``; limits are off unless a switch
    names them."""
    with ExitStack() as stack:

        def start(
            products: int = 30, seed: int = 1, dirt: float = 0.1, speed: float = 1.0, **switches: str
        ) -> Tenant:
            settings = {**WIDE, **switches}
            platform = create(
                Options("sentos", products=products, seed=seed, dirt=dirt, speed=speed, settings=settings)
            )
            return Tenant(stack.enter_context(running(platform)).url, platform)

        yield start


@pytest.fixture
def tenant(open_tenant: Open) -> Tenant:
    return open_tenant()
