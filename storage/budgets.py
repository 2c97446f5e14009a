"""Rate budgets of connections, shared by all processes of an installation: what a store last told of its
bucket of points, and windows of calls that no two workers may overrun together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select, update

from storage.clock import utc_now
from storage.database import Database
from storage.tables.budgets import budgets
from storage.upsert import insert_new, upsert

POINTS = "points"
_RENEWED = timedelta(seconds=60)
State = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What a store said of its bucket of points: `available` of `limit` at the time `at`, and `restore` of
    them come back in each of the platform's seconds."""

    available: float
    limit: float
    restore: float
    at: datetime


class Budgets:
    """One row a connection and limit. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._lock = threading.Lock()
        self._stored: dict[str, Told] = {}

    def tell(self, connection_id: str, told: Told) -> None:
        """Keeps what a store told: at once where its bucket is another than the one kept, else once a
        minute."""
        with self._lock:
            known = self._stored.get(connection_id)
            same = known is not None and (known.limit, known.restore) == (told.limit, told.restore)
            if known is not None and same and told.at - known.at < _RENEWED:
                return
        state = {"available": told.available, "limit": told.limit, "restore": told.restore}
        row = {"connection_id": connection_id, "name": POINTS, "state": state, "at": told.at}
        with self.db.write() as tx:
            upsert(tx, budgets, [row], key=["connection_id", "name"])
        with self._lock:
            self._stored[connection_id] = told

    def told(self, connection_id: str) -> Told | None:
        """What the store last told any process; None if it never did."""
        query = select(budgets.c.state, budgets.c.at).where(*_this(connection_id, POINTS))
        with self.db.read() as tx:
            row = tx.execute(query).first()
        if row is None:
            return None
        return Told(row.state["available"], row.state["limit"], row.state["restore"], row.at)

    def change(self, connection_id: str, name: str, do: Callable[[State, float], T]) -> T:
        """Lets `do` change one limit's state, alone in the whole installation, and answers what it answers;
        it is handed the database's clock in seconds. One short transaction: nothing may wait in it."""
        with self.db.write() as tx:
            row = {"connection_id": connection_id, "name": name, "state": {}, "at": utc_now()}
            insert_new(tx, budgets, [row])
            query = select(budgets.c.state).where(*_this(connection_id, name)).with_for_update()
            state = tx.execute(query).scalar_one()
            now = _seconds(tx)  # after the lock was waited for
            answer = do(state, now)
            values = {"state": state, "at": utc_now()}
            tx.execute(update(budgets).where(*_this(connection_id, name)).values(values))
        return answer


def _this(connection_id: str, name: str) -> tuple[Any, ...]:
    return budgets.c.connection_id == connection_id, budgets.c.name == name


def _seconds(tx: Connection) -> float:
    """The database's clock, in seconds since 1970. On SQLite it is the machine's."""
    if tx.dialect.name == "postgresql":
        return float(tx.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return utc_now().timestamp()
