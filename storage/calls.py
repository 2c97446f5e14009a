"""Calls: written down before they are sent, settled in one transaction after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.sync import calls, changes
from storage.upsert import upsert
from sync.model.call import Call
from sync.model.values import fingerprint


class Calls:
    """The calls of a run. state: committed (maybe sent), answered, unknown, void (looked up: never
    happened)."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def commit(self, tx: Connection, run_id: str, connection_id: str, made: Sequence[Call]) -> None:
        """Stores calls with their keys and marks their changes as sent: from here on nothing is repeated
        blindly."""
        for call in made:
            row = {
                "id": call.id,
                "run_id": run_id,
                "connection_id": connection_id,
                "operation": call.operation,
                "arguments": dict(call.arguments),
                "arguments_hash": fingerprint(call.arguments),
                "change_ids": list(call.change_ids),
                "key": call.key,
                "expires_at": call.expires_at,
                "state": "committed",
                "at": now(),
            }
            upsert(
                tx, calls, [row], key=["id"]
            )  # a connector may name a call that never happened the same again
            tx.execute(
                update(changes)
                .where(changes.c.id.in_(call.change_ids))
                .values(state="sent", call_id=call.id, at=now())
            )

    def set_state(self, tx: Connection, call_id: str, state: str) -> None:
        tx.execute(update(calls).where(calls.c.id == call_id).values(state=state, at=now()))

    def unanswered(
        self, run_id: str | None = None, connection_id: str | None = None
    ) -> list[tuple[str, Call]]:
        """(run id, call) of the calls whose outcome nobody knows, oldest first; of one run, to one
        connection."""
        c = calls.c
        query = select(calls).where(c.state.in_(("committed", "unknown"))).order_by(c.at, c.id)
        if run_id is not None:
            query = query.where(c.run_id == run_id)
        if connection_id is not None:
            query = query.where(c.connection_id == connection_id)
        with self.db.read() as tx:
            return [(r.run_id, _call(r)) for r in tx.execute(query)]

    def reopen(self, tx: Connection, run_ids: Sequence[str]) -> int:
        """After a restore: calls of these runs count as unknown again, because their answers may be newer
        than the backup."""
        return tx.execute(update(calls).where(calls.c.run_id.in_(run_ids)).values(state="unknown")).rowcount


def _call(row: Row[Any]) -> Call:
    arguments: Mapping[str, Any] = row.arguments
    return Call(row.id, row.operation, arguments, tuple(row.change_ids), row.key, row.expires_at)
