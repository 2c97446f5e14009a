"""Small lists that hardly ever change, fetched at most every six hours: warehouses, categories, sales
channels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from sync.connectors.sentos.client import Client
from sync.connectors.sentos.order_body import PAYMENT_METHODS
from sync.connectors.sentos.prices import BASE
from sync.connectors.sentos.shapes import id_of, list_of, object_of, text_of
from sync.connectors.sentos.wire import category_paths, unwrapped
from sync.connectors.sentos.wire_orders import STATUSES
from sync.model.ports import Clock
from sync.model.support import Choice

KEPT_SECONDS = 6 * 3600.0
# Price lists of the official create example (quoted in ozgecelikli/sentos_api), and those that live data
# adds.
KNOWN_LISTS = (
    "shopify",
    "b2c",
    "n11",
    "trendyol",
    "hepsiburada",
    "ciceksepeti",
    "epttavm",
    "pazarama",
    "modanisa",
    "pasaj",
    "amazon",
    "beymen",
    "lcw",
    "joom",
    "etsy",
    "hepsiglobal",
    "exporgin",
    "woo",
    "idea",
    "hipotenus",
    "opencart",
    "ethica",
    "ikas",
)


class Catalog:
    """A tenant's small lists. Safe between threads."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._kept: dict[str, tuple[float, Any]] = {}
        self._lists: dict[str, None] = {}
        self._lock = threading.Lock()

    def categories(self) -> Mapping[str, tuple[str, ...]]:
        """Category id → names from the root."""
        found: Mapping[str, tuple[str, ...]] = self._cached("/categories", "categories.list", category_paths)
        return found

    def saw_lists(self, names: set[str]) -> None:
        """Price lists met in a product become choices."""
        with self._lock:
            self._lists |= dict.fromkeys(sorted(names))

    def choices(self, what: str) -> list[Choice]:
        """The choices of one kind; [] for a kind that Sentos does not have."""
        maker = self._makers().get(what)
        return maker() if maker else []

    def _makers(self) -> dict[str, Callable[[], list[Choice]]]:
        return {
            "warehouses": lambda: self._cached("/warehouses", "warehouses.list", named),
            "sales_channels": lambda: self._cached("/sales-channels", "channels.list", named),
            "categories": self._category_choices,
            "price_lists": self._price_lists,
            "payment_methods": lambda: [Choice(name, name) for name in PAYMENT_METHODS],
            "order_statuses": lambda: [Choice(code, name) for code, name in STATUSES.items()],
        }

    def _category_choices(self) -> list[Choice]:
        paths = self.categories()
        return sorted(
            (Choice(number, path[-1], " > ".join(path)) for number, path in paths.items()),
            key=lambda choice: choice.detail,
        )

    def _price_lists(self) -> list[Choice]:
        names = dict.fromkeys((*KNOWN_LISTS, *self._lists))
        names.pop(BASE, None)
        return [Choice(BASE, "Sale price of the product"), *(Choice(name, name) for name in names)]

    def _cached(self, path: str, operation: str, read: Callable[[Any], Any]) -> Any:
        now = self._clock.monotonic()
        with self._lock:
            known = self._kept.get(path)
        if known is None or now - known[0] > KEPT_SECONDS:
            known = (now, read(self._client.get(path, operation=operation)))
            with self._lock:
                self._kept[path] = known
        return known[1]


def named(raw: Any) -> list[Choice]:
    """Entries with id and name out of a bare array, a `data` wrapper or an object of groups."""
    entries = unwrapped(raw)
    if isinstance(raw, Mapping) and "data" not in raw and "id" not in raw:
        entries = [entry for group in raw.values() for entry in list_of(group)]
    cells = [object_of(entry) for entry in entries]
    return [
        Choice(id_of(c.get("id")), text_of(c.get("name")) or id_of(c.get("id")))
        for c in cells
        if id_of(c.get("id"))
    ]
