"""Sentos behind the contract of `sync.connectors.contract`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sync.connectors.contract import Services
from sync.connectors.http import UnknownHost, WebPage
from sync.connectors.sentos import writing
from sync.connectors.sentos.catalog import Catalog, named
from sync.connectors.sentos.client import Client
from sync.connectors.sentos.reading import OrderReader, ProductReader
from sync.connectors.sentos.settings import firm_host, profile
from sync.connectors.sentos.statuses import NO_SUCH_PLACE
from sync.connectors.sentos.stock import StockReader
from sync.errors import BrokenContract, NeedsOperator, NotAuthorised
from sync.model.call import Call, Change, Outcome, Written
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter
from sync.model.ports import Account
from sync.model.support import Check, Choice, Missing, Need, Support
from sync.model.text import Message, say

PRODUCT_FIELDS = frozenset(
    {"title", "description", "vendor", "product_type", "options", "images", "metafields"}
)
VARIANT_FIELDS = frozenset({"price", "compare_at", "cost", "sku", "barcode", "tracked", "stock"})
ORDER_FIELDS = frozenset(
    {"status", "lines", "total", "shipping", "buyer", "billing", "delivery", "tracking", "note"}
)

SUPPORT: dict[Entity, Support] = {
    Entity.PRODUCT: Support(PRODUCT_FIELDS),
    Entity.VARIANT: Support(VARIANT_FIELDS),
    Entity.MEDIA: Support(frozenset({"url"})),
    Entity.STOCK: Support(frozenset({"available"})),
    Entity.ORDER: Support(
        ORDER_FIELDS,
        frozenset({"status"}),
        {"status": writing.ADVANCE},
        creates=True,
        updates=True,
        settle_seconds=writing.SETTLE_SECONDS,
    ),
}
# What an entity needs, tried out by `check` where it is not covered by signing in.
PROBES: dict[Entity | Need, tuple[str, Message]] = {
    Entity.ORDER: ("/sales-channels", say("The API user may not see the sales channels.")),
}


def supports(entity: Entity) -> Support:
    """What Sentos can do with the entity."""
    return SUPPORT.get(entity, Support())


class SentosConnector:
    """One Sentos tenant."""

    def __init__(self, account: Account, services: Services) -> None:
        url = account.settings["url"]
        self._host = firm_host(url)
        self._client = Client(account, services, url, profile(account.settings))
        self._catalog = Catalog(self._client, services.clock)
        self._products = ProductReader(
            self._client, self._catalog, account.settings.get("thousands", "ask"), account.allow_private
        )
        self._stock = StockReader(self._products)
        self._orders = OrderReader(self._client, services.clock)
        self._writer = writing.OrderWriter(self._client, self._orders, services.clock)

    def __repr__(self) -> str:
        return f"SentosConnector({self._host!r})"

    def check(self, entities: Sequence[Entity | Need] = ()) -> Check:
        try:
            method = self._client.signed_in_by(tries=1)
            warehouses = named(self._client.get("/warehouses", operation="warehouses.list", tries=1))
        except NotAuthorised as error:
            return self._failed("credentials", error.message)
        except UnknownHost as error:
            return self._failed("host", error.message)
        except NeedsOperator as error:
            return self._failed("firm" if error.message == NO_SUCH_PLACE else "rights", error.message)
        except (BrokenContract, WebPage):
            return self._failed("firm", NO_SUCH_PLACE)
        missing = tuple(flaw for entity in entities for flaw in self._probe(entity))
        facts = {"firm": self._host, "sign_in": method, "warehouses": str(len(warehouses))}
        return Check(not missing, self._host, facts, missing)

    def _failed(self, code: str, message: Message) -> Check:
        return Check(False, self._host, {"firm": self._host}, (Missing(code, message),))

    def _probe(self, entity: Entity | Need) -> tuple[Missing, ...]:
        if entity not in PROBES:
            return ()
        path, message = PROBES[entity]
        try:
            self._client.get(path, tries=1)
        except NeedsOperator:
            return (Missing(f"rights.{entity}", message),)
        return ()

    def support(self, entity: Entity) -> Support:
        return supports(entity)

    def read(self, entity: Entity, which: ReadFilter = ReadFilter(), since: str = "") -> Iterator[Page]:
        readers = {
            Entity.PRODUCT: self._products.pages,
            Entity.ORDER: self._orders.pages,
            Entity.STOCK: self._stock.pages,
        }
        if entity not in readers:
            raise ValueError(f"{entity} is not read on its own")
        return readers[entity](which, since)

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        return writing.batch(changes)

    def send(self, call: Call) -> list[Outcome]:
        return self._writer.send(call)

    def useful_in_flight(self, entity: Entity) -> int:
        return self.support(entity).calls_in_flight

    def find_written(self, call: Call) -> Written:
        return self._writer.find_written(call)

    def prepare(self) -> None:
        """Sentos needs nothing made before an order is written."""

    def choices(self, what: str) -> list[Choice]:
        return self._catalog.choices(what)

    def close(self) -> None:
        self._client.close()
