"""Calls: written down before they are sent, settled in one transaction after."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from storage.clock import to_micros
from storage.clock import utc_now as now
from storage.database import Database
from storage.jsontext import dump_json
from storage.tables.sync import calls, changes
from sync.model.call import Call


class Calls:
    """The calls of a run. state: committed (maybe sent), answered, unknown, void (looked up: never
    happened)."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def commit(self, tx: Connection, run_id: str, connection_id: str, made: Sequence[Call]) -> None:
        """Stores calls with their keys and marks their changes as sent: from here on nothing is repeated
        blindly."""
        for call in made:
            self.store(tx, run_id, connection_id, call)
            tx.execute(
                update(changes)
                .where(changes.c.id.in_(call.change_ids))
                .values(state="sent", call_id=call.id, at=now())
            )

    def store(self, tx: Connection, run_id: str, connection_id: str, call: Call) -> None:
        """The call alone, committed; its changes are marked by whoever keeps them."""
        arguments, members = _text(dict(call.arguments)), _text(list(call.change_ids))
        proof = hashlib.sha256(arguments.encode()).hexdigest()[:32]
        expires = None if call.expires_at is None else to_micros(call.expires_at)
        row = (call.id, run_id, connection_id, call.operation, arguments, proof, members, call.key, expires)
        # As plain text: a large run stores thousands of calls, each of some ten thousand letters.
        tx.exec_driver_sql(
            _STORE if tx.dialect.name == "sqlite" else _STORE.replace("?", "%s"), (*row, to_micros(now()))
        )

    def set_state(self, tx: Connection, call_id: str, state: str) -> None:
        """`at` stays the moment of sending while nobody knows the outcome."""
        ended = {} if state == "unknown" else {"at": now()}
        tx.execute(update(calls).where(calls.c.id == call_id).values(state=state, **ended))

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


# A connector may name a call that never happened the same again.
_STORE = (
    "INSERT INTO calls (id, run_id, connection_id, operation, arguments, arguments_hash, change_ids, key, "
    "expires_at, state, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'committed', ?) "
    "ON CONFLICT (id) DO UPDATE SET run_id = excluded.run_id, connection_id = excluded.connection_id, "
    "operation = excluded.operation, arguments = excluded.arguments, arguments_hash = "
    "excluded.arguments_hash, change_ids = excluded.change_ids, key = excluded.key, expires_at = "
    "excluded.expires_at, state = excluded.state, at = excluded.at"
)


def _text(value: Any) -> str:
    """As the column type stores it; plain values, by far the most, without a walk through them."""
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (TypeError, UnicodeEncodeError):
        return dump_json(value)
    return dump_json(value) if '"$' in text else text


def _call(row: Row[Any]) -> Call:
    arguments: Mapping[str, Any] = row.arguments
    return Call(row.id, row.operation, arguments, tuple(row.change_ids), row.key, row.expires_at)
