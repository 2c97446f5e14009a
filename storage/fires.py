"""One row per flow and fire time: of several machines whose clocks strike, one starts the run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database
from storage.tables.sync import fires


class Fires:
    """Claims fire times."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def claim(
        self, flow_id: str, at: datetime, worker: str, dead: Callable[[str], bool] = lambda worker: False
    ) -> bool:
        """True for the first who asks for this flow and moment, whichever machine that is; for the same one
        again, whose first answer may have been lost; and for one who finds the first certainly `dead`."""
        f = fires.c
        with self.db.write() as tx:
            insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(fires)
            statement = insert.values(flow_id=flow_id, at=at, worker=worker).on_conflict_do_nothing()
            if tx.execute(statement.returning(f.flow_id)).first() is not None:
                return True
            this = (f.flow_id == flow_id, f.at == at)
            holder = tx.execute(select(f.worker).where(*this)).scalar_one()
            if holder == worker or not dead(holder):
                return bool(holder == worker)
            taken = update(fires).where(*this, f.worker == holder).values(worker=worker)
            return tx.execute(taken).rowcount > 0

    def prune(self, before: datetime) -> int:
        """Forgets fire times before that; answers how many."""
        with self.db.write() as tx:
            return tx.execute(delete(fires).where(fires.c.at < before)).rowcount
