"""Sentos' connector against its sandbox process, under the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from sync.connectors.contract import Connector, Services
from sync.connectors.registry import spec
from sync.model.call import Change, Verb
from sync.model.entity import Entity
from sync.model.order import Address, Buyer, Order, OrderLine
from sync.model.stock import StockItem
from sync.model.values import Money
from tests.contract import harness
from tests.contract.doubles import MemoryKeep, account, services
from tests.contract.sandboxes import Sandbox, sandbox

SPEED = 300
PRODUCTS = 230
GOOD = {"key": "sandbox-key", "secret": "sandbox-secret"}
ADDRESS = Address(
    name="Ayşe Yılmaz",
    phone="0(555) 111 22 33",
    line1="Örnek Mah. 1",
    district="Selçuklu",
    city="Konya",
    country="Türkiye",
)


def lira(amount: str) -> Money:
    """So many liras."""
    return Money(Decimal(amount), "TRY")


def an_order(number: int, sku: str = "SKU-1") -> Order:
    """An order as the order manager hands it over."""
    line = OrderLine("1", sku, "Elbise", 2, lira("99.95"), lira("0"), lira("199.90"), Decimal(10))
    return Order(
        f"gid-{number}",
        f"#{1000 + number}",
        datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        None,
        "TRY",
        lira("229.90"),
        lines=(line,),
        shipping=lira("30"),
        code=f"#{1000 + number}",
        buyer=Buyer(name="Ayşe Yılmaz", email="ayse@example.com", phone="05551112233"),
        billing=ADDRESS,
        delivery=ADDRESS,
        attributes={
            "sentos.channel_id": "1",
            "sentos.warehouse_id": "1",
            "sentos.status": "2",
            "sentos.payment_method": "KREDIKARTI/BANKAKARTI",
            "turkishIdentityNumber": "11111111110",
        },
    )


class SentosHarness(harness.Harness):
    """A sandbox of three pages of products."""

    name, writes, known_choice = "sentos", Entity.ORDER, "warehouses"

    def __init__(self, world: Sandbox) -> None:
        self.sandbox, self.keep = world, MemoryKeep()
        world.post("/reset")
        self.services: Services = services(SPEED, self.keep)
        self.clock = self.services.clock

    def connect(self, *, good_key: bool = True, reachable: bool = True, **settings: str) -> Connector:
        sentos = spec("sentos")
        url = self.sandbox.url if reachable else "http://127.0.0.1:1"
        values = sentos.normalise({"url": url, "sandbox": "true", **settings})
        secrets = GOOD if good_key else {**GOOD, "secret": "wrong-secret"}
        return sentos.open(account(values.pop("url"), secrets, speed=SPEED, **values), self.services)

    def product_ids(self) -> set[str]:
        return {str(product["id"]) for product in self.sandbox.get("/state")["products"]}

    def a_sku(self) -> tuple[str, str]:
        product = next(p for p in self.sandbox.get("/state")["products"] if p["variants"] and not p["dirt"])
        raw = self.sandbox.get(f"/products/{product['id']}")
        return raw["variants"][0]["sku"], str(product["id"])

    def place_orders(self, count: int) -> set[str]:
        return {str(order["id"]) for order in self.sandbox.post("/orders", {"count": count})["orders"]}

    def creation(self, number: int) -> Change:
        order = an_order(number, self.a_sku()[0])
        return Change(
            f"c{number}",
            Entity.ORDER,
            Verb.CREATE,
            order.id,
            body=order,
            key=f"shop-{number}",
            label=order.name,
        )

    def refused(self, number: int) -> Change:
        change = self.creation(number)
        assert isinstance(change.body, Order)
        return replace(
            change,
            body=replace(change.body, attributes={**change.body.attributes, "sentos.channel_id": "77"}),
        )

    def unsupported(self) -> Change:
        return Change("c", Entity.PRODUCT, Verb.CREATE, "s")

    def effects(self) -> int:
        return len(self.sandbox.effects())

    def fail_write(self, how: harness.Fault, times: int | None = 1) -> None:
        names = {
            "before": "timeout_before",
            "after": "timeout_after",
            "throttled": "throttle",
            "unauthorised": "expired_token",
        }
        self.sandbox.fault(names[how], times, match={"operation": "orders.create"})

    def fail_page(self, good_pages: int) -> None:
        self.sandbox.fault("server_error", None, match={"operation": "products.list"}, after=good_pages)

    def lock_out(self) -> None:
        self.sandbox.post("/settings", {"key": "changed"})

    def spoil_product(self) -> str | None:
        number = sorted(self.product_ids())[0]
        self.sandbox.post(
            f"/products/{number}", {"name": None, "invoice_name": None, "sale_price": {"raw": {"odd": 1}}}
        )
        return number

    def move_stock(self, item: StockItem, place: str, pieces: int) -> None:
        row = {"sku": item.sku, "warehouse": int(place), "stock": pieces}
        self.sandbox.post("/stock", {"changes": [row]})


@contextmanager
def world() -> Iterator[Sandbox]:
    """One sandbox for all tests of a module; every test begins with a reset."""
    with sandbox("sentos", products=PRODUCTS, dirt=0, speed=SPEED) as running:
        yield running


def make(running: Sandbox) -> SentosHarness:
    """A fresh tenant."""
    return SentosHarness(running)
