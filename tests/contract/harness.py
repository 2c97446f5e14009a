"""What the contract suite asks of a platform under test. One subclass a platform, with its world behind
it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from sync.connectors.contract import Connector
from sync.model.call import Change
from sync.model.entity import Entity
from sync.model.ports import Clock
from sync.model.stock import StockItem

Fault = Literal["before", "after", "throttled", "unauthorised"]


class Harness(ABC):
    """A platform with at least five products (some with variants, pictures and stock) and no orders.

    `writes` is the entity that `creation` creates; `known_choice` a word for which `choices` has entries;
    `clock` the one that its connectors are handed."""

    name: str
    clock: Clock
    writes: Entity
    known_choice: str

    @abstractmethod
    def connect(self, *, good_key: bool = True, reachable: bool = True) -> Connector:
        """A new connector; with a wrong key, or to where nobody listens, if told so."""

    @abstractmethod
    def product_ids(self) -> set[str]:
        """The ids of all products, from the platform itself."""

    @abstractmethod
    def a_sku(self) -> tuple[str, str]:
        """(SKU, id of the one product that has it)."""

    @abstractmethod
    def place_orders(self, count: int) -> set[str]:
        """Makes orders as a buyer would; their ids as the platform's API tells them."""

    @abstractmethod
    def creation(self, number: int) -> Change:
        """A create that the platform accepts; another number, another record and another key."""

    @abstractmethod
    def refused(self, number: int) -> Change:
        """A create that the platform refuses for a reason that lies in the record."""

    @abstractmethod
    def unsupported(self) -> Change:
        """A change that the platform cannot carry out at all."""

    @abstractmethod
    def effects(self) -> int:
        """How many writes the platform has really carried out."""

    @abstractmethod
    def fail_write(self, how: Fault, times: int | None = 1) -> None:
        """The next creates fail: "before" nothing happens and no answer comes, "after" it happens and no
        answer comes, "throttled" the platform says it is too much, "unauthorised" it refuses the key.
        None: for ever."""

    @abstractmethod
    def fail_page(self, good_pages: int) -> None:
        """Product pages fail for ever, after so many good ones."""

    @abstractmethod
    def lock_out(self) -> None:
        """From now on the platform refuses the key."""

    @abstractmethod
    def spoil_product(self) -> str | None:
        """Makes one product such that parts of it cannot be understood; its id. None if this platform
        cannot be dirty."""

    # ── stock ───────────────────────────────────────────────────────────────────────────────────────────────

    @abstractmethod
    def move_stock(self, item: StockItem, place: str, pieces: int) -> None:
        """A sale or a delivery at the platform itself: from now on `pieces` are available there."""


class StockHarness(Harness):
    """A platform at which stock is written."""

    @abstractmethod
    def stop_counting(self, item: StockItem) -> None:
        """Makes an item untracked."""

    @abstractmethod
    def unstock(self, item: StockItem, place: str) -> None:
        """Makes an item not stocked at a place."""

    def fail_stock_write(self, how: Fault, times: int | None = 1) -> None:
        """`fail_write` for stock calls."""
        self.fail_write(how, times)
