"""Shopify's connector against its sandbox process, under the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import requests

from sync.connectors.contract import Services
from sync.connectors.registry import spec
from sync.connectors.shopify import ShopifyConnector
from sync.model.call import Change, Verb
from sync.model.entity import Entity
from sync.model.product import Level, Media, Product, Variant
from sync.model.stock import StockItem
from sync.model.values import Money
from tests.contract import harness
from tests.contract.doubles import MemoryKeep, Trace, account, services
from tests.contract.sandboxes import Sandbox, sandbox

SPEED = 300
PRODUCTS = 110
TOKEN = "shpat_sandbox_token"
SHOP = "demo-store.myshopify.com"


def lira(amount: str) -> Money:
    """So many liras."""
    return Money(Decimal(amount), "TRY")


def a_product(number: int, locations: tuple[str, ...] = (), variants: int = 4, pictures: int = 0) -> Product:
    """A product as the product manager hands it over: colours and sizes, prices, first stock."""
    made = tuple(
        Variant(
            "",
            sku=f"NEW-{number}-{n}",
            barcode=f"869{number:05d}{n:05d}",
            options=(("Renk", f"Renk {n // 50}"), ("Beden", f"B{n % 50}")),
            price=lira("199.90"),
            cost=lira("80.00"),
            tracked=True,
            levels=tuple(Level(location, 5 + n) for location in locations),
        )
        for n in range(variants)
    )
    files = tuple(Media("", f"http://127.0.0.1:9/{number}-{n}.jpg", f"alt {n}") for n in range(pictures))
    return Product(
        "",
        title=f"Elbise {number} 👗",
        description="<p>Güzel</p>",
        vendor="Moda",
        tags=("yaz", "yeni"),
        status="active",
        option_names=("Renk", "Beden"),
        variants=made,
        media=files,
    )


class ShopifyHarness(harness.StockHarness):
    """A sandbox of three pages of products."""

    name, writes, known_choice = "shopify", Entity.PRODUCT, "locations"

    def __init__(self, world: Sandbox, products: int = PRODUCTS, speed: float = SPEED) -> None:
        self.sandbox, self.keep, self.speed = world, MemoryKeep(), speed
        self.services: Services = services(speed, self.keep)
        self.clock = self.services.clock
        world.post("/reset")
        world.post("/settings", {"search_lag": 0, "media_delay": 0, "fetch_media": "off"})
        if products:
            world.post("/seed", {"products": products - 1})
            world.post("/products", a_pictured_product())
        self.connect().prepare()
        self._before = len(world.effects())

    def connect(self, *, good_key: bool = True, reachable: bool = True, **settings: str) -> ShopifyConnector:
        shopify = spec("shopify")
        url = self.sandbox.url if reachable else "http://127.0.0.1:1"
        values = shopify.normalise({"shop": SHOP, **settings})
        token = TOKEN if good_key else "shpat_wrong"
        made: Any = shopify.open(
            account(url, {"access_token": token}, speed=self.speed, base_url=url, **values),
            self.services,
        )
        return made  # type: ignore[no-any-return]

    @property
    def trace(self) -> Trace:
        """What the connectors reported."""
        found: Any = self.services.trace
        return found  # type: ignore[no-any-return]

    def product_ids(self) -> set[str]:
        return {product["id"] for product in self.sandbox.get("/state")["products"]}

    def a_sku(self) -> tuple[str, str]:
        product = next(
            p
            for p in self.sandbox.get("/state")["products"]
            if len(p["variants"]) > 1 and p["variants"][0]["sku"]
        )
        return product["variants"][0]["sku"], product["id"]

    def place_orders(self, count: int) -> set[str]:
        return {order["id"] for order in self.sandbox.post("/orders", {"count": count})["orders"]}

    def creation(self, number: int) -> Change:
        return Change(
            f"c{number}",
            Entity.PRODUCT,
            Verb.CREATE,
            f"s{number}",
            body=a_product(number),
            key=f"key-{number}",
        )

    def refused(self, number: int) -> Change:
        change = self.creation(number)
        assert isinstance(change.body, Product)
        return replace(change, body=replace(change.body, title="x" * 256))

    def unsupported(self) -> Change:
        return Change("c", Entity.ORDER, Verb.CREATE, "s")

    def effects(self) -> int:
        """Products made: one create is many entries of the ledger."""
        new = self.sandbox.effects()[self._before :]
        return sum(effect["kind"] == "product.created" for effect in new) if self._made(new) else len(new)

    @staticmethod
    def _made(effects: list[dict[str, Any]]) -> bool:
        return any(effect["kind"] == "product.created" for effect in effects)

    def fail_write(self, how: harness.Fault, times: int | None = 1) -> None:
        names = {
            "before": "timeout_before",
            "after": "timeout_after",
            "throttled": "throttle",
            "unauthorised": "expired_token",
        }
        self.sandbox.fault(names[how], times, match={"operation": "productSet"})

    def fail_page(self, good_pages: int) -> None:
        self.sandbox.fault("server_error", None, match={"operation": "products"}, after=good_pages)

    def lock_out(self) -> None:
        self.sandbox.fault("expired_token", None)

    def spoil_product(self) -> str | None:
        return None

    def move_stock(self, item: StockItem, place: str, pieces: int) -> None:
        self.sandbox.post("/stock", {"sku": item.sku, "location": place, "available": pieces})
        self._before = len(self.sandbox.effects())

    def unstock(self, item: StockItem, place: str) -> None:
        level = self._query(
            "query($id: ID!, $place: ID!) "
            "{ inventoryItem(id: $id) { inventoryLevel(locationId: $place) { id } } }",
            {"id": item.item_id, "place": place},
        )["inventoryItem"]["inventoryLevel"]["id"]
        self._ask(
            "mutation($id: ID!) { inventoryDeactivate(inventoryLevelId: $id) { userErrors { message } } }",
            level,
        )

    def stop_counting(self, item: StockItem) -> None:
        self._ask(
            "mutation($id: ID!) { inventoryItemUpdate(id: $id, input: { tracked: false }) "
            "{ userErrors { message } } }",
            item.item_id,
        )

    def _ask(self, mutation: str, id: str) -> None:
        """What a person would do in the shop's admin."""
        payload = next(iter(self._query(mutation, {"id": id}).values()))
        assert payload["userErrors"] == []
        self._before = len(self.sandbox.effects())

    def _query(self, text: str, variables: dict[str, str]) -> Any:
        return requests.post(
            f"{self.sandbox.url}/admin/api/2026-10/graphql.json",
            json={"query": text, "variables": variables},
            headers={"X-Shopify-Access-Token": TOKEN},
            timeout=30,
        ).json()["data"]

    def fail_stock_write(self, how: harness.Fault, times: int | None = 1) -> None:
        names = {
            "before": "timeout_before",
            "after": "timeout_after",
            "throttled": "throttle",
            "unauthorised": "expired_token",
        }
        for operation in ("inventorySetQuantities", "inventoryAdjustQuantities"):
            self.sandbox.fault(names[how], times, match={"operation": operation})


def a_pictured_product() -> dict[str, Any]:
    """ProductSetInput of a product with a picture, made by hand."""
    return {
        "title": "Resimli",
        "files": [{"originalSource": "http://127.0.0.1:9/hand.jpg", "contentType": "IMAGE"}],
        "productOptions": [{"name": "Title", "position": 1, "values": [{"name": "Default Title"}]}],
        "variants": [{"optionValues": [{"optionName": "Title", "name": "Default Title"}], "sku": "HAND-1"}],
    }


@contextmanager
def world() -> Iterator[Sandbox]:
    """One sandbox for all tests of a module; every test begins with a reset."""
    with sandbox("shopify", speed=SPEED) as running:
        yield running


def make(running: Sandbox) -> ShopifyHarness:
    """A fresh store."""
    return ShopifyHarness(running)
