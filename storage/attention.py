"""Parked records: what needs a person, one open row per record and cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.logs import LogRow, Logs
from storage.tables.sync import attention
from storage.upsert import insert_new
from sync.model.codec import dump, load
from sync.model.plan import Park
from sync.model.text import Message


@dataclass(frozen=True, slots=True)
class Parked:
    """One row of `attention`."""

    id: int
    link_id: str
    flow_id: str
    entity: str
    record_id: str
    label: str
    sku: str
    cause: str
    message: Message
    facts: Mapping[str, Any]
    run_id: str
    opened_at: datetime
    seen_at: datetime
    closed_at: datetime | None
    closed_by: str


class Attention:
    """Opens, refreshes and closes parked records."""

    def __init__(self, db: Database, logs: Logs | None = None) -> None:
        """With `logs` every newly opened row is told there, too."""
        self.db, self.logs = db, logs

    def park(self, tx: Connection, link_id: str, flow_id: str, run_id: str, parks: Iterable[Park]) -> None:
        """Opens a row for each, or refreshes the open one: message, facts, last seen."""
        new = [p for p in parks if self._opened(tx, link_id, flow_id, run_id, p)]
        if self.logs is not None and new:
            self.logs.write_with(tx, [_told(p, link_id, flow_id, run_id) for p in new])

    def _opened(self, tx: Connection, link_id: str, flow_id: str, run_id: str, p: Park) -> bool:
        a = attention.c
        same = (
            a.link_id == link_id,
            a.entity == p.entity.value,
            a.record_id == p.record_id,
            a.cause == p.cause,
        )
        seen = {"message": dump(p.message), "facts": dump(p.facts), "run_id": run_id, "seen_at": now()}
        seen |= {"label": p.label, "sku": p.sku}
        if tx.execute(update(attention).values(seen).where(*same, a.closed_at.is_(None))).rowcount:
            return False
        who = {"link_id": link_id, "flow_id": flow_id, "entity": p.entity.value, "record_id": p.record_id}
        row = {**seen, **who, "cause": p.cause, "opened_at": now(), "closed_by": ""}
        return bool(insert_new(tx, attention, [row]))

    def close_gone(
        self,
        tx: Connection,
        flow_id: str,
        entity: str,
        run_id: str,
        *,
        record_ids: Sequence[str] | None = None,
    ) -> int:
        """Closes open rows whose cause a run that looked at them did not find again. `record_ids` limits it
        to the records that a partial run looked at; None means the run saw everything."""
        a = attention.c
        query = update(attention).where(
            a.flow_id == flow_id, a.entity == entity, a.run_id != run_id, a.closed_at.is_(None)
        )
        closed = {"closed_at": now(), "closed_by": "sync"}
        if record_ids is None:
            return tx.execute(query.values(closed)).rowcount
        return sum(
            tx.execute(query.where(a.record_id.in_(record_ids[i : i + 400])).values(closed)).rowcount
            for i in range(0, len(record_ids), 400)
        )

    def close(self, ids: Sequence[int], by: str) -> None:
        with self.db.write() as tx:
            tx.execute(
                update(attention)
                .where(attention.c.id.in_(ids), attention.c.closed_at.is_(None))
                .values(closed_at=now(), closed_by=by)
            )

    def get(self, parked_id: int) -> Parked | None:
        with self.db.read() as tx:
            row = tx.execute(select(attention).where(attention.c.id == parked_id)).first()
        return None if row is None else _parked(row)

    def list(
        self,
        *,
        closed: bool = False,
        cause: str | None = None,
        link_id: str | None = None,
        entity: str | None = None,
        text: str = "",
        limit: int = 500,
    ) -> list[Parked]:
        """Newest first; `text` is looked for in label, SKU and record id."""
        a = attention.c
        query = select(attention).where(a.closed_at.is_not(None) if closed else a.closed_at.is_(None))
        for column, value in ((a.cause, cause), (a.link_id, link_id), (a.entity, entity)):
            if value:
                query = query.where(column == value)
        if text:
            query = query.where(
                a.label.icontains(text, autoescape=True)
                | a.sku.icontains(text, autoescape=True)
                | (a.record_id == text)
            )
        with self.db.read() as tx:
            return [_parked(r) for r in tx.execute(query.order_by(a.id.desc()).limit(limit))]

    def open_count(self) -> int:
        with self.db.read() as tx:
            return tx.execute(select(func.count()).where(attention.c.closed_at.is_(None))).scalar_one()


def _parked(row: Row[Any]) -> Parked:
    return Parked(
        row.id,
        row.link_id,
        row.flow_id,
        row.entity,
        row.record_id,
        row.label,
        row.sku,
        row.cause,
        load(Message, row.message),
        row.facts,
        row.run_id,
        row.opened_at,
        row.seen_at,
        row.closed_at,
        row.closed_by,
    )


def _told(p: Park, link_id: str, flow_id: str, run_id: str) -> LogRow:
    """A refusal by a platform is an error; what waits for a decision is a warning."""
    return LogRow(
        "error" if p.cause.endswith(".refused") else "warning",
        p.message,
        link_id=link_id,
        flow_id=flow_id,
        entity=p.entity.value,
        record=p.record_id,
        sku=p.sku or None,
        run_id=run_id,
        detail=p.label,
    )
