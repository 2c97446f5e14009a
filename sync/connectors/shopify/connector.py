"""The Shopify connector: the contract over client, reader, batcher, sender and look-up."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from sync.connectors.contract import Services
from sync.connectors.guard import safe_url
from sync.connectors.http import Http
from sync.connectors.shopify import batch, check, spec
from sync.connectors.shopify.bulk import Bulk
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.export import StockExport
from sync.connectors.shopify.facts import Facts
from sync.connectors.shopify.read import ProductReader
from sync.connectors.shopify.read_orders import OrderReader
from sync.connectors.shopify.read_stock import StockReader
from sync.connectors.shopify.send import Sender
from sync.connectors.shopify.wire.inputs import NAMESPACE, RECORD_KEY
from sync.connectors.shopify.wire.values import nodes
from sync.connectors.shopify.written import Lookup
from sync.errors import NeedsOperator, OutcomeUnknown
from sync.model.call import Call, Change, Outcome, Written
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter
from sync.model.ports import Account
from sync.model.support import Check, Choice, Need, Support
from sync.model.text import say

READ_TIMEOUT = 60.0


class ShopifyConnector:
    """One shop. Settings: "shop", "client_id"; for the sandbox "base_url" and "timeout" (seconds). Secrets:
    "client_secret", "access_token"."""

    def __init__(self, account: Account, services: Services) -> None:
        shop, url = _address(account)
        timeout = float(account.settings.get("timeout") or READ_TIMEOUT)
        http = Http(
            url, services.clock, services.trace, allow_private=account.allow_private, timeout=(10.0, timeout)
        )
        self._clock, self._allow_private = services.clock, account.allow_private
        self._client = Client(account, services, shop, url, http)
        self._facts = Facts(self._client, services.clock)
        self._sender = Sender(self._client, services, self._define)
        self._lookup = Lookup(self._client, services, self._sender)
        bulk = Bulk(self._client, services)
        self._products = ProductReader(self._client, self._facts, bulk)
        self._stock = StockReader(self._client, self._facts, StockExport(self._client, services, bulk))
        self._orders = OrderReader(self._client)
        self._prepared = threading.Event()

    def __repr__(self) -> str:
        return f"ShopifyConnector({self._client.shop!r})"

    def check(self, entities: Sequence[Entity | Need] = ()) -> Check:
        return check.check(self._client, self._facts, entities)

    def support(self, entity: Entity) -> Support:
        return spec.supports(entity)

    def read(self, entity: Entity, which: ReadFilter = ReadFilter(), since: str = "") -> Iterator[Page]:
        if entity is Entity.PRODUCT:
            return self._products.read(which, since)
        if entity is Entity.ORDER:
            return self._orders.read(which, since)
        if entity is Entity.STOCK:
            return self._stock.read(which, since)
        raise ValueError(f"Shopify does not read {entity} by itself")

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        return batch.batch(changes, self._clock.now(), self._safe_url)

    def send(self, call: Call) -> list[Outcome]:
        try:
            return self._sender.send(call)
        except OutcomeUnknown:
            self._lookup.lost(call)
            raise

    def useful_in_flight(self, entity: Entity) -> int:
        return max(1, min(self._client.bucket.useful(most := self.support(entity).calls_in_flight), most))

    def find_written(self, call: Call) -> Written:
        return self._lookup.find(call)

    def prepare(self) -> None:
        if not self._prepared.is_set():
            self._define()
            self._prepared.set()

    def choices(self, what: str) -> list[Choice]:
        if what == "locations":
            return self._facts.locations()
        return self._facts.channels() if what == "channels" else []

    def close(self) -> None:
        self._client.close()

    def _safe_url(self, url: str) -> bool:
        return safe_url(url, self._allow_private)

    def _define(self) -> None:
        """Makes the definition of our custom id (type `id`, always unique), if it is not there."""
        asked = {"ownerType": "PRODUCT", "namespace": NAMESPACE}
        found = self._client.query("metafield_definitions", asked).data["metafieldDefinitions"]
        known = {row["key"]: row["type"]["name"] for row in nodes(found)}
        if RECORD_KEY in known:
            if known[RECORD_KEY] != "id":
                raise NeedsOperator(
                    say(
                        "The shop has a product metafield {name} of type {kind}. Delete its definition; "
                        "Counterpart needs one of type id.",
                        name=f"{NAMESPACE}.{RECORD_KEY}",
                        kind=known[RECORD_KEY],
                    )
                )
            return
        wanted = {
            "name": "Counterpart record",
            "namespace": NAMESPACE,
            "key": RECORD_KEY,
            "type": "id",
            "ownerType": "PRODUCT",
            "description": "Which record of another system this product is.",
        }
        payload = self._client.query("metafield_definition_create", {"definition": wanted}).data
        errors = (payload.get("metafieldDefinitionCreate") or {}).get("userErrors") or ()
        if errors and all(e.get("code") != "TAKEN" for e in errors):
            raise NeedsOperator(
                say(
                    "Shopify does not allow the metafield {name}: {reason}",
                    name=f"{NAMESPACE}.{RECORD_KEY}",
                    reason=str(errors[0].get("message")),
                )
            )


def _address(account: Account) -> tuple[str, str]:
    """(shop domain, root of its admin address). Another address than the shop's own is for the sandbox
    only."""
    shop = spec.shop_domain(account.settings.get("shop", ""))
    base = account.settings.get("base_url", "")
    if base and not account.allow_private:
        raise NeedsOperator(say("Only a sandbox connection may have an address of its own."))
    return shop, base or f"https://{shop}"
