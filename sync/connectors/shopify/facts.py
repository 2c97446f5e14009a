"""What a connector must know of its shop: currency, locations, sales channels. Kept in memory for some
minutes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sync.connectors.shopify.client import Client
from sync.connectors.shopify.wire.values import nodes
from sync.errors import BrokenContract
from sync.model.ports import Clock
from sync.model.support import Choice
from sync.model.text import say
from sync.model.values import text

T = TypeVar("T")
_FRESH_SECONDS = 600.0


class Facts:
    """Asked by several threads, read once."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Any]] = {}

    def shop(self) -> Mapping[str, Any]:
        """The answer to graphql/shop.graphql."""
        return self._once("shop", lambda: self._client.query("shop").data)

    def currency(self) -> str:
        """ISO code of the shop's currency, in which all variant prices are."""
        code = text((self.shop().get("shop") or {}).get("currencyCode"))
        if not code:
            raise BrokenContract(say("Shopify does not tell the shop's currency."))
        return code

    def max_variants(self) -> int:
        """How many variants this shop may give a product."""
        limits = (self.shop().get("shop") or {}).get("resourceLimits") or {}
        return int(limits.get("maxProductVariants") or 2048)

    def locations(self) -> list[Choice]:
        """Active locations, by name. The stock of a fulfilment service's belongs to its app: nobody else may
        write it."""
        return self._once(
            "locations",
            lambda: [
                Choice(text(row["id"]), text(row["name"]), _location_detail(row), writable=not _foreign(row))
                for row in self._all("locations")
                if row.get("isActive", True)
            ],
        )

    def own_places(self) -> tuple[str, ...]:
        """The merchant's own locations: what "all locations" means. What lies at a fulfilment service is
        counted only where somebody names it, since nothing tells whose stock it is."""
        return tuple(choice.id for choice in self.locations() if choice.writable)

    def channels(self) -> list[Choice]:
        """Publications of sales channels; named by their catalog."""
        return self._once(
            "channels",
            lambda: [
                Choice(
                    text(row["id"]),
                    _channel_name(row),
                    "publishes new products itself" if row.get("autoPublish") else "",
                )
                for row in self._all("publications")
            ],
        )

    def forget(self) -> None:
        """The next question is asked anew."""
        with self._lock:
            self._known.clear()

    def _all(self, name: str) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = []
        after: str | None = None
        while True:
            connection = self._client.query(name, {"after": after}).data[name]
            rows += nodes(connection)
            if not connection["pageInfo"]["hasNextPage"]:
                return rows
            after = connection["pageInfo"]["endCursor"]

    def _once(self, name: str, ask: Callable[[], T]) -> T:
        with self._lock:
            now = self._clock.monotonic()
            at, value = self._known.get(name, (0.0, None))
            if value is None or now - at > _FRESH_SECONDS:
                value = ask()
                self._known[name] = (now, value)
            return value


def _foreign(row: Mapping[str, Any]) -> bool:
    return bool(row.get("isFulfillmentService"))


def _location_detail(row: Mapping[str, Any]) -> str:
    if _foreign(row):
        return "of a fulfilment service, cannot be written"
    return "" if row.get("fulfillsOnlineOrders") else "not for online orders"


def _channel_name(row: Mapping[str, Any]) -> str:
    """The title of the publication's catalog, which Shopify names like the sales channel; else the number of
    its id."""
    return text((row.get("catalog") or {}).get("title")) or text(row["id"]).rpartition("/")[2]
