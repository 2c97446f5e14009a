"""One row per flow and fire time: of several machines whose clocks strike, one starts the run."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Database
from storage.tables.sync import fires


class Fires:
    """Claims fire times."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def claim(self, flow_id: str, at: datetime, worker: str) -> bool:
        """True for the first who asks for this flow and moment, whichever machine that is."""
        with self.db.write() as tx:
            insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(fires)
            statement = insert.values(flow_id=flow_id, at=at, worker=worker).on_conflict_do_nothing()
            return tx.execute(statement.returning(fires.c.flow_id)).first() is not None

    def prune(self, before: datetime) -> int:
        """Forgets fire times before that; answers how many."""
        with self.db.write() as tx:
            return tx.execute(delete(fires).where(fires.c.at < before)).rowcount
