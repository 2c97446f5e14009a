"""The one place where everything meets: a workspace, the managers that work with it, and the dispatcher that
lets them.

`shared()` is the application of this process, kept where a hot reload cannot make a second one.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from storage.clock import utc_now
from storage.collector import calm
from storage.database import Database
from storage.opening import open_database
from storage.paths import DataPaths, data_paths
from storage.preferences import LONG_AGO, RESTORED_AT, STOCK_SINCE
from storage.vault import Vault
from sync import fence
from sync.errors import CounterpartError
from sync.managers.access import after_refusal, after_success
from sync.managers.base import SyncManager
from sync.managers.orders import OrderSyncManager
from sync.managers.products import ProductSyncManager
from sync.managers.requests import serve_requests
from sync.managers.stock import StockSyncManager
from sync.managers.trial import Trial
from sync.managers.undo import Undo
from sync.managers.verbs.runs import RunVerbs
from sync.managers.verbs.stock import StockVerbs
from sync.model.entity import Entity
from sync.model.run import Run, Status
from sync.model.text import say
from sync.queue.dispatch import make_dispatcher, works_here
from sync.queue.schedule import Schedules
from sync.workspace import Workspace

_HOLDER = "_counterpart_application"


class Application(Workspace):
    """A workspace in which the managers are at work. Threads share it."""

    def __init__(self, paths: DataPaths, db: Database, vault: Vault) -> None:
        super().__init__(paths, db, vault)
        db.guard = fence.check  # what a worker stores counts only while its partition is its own
        self.products, self.orders = ProductSyncManager(self), OrderSyncManager(self)
        self.stock, self.undo = StockSyncManager(self), Undo(self)
        self.run_verbs, self.stock_verbs = RunVerbs(self), StockVerbs(self)
        self.trial = Trial(self)
        self.executor = make_dispatcher(self, self._at_leisure)
        self.schedules = Schedules(self, self.run_verbs.start_scheduled)
        self._sandboxes = db.dialect == "sqlite"

    # -- what a workspace leaves open ------------------------------------------------------------------------

    def manager_of(self, entity: str) -> SyncManager:
        known: dict[str, SyncManager] = {Entity.ORDER.value: self.orders, Entity.STOCK.value: self.stock}
        return known.get(entity, self.products)

    def manager(self, run: Run) -> SyncManager:
        entity = self.links.flow(run.flow_id).entity
        return self.undo.of(entity) if run.scope.undo_of else self.manager_of(entity.value)

    def wake(self) -> None:
        self.executor.wake()

    def run_finished(self, run: Run, error: CounterpartError | None = None) -> None:
        flow = self.links.flow(run.flow_id)
        self.journal.run_finished(run, flow)
        after_refusal(self, run, error)
        if self.works:
            after_success(self, run)
        try:
            self.trial.run_finished(run, flow)
        except (
            CounterpartError
        ) as error:  # the run itself has ended well; the sandbox's orders are a trouble of their own
            self.journal.failed(run, error)

    # -- life ------------------------------------------------------------------------------------------------

    def start(self, *, always: bool = False) -> bool:
        """Begins to work; answers whether this process does. On SQLite one process may; on PostgreSQL any
        number, of which the one that holds the lock of its data folder runs the sandboxes. `always`: even
        where the environment leaves the work to `python -m sync worker`."""
        with self._guard:
            if self.works or not (always or works_here()):
                return self.works
            first = self.lock.acquire()
            if first or self.db.dialect == "postgresql":
                self.stopping.clear()
                self.works, self._sandboxes = True, first
                after_restore(self)
                if first:
                    self.trial.resume()
                self.executor.start()
                self.schedules.start()
            return self.works

    def _at_leisure(self) -> None:
        """Called by the dispatcher every moment. The sandboxes of a data folder go on with another of its
        workers when the one that ran them is gone."""
        if self.works and not self._sandboxes and self.lock.holder() is None and self.lock.acquire():
            self._sandboxes = True
            self.trial.resume()
        if self._sandboxes:
            serve_requests(self, self.trial)

    def stop(self) -> None:
        """Ends the work at its next safe point and gives the lock back. The stages at work may still need the
        guard meanwhile."""
        with self._guard:
            working, self.works = self.works, False
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
        super().close()


def after_restore(ws: Workspace) -> None:
    """After a backup was put back its live runs are behind the world: they are closed, and the next runs read
    both sides anew and look up what was written since by the marks at the target, before anything is sent
    again."""
    restored_at = ws.preferences.get(RESTORED_AT)
    if restored_at == LONG_AGO:
        return
    for run in ws.runs.list(live=True, limit=1000):
        reason = say("Closed because a backup was put back. Start the flow again.")
        ws.runs.update(run.id, status=Status.CANCELLED, error=reason, finished_at=utc_now())
    ws.queue.drop_all()
    ws.stock_stages.begin_again()
    ws.preferences.set(STOCK_SINCE, restored_at)
    ws.preferences.set(RESTORED_AT, LONG_AGO)


def open_application(env: Mapping[str, str] | None = None) -> Application:
    """The application of a data folder. Raises NeedsOperator when the key does not fit the database."""
    calm()
    paths = data_paths(env)
    db = open_database(paths.database_url)
    return Application(paths, db, Vault.open(paths.folder, env, db=db))


def _holder() -> Any:
    holder = sys.modules.setdefault(_HOLDER, ModuleType(_HOLDER))
    holder.__dict__.setdefault("lock", threading.RLock())
    return holder


def shared() -> Application:
    """The application of this process, opened on first use."""
    holder = _holder()
    with holder.lock:
        if getattr(holder, "application", None) is None:
            holder.application = open_application()
        application: Application = holder.application
        return application


def hand_in(application: Application | None) -> None:
    """Use this one in this process from now on (tests); None: open one again when next asked."""
    holder = _holder()
    with holder.lock:
        holder.application = application
