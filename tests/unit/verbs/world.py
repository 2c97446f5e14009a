"""Two platforms whose accounts live in a test: the real forms, rules and scopes of Sentos and Shopify, no
network.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from sync.connectors import registry
from sync.connectors.contract import Services
from sync.errors import CounterpartError
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.page import Page, ReadFilter
from sync.model.ports import Account
from sync.model.support import Check, Choice, Missing
from sync.model.text import say


@dataclass
class Tenant:
    """One account at a platform: what it answers, and to whom."""

    identity: str
    secret: str
    facts: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[Choice]] = field(default_factory=dict)
    granted: frozenset[str] | None = None
    orders: list[Order] = field(default_factory=list)


class World:
    """All accounts by address; `down` raises from every call; `tests` counts checks by address; a test waits
    at `gate`.
    """

    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.tests: dict[str, int] = {}
        self.asked: list[str] = []
        self.down: CounterpartError | None = None
        self.gate = threading.Event()
        self.gate.set()

    def specs(self) -> dict[str, Any]:
        """The platforms' own specs, opened onto this world."""
        return {name: replace(registry.SPECS[name], open=self.open) for name in ("sentos", "shopify")}

    def open(self, account: Account, services: Services) -> FakeConnector:
        return FakeConnector(self, account, services)


class FakeConnector:
    """A connector that answers for a tenant if address and secret are right."""

    def __init__(self, world: World, account: Account, services: Services) -> None:
        self.world, self.account, self.services = world, account, services
        self.address = account.settings.get("url") or account.settings.get("shop", "")

    def check(self, entities: Sequence[Entity] = ()) -> Check:
        self.world.tests[self.address] = self.world.tests.get(self.address, 0) + 1
        assert self.world.gate.wait(120)
        self._up()
        tenant = self.world.tenants.get(self.address)
        if tenant is None:
            return Check(False, self._host(), missing=(Missing("host", say("There is no such account.")),))
        given = [self.account.secrets.get(n) for n in ("secret", "access_token", "client_secret")]
        if tenant.secret not in given:
            return Check(False, self._host(), missing=(Missing("credentials", say("The key is refused.")),))
        self.services.keep.put("token", "fetched")
        platform = "sentos" if "url" in self.account.settings else "shopify"
        needed = [scope for entity in entities for scope in registry.spec(platform).scopes(entity)]
        lacking = [] if tenant.granted is None else sorted(set(needed) - tenant.granted)
        missing = tuple(
            Missing(f"scope.{scope}", say("The access scope {scope} is missing.", scope=scope))
            for scope in lacking
        )
        return Check(not missing, tenant.identity, tenant.facts, missing)

    def choices(self, what: str) -> list[Choice]:
        self.world.asked.append(what)
        self._up()
        return list(self.world.tenants[self.address].choices.get(what, ()))

    def read(self, entity: Entity, which: ReadFilter = ReadFilter(), since: str = "") -> Iterator[Page]:
        self._up()
        orders = [
            o
            for o in self.world.tenants[self.address].orders
            if o.placed_at.isoformat() >= which.created_since
        ]
        yield Page(tuple(orders), complete=True)

    def close(self) -> None:
        """Holds nothing."""

    def _host(self) -> str:
        """Sentos tells accounts apart by their address, also when it refuses."""
        return urlsplit(self.address).hostname or "" if "url" in self.account.settings else ""

    def _up(self) -> None:
        if self.world.down is not None:
            raise self.world.down


ERP_URL = "https://ornek.sentos.com.tr/api"
SHOP = "moda.myshopify.com"


def furnished() -> World:
    """A world with one Sentos firm, two shops, places and lists."""
    world = World()
    world.tenants[ERP_URL] = Tenant(
        "ornek.sentos.com.tr",
        "s3cret-erp",
        {"firm": "ornek.sentos.com.tr", "sign_in": "Basic"},
        {
            "warehouses": [Choice("1", "Merkez"), Choice("2", "Depo 2")],
            "sales_channels": [Choice("7", "Shopify"), Choice("8", "Mağaza")],
            "price_lists": [
                Choice("", "Sale price of the product"),
                Choice("shopify", "shopify"),
                Choice("b2c", "b2c"),
            ],
            "payment_methods": [
                Choice(n, n)
                for n in (
                    "KREDIKARTI/BANKAKARTI",
                    "EFT/HAVALE",
                    "NAKIT",
                    "KAPIDAODEME/NAKIT",
                    "KAPIDAODEME/KREDIKARTI",
                )
            ],
            "order_statuses": [Choice(n, n) for n in ("1", "2", "3", "4", "5", "6", "99")],
        },
    )
    places = {
        "locations": [Choice("gid://shopify/Location/1", "Depo")],
        "channels": [
            Choice("gid://shopify/Publication/1", "Online Store"),
            Choice("gid://shopify/Publication/2", "POS"),
        ],
    }
    world.tenants[SHOP] = Tenant(
        "gid://shopify/Shop/1", "shpat_one", {"shop": "Moda", "currency": "TRY", "plan": "Basic"}, places
    )
    world.tenants["ikinci.myshopify.com"] = Tenant(
        "gid://shopify/Shop/2", "shpat_two", {"shop": "İkinci", "currency": "TRY"}, places
    )
    return world


SENTOS_FORM = ({"url": "ornek"}, {"key": "k", "secret": "s3cret-erp"})
SHOPIFY_FORM = ({"shop": "moda"}, {"access_token": "shpat_one"})
