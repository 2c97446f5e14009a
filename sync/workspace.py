"""The one place where parts meet: database, vault, connectors, clock, managers, executor.

`shared()` is the workspace of this process, kept where a hot reload cannot make a second one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from storage.attention import Attention
from storage.bindings import Bindings, Decisions
from storage.budgets import Budgets
from storage.calls import Calls
from storage.clock import utc_now
from storage.collector import calm
from storage.connections import Connections, KeepStore
from storage.database import Database, open_database
from storage.fires import Fires
from storage.links import Cursors, Links
from storage.logs import Logs
from storage.order_pieces import OrderPieces
from storage.oslock import ProcessLock
from storage.partitions import Partitions
from storage.paths import DataPaths, data_paths
from storage.plans import Plans
from storage.preferences import LONG_AGO, RESTORED_AT, Preferences
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
from sync.model.entity import Entity
from sync.model.flow import Connection
from sync.model.ports import Account
from sync.model.run import Run, Status
from sync.model.text import say
from sync.queue import fence
from sync.queue.dispatch import make_dispatcher, works_here
from sync.shared_budgets import shared_budgets
from sync.spending import Spending

if TYPE_CHECKING:
    from sync.managers.base import SyncManager

_HOLDER = "_counterpart_workspace"


class Workspace:
    """Everything one process works with. Threads share it."""

    def __init__(self, paths: DataPaths, db: Database, vault: Vault) -> None:
        from sync.managers.journal import Journal
        from sync.managers.orders import OrderSyncManager
        from sync.managers.products import ProductSyncManager
        from sync.managers.stock import StockSyncManager
        from sync.managers.trial import Trial
        from sync.managers.undo import Undo
        from sync.managers.verbs.checks import Checks
        from sync.managers.verbs.runs import RunVerbs
        from sync.managers.verbs.stock import StockVerbs
        from sync.queue.schedule import Schedules

        self.paths, self.db, self.vault = paths, db, vault
        db.guard = fence.check  # what a worker stores counts only while its partition is its own
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
        self.spending, self.budgets, self.journal = Spending(), Budgets(db), Journal(self)
        self.lock = ProcessLock(paths.lock_file)
        self.products, self.orders = ProductSyncManager(self), OrderSyncManager(self)
        self.stock = StockSyncManager(self)
        self.undo = Undo(self)
        self.partitions, self.fires = Partitions(db), Fires(db)
        self.executor = make_dispatcher(self, self._at_leisure)
        self.trial = Trial(self)
        self.checks, self.run_verbs = Checks(self), RunVerbs(self)
        self.stock_verbs = StockVerbs(self)
        self.schedules = Schedules(self, self.run_verbs.start_scheduled)
        self._connectors: dict[str, Connector] = {}
        self._clocks: dict[str, RealClock] = {}
        self._guard = threading.RLock()
        self._works, self._sandboxes = False, db.dialect == "sqlite"

    # -- who does what ---------------------------------------------------------------------------------------

    def manager_of(self, entity: str) -> SyncManager:
        known: dict[str, SyncManager] = {Entity.ORDER.value: self.orders, Entity.STOCK.value: self.stock}
        return known.get(entity, self.products)

    def manager(self, run: Run) -> SyncManager:
        entity = self.links.flow(run.flow_id).entity
        return self.undo.of(entity) if run.scope.undo_of else self.manager_of(entity.value)

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

    def run_finished(self, run: Run) -> None:
        """Told at the end of every run, however it ended."""
        flow = self.links.flow(run.flow_id)
        self.journal.run_finished(run, flow)
        try:
            self.trial.run_finished(run, flow)
        except (
            CounterpartError
        ) as error:  # the run itself has ended well; the sandbox's orders are a trouble of their own
            self.journal.failed(run, error)

    # -- life ------------------------------------------------------------------------------------------------

    @property
    def works(self) -> bool:
        """Is this the process that runs stages?"""
        return self._works

    def start(self, *, always: bool = False) -> bool:
        """Begins to work; answers whether this process does. On SQLite one process may; on PostgreSQL any
        number, of which the one that holds the lock of its data folder runs the sandboxes. `always`: even
        where the environment leaves the work to `python -m sync worker`."""
        with self._guard:
            if self._works or not (always or works_here()):
                return self._works
            first = self.lock.acquire()
            if first or self.db.dialect == "postgresql":
                self.stopping.clear()
                self._works, self._sandboxes = True, first
                after_restore(self)
                if first:
                    self.trial.resume()
                self.executor.start()
                self.schedules.start()
            return self._works

    def _at_leisure(self) -> None:
        """Called by the dispatcher every moment. The sandboxes of a data folder go on with another of its
        workers when the one that ran them is gone."""
        from sync.managers.requests import serve_requests

        if self._works and not self._sandboxes and self.lock.holder() is None and self.lock.acquire():
            self._sandboxes = True
            self.trial.resume()
        if self._sandboxes:
            serve_requests(self)

    def stop(self) -> None:
        """Ends the work at its next safe point and gives the lock back. The stages at work may still need the
        guard meanwhile."""
        with self._guard:
            working, self._works = self._works, False
        if working:
            self.schedules.stop()
            self.executor.stop()
            self.trial.stop()
            self.lock.release()

    def close(self) -> None:
        """Stops what this process started and gives everything back."""
        self.stop()
        self.executor.stop()
        self.trial.stop()
        for connection_id in list(self._connectors):
            self.forget_connector(connection_id)
        self.db.close()


def after_restore(ws: Workspace) -> None:
    """After a backup was put back its live runs are behind the world: they are closed, and the next runs read
    both sides anew and look up what was written since by the marks at the target, before anything is sent
    again."""
    if ws.preferences.get(RESTORED_AT) == LONG_AGO:
        return
    for run in ws.runs.list(live=True, limit=1000):
        reason = say("Closed because a backup was put back. Start the flow again.")
        ws.runs.update(run.id, status=Status.CANCELLED, error=reason, finished_at=utc_now())
    ws.queue.drop_all()
    ws.preferences.set(RESTORED_AT, LONG_AGO)


def open_workspace(env: Mapping[str, str] | None = None) -> Workspace:
    """The workspace of a data folder. Raises NeedsOperator when the key does not fit the database."""
    calm()
    paths = data_paths(env)
    db = open_database(paths.database_url)
    return Workspace(paths, db, Vault.open(paths.folder, env, db=db))


def _holder() -> Any:
    holder = sys.modules.setdefault(_HOLDER, ModuleType(_HOLDER))
    holder.__dict__.setdefault("lock", threading.RLock())
    return holder


def shared() -> Workspace:
    """The workspace of this process, opened on first use."""
    holder = _holder()
    with holder.lock:
        if getattr(holder, "workspace", None) is None:
            holder.workspace = open_workspace()
        workspace: Workspace = holder.workspace
        return workspace


def hand_in(workspace: Workspace | None) -> None:
    """Use this workspace in this process from now on (tests); None: open one again when next asked."""
    holder = _holder()
    with holder.lock:
        holder.workspace = workspace
