"""A workspace whose product flow is a script: what each stage does is said by the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from storage.clock import utc_now
from storage.opening import open_database
from storage.paths import data_paths
from storage.tables.sync import sync_queue
from storage.vault import Vault
from sync.application import Application
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.model.entity import Entity
from sync.model.run import Mode, Run, Scope

Act = Callable[[Context], None] | BaseException


class Scripted(SyncManager):
    """Stages one, two, report. Each visit of a stage takes the next act of its script, if there is one."""

    entity = Entity.PRODUCT

    def __init__(self, ws: Application) -> None:
        super().__init__(ws)
        self.script: dict[str, list[Act]] = {}
        self.visits: list[str] = []

    def stages(self, run: Run) -> tuple[str, ...]:
        return "one", "two", "report"

    def _do(self, ctx: Context, stage: str) -> None:
        self.visits.append(stage)
        acts = self.script.get(stage, [])
        act = acts.pop(0) if acts else None
        if isinstance(act, BaseException):
            raise act
        if act is not None:
            act(ctx)
        if stage == "report":
            self.report(ctx)


class Stage:
    """The workspace, its scripted manager, and a run that is due."""

    def __init__(self, ws: Application, manager: Scripted) -> None:
        self.ws, self.manager = ws, manager
        self.run_id = self.start()

    def start(self) -> str:
        flow = next(f for f in self.ws.links.flows() if f.entity is Entity.PRODUCT)
        with self.ws.db.write() as tx:
            run_id = self.ws.runs.start(tx, flow.id, flow.version, Mode.FULL, Scope(), "test")
            self.ws.queue.add(tx, run_id, "product", "one")
        return run_id

    def work(self, *, hurry: bool = True) -> None:
        """Does all that is due in this thread; `hurry` makes waiting retries due at once."""
        while self.ws.executor._look() or hurry and self._hurry():
            pass

    def _hurry(self) -> bool:
        with self.ws.db.write() as tx:
            return bool(
                tx.execute(
                    update(sync_queue).where(sync_queue.c.status == "pending").values(due=utc_now())
                ).rowcount
            )

    @property
    def run(self) -> Run:
        return self.ws.runs.get(self.run_id)

    def queue(self) -> list[tuple[str, str]]:
        """(stage, status) of the run's rows."""
        q = sync_queue.c
        with self.ws.db.read() as tx:
            return [
                (r.action, r.status)
                for r in tx.execute(select(q.action, q.status).where(q.run_id == self.run_id).order_by(q.id))
            ]

    def logged(self) -> str:
        return "\n".join(
            f"{r.level} {r.message.english()} {r.detail or ''}" for r in self.ws.logs.page().rows
        )


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    paths = data_paths({"COUNTERPART_HOME": str(tmp_path)})
    db = open_database(paths.database_url)
    ws = Application(paths, db, Vault.open(paths.folder, {}, db=db))
    a = ws.connections.add("sentos", "ERP", {"url": "https://x.example/api"}, {"secret": "s3cret-erp-value"})
    b = ws.connections.add("shopify", "Shop", {"shop": "moda"}, {"access_token": "shpat_0123456789ab"})
    ws.links.add("Moda", a.id, b.id)
    manager = Scripted(ws)
    monkeypatch.setattr(ws, "manager_of", lambda entity: manager)
    yield Stage(ws, manager)
    ws.stopping.set()
    ws.executor.stop()
    ws.close()
