"""What all that works for one installation works with: database, vault, connectors, clocks, journal.

Who works with it, and when, is put together in `sync/application.py`.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from storage.attention import Attention
from storage.bindings import Bindings, Decisions
from storage.budgets import Budgets
from storage.calls import Calls
from storage.connections import Connections, KeepStore
from storage.database import Database
from storage.fires import Fires
from storage.links import Cursors, Links
from storage.logs import Logs
from storage.order_pieces import OrderPieces
from storage.oslock import ProcessLock
from storage.partitions import Partitions
from storage.paths import DataPaths
from storage.plans import Plans
from storage.preferences import Preferences
from storage.queue import Queue
from storage.runs import Runs
from storage.staging import Staging
from storage.stock_changes import StockChanges
from storage.stock_differences import StockDifferences
from storage.stock_items import StockItems
from storage.stock_match import StockMatch
from storage.stock_owners import StockOwners
from storage.stock_stages import StockStages
from storage.vault import Vault
from sync.clock import RealClock
from sync.connectors import registry
from sync.connectors.contract import Connector, Services
from sync.errors import CounterpartError
from sync.journal import Journal
from sync.model.flow import Connection
from sync.model.ports import Account
from sync.model.run import Run
from sync.recipe import Recipe
from sync.shared_budgets import shared_budgets
from sync.spending import Spending

Kept = TypeVar("Kept")


class Workspace(ABC):
    """Everything one process works with. Threads share it."""

    works = False
    """Is this the process that runs stages?"""

    def __init__(self, paths: DataPaths, db: Database, vault: Vault) -> None:
        self.paths, self.db, self.vault = paths, db, vault
        self.stopping = threading.Event()
        self.connections, self.links, self.cursors = Connections(db, vault), Links(db), Cursors(db)
        self.logs, self.preferences = Logs(db), Preferences(db)
        self.bindings, self.decisions = Bindings(db), Decisions(db)
        self.attention = Attention(db, self.logs)
        self.runs, self.queue, self.staging, self.calls = Runs(db), Queue(db), Staging(db), Calls(db)
        self.plans = Plans(db, self.bindings, self.attention)
        self.stock_items, self.stock_match = StockItems(db), StockMatch(db)
        self.stock_changes, self.stock_differences = StockChanges(db), StockDifferences(db)
        self.stock_stages, self.stock_owners = StockStages(db), StockOwners(db)
        self.order_pieces = OrderPieces(db)
        self.spending, self.budgets, self.journal = Spending(), Budgets(db), Journal(self.logs)
        self.partitions, self.fires = Partitions(db), Fires(db)
        self.lock = ProcessLock(paths.lock_file)
        self._connectors: dict[str, Connector] = {}
        self._clocks: dict[str, RealClock] = {}
        self._kept: dict[type, Any] = {}
        self._guard = threading.RLock()

    # -- what the application says ---------------------------------------------------------------------------

    @abstractmethod
    def manager_of(self, entity: str) -> Recipe:
        """The manager of an entity's flows."""

    @abstractmethod
    def manager(self, run: Run) -> Recipe:
        """The manager of a run."""

    @abstractmethod
    def wake(self) -> None:
        """Something became due: whoever works looks at once."""

    @abstractmethod
    def run_finished(self, run: Run, error: CounterpartError | None = None) -> None:
        """Told at the end of every run, however it ended; `error` is what it failed with."""

    # -- what is shared --------------------------------------------------------------------------------------

    def one(self, kind: type[Kept], make: Callable[[], Kept]) -> Kept:
        """The one `kind` of this workspace, made on first use: what keeps something for all who ask."""
        with self._guard:
            if kind not in self._kept:
                self._kept[kind] = make()
            found: Kept = self._kept[kind]
            return found

    def clock(self, connection: Connection) -> RealClock:
        """The connection's clock: one per connection, so that its windows and buckets share one time."""
        with self._guard:
            clock = self._clocks.get(connection.id)
            if clock is None or clock.speed != connection.speed:
                clock = self._clocks[connection.id] = RealClock(connection.speed)
            return clock

    def connector(self, connection_id: str) -> Connector:
        """The one connector of a connection in this process: its budget is shared by all who use it."""
        with self._guard:
            if connection_id not in self._connectors:
                self._connectors[connection_id] = self.open_connector(self.connections.get(connection_id))
            return self._connectors[connection_id]

    def open_connector(self, connection: Connection, secrets: Mapping[str, str] | None = None) -> Connector:
        """A connector for a stored connection."""
        account = Account(
            connection.id,
            connection.settings,
            self.connections.secrets(connection.id),
            speed=connection.speed,
            allow_private=connection.sandbox or connection.settings.get("allow_private") == "true",
        )
        services = Services(
            self.clock(connection),
            KeepStore(self.db, self.vault, connection.id),
            self.spending.trace(connection.id),
            shared_budgets(self.budgets, connection),
        )
        return registry.spec(connection.platform).open(account, services)

    def forget_connector(self, connection_id: str) -> None:
        """After an edit: the next use opens a new one."""
        with self._guard:
            gone = self._connectors.pop(connection_id, None)
            self._clocks.pop(connection_id, None)
        if gone is not None:
            gone.close()

    def close(self) -> None:
        """Gives back what it holds."""
        for connection_id in list(self._connectors):
            self.forget_connector(connection_id)
        self.db.close()
