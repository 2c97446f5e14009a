"""The reference connector under the contract suite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from sync.connectors.contract import Connector
from sync.connectors.memory import Fault, MemoryConnector, Store
from sync.errors import NotAuthorised, OutcomeUnknown, Transient
from sync.model.call import Change, Verb
from sync.model.entity import Entity
from sync.model.order import Order, OrderLine
from sync.model.product import Level, Media, Product, Variant
from sync.model.stock import StockItem
from sync.model.support import Choice
from sync.model.values import Money
from tests.contract import harness
from tests.contract.doubles import services

PRICE = Money(Decimal("12.30"), "TRY")
PLACED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def a_product(number: int) -> Product:
    """A product of one variant, one picture and one stock row."""
    variant = Variant("", sku=f"SKU-{number}", price=PRICE, levels=(Level("1", number),))
    return Product(
        f"p-{number}",
        title=f"Product {number}",
        tags=("sale",) if number % 2 else (),
        variants=(variant,),
        media=(Media("", "https://x.example/1"),),
    )


def an_order(number: int) -> Order:
    """An order of one line."""
    line = OrderLine("1", "SKU-1", "Product 1", 1, PRICE, Money(Decimal(0), "TRY"), PRICE)
    return Order(f"o-{number}", f"#{number}", PLACED, PLACED, "TRY", PRICE, lines=(line,))


class MemoryHarness(harness.StockHarness):
    """A store of five products."""

    name, writes, known_choice = "memory", Entity.PRODUCT, "locations"

    def __init__(self) -> None:
        self.store = Store(choices={"locations": [Choice("1", "Shop")]}, visible_after=30.0)
        self._services = services(300)
        self.clock = self._services.clock
        self.store.add(a_product(number) for number in range(1, 6))

    def connect(self, *, good_key: bool = True, reachable: bool = True) -> Connector:
        self.store.authorised = good_key
        if not reachable:
            self.store.faults.append(Fault(Transient("Nobody answers."), "check", 99))
        return MemoryConnector(self.store, self._services)

    def product_ids(self) -> set[str]:
        return set(self.store.products)

    def a_sku(self) -> tuple[str, str]:
        return "SKU-3", "p-3"

    def place_orders(self, count: int) -> set[str]:
        self.store.add(an_order(number) for number in range(count))
        return set(self.store.orders)

    def creation(self, number: int) -> Change:
        body = Product("", title=f"New {number}", variants=(Variant("", sku=f"NEW-{number}", price=PRICE),))
        return Change(f"c{number}", Entity.PRODUCT, Verb.CREATE, f"s{number}", body=body, key=f"key-{number}")

    def refused(self, number: int) -> Change:
        return Change(
            f"c{number}", Entity.PRODUCT, Verb.CREATE, f"s{number}", body=Product(""), key=f"key-{number}"
        )

    def unsupported(self) -> Change:
        return Change("c", Entity.CUSTOMER, Verb.CREATE, "s")

    def effects(self) -> int:
        return len(self.store.done)

    def fail_write(self, how: harness.Fault, times: int | None = 1) -> None:
        errors = {
            "before": Transient("No answer."),
            "after": OutcomeUnknown("No answer."),
            "unauthorised": NotAuthorised("No."),
            "throttled": None,
        }
        error = errors[how]
        if error is not None:
            self.store.faults.append(Fault(error, "send", times or 10**6, applied=how == "after"))

    def fail_page(self, good_pages: int) -> None:
        self.store.faults.append(Fault(Transient("No answer."), "read", 10**6, after_calls=good_pages))

    def lock_out(self) -> None:
        self.store.authorised = False

    def spoil_product(self) -> str | None:
        return None

    def move_stock(self, item: StockItem, place: str, pieces: int) -> None:
        self._levels(item, [Level(place, pieces)], place)

    def unstock(self, item: StockItem, place: str) -> None:
        self._levels(item, [], place)

    def stop_counting(self, item: StockItem) -> None:
        product, variant = self._owner(item)
        self.store.put_variant(product.id, replace(variant, tracked=False))

    def _levels(self, item: StockItem, made: list[Level], place: str) -> None:
        product, variant = self._owner(item)
        kept = [level for level in variant.levels if level.location_id != place]
        self.store.put_variant(product.id, replace(variant, levels=(*kept, *made)))

    def _owner(self, item: StockItem) -> tuple[Product, Variant]:
        found = self.store.owner(item.item_id)
        assert found is not None
        return found


@contextmanager
def world() -> Iterator[object]:
    """Nothing that lives longer than a test."""
    yield None


def make(_: object) -> MemoryHarness:
    """A fresh platform."""
    return MemoryHarness()
