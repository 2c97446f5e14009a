"""What of stock went wrong in a stretch of time and still stands: each row by its last state, and each failed
record of the queue, once, however often it was tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from storage.bulk import chunks
from storage.tables.connections import flows
from storage.tables.stock import stock_changes
from storage.tables.sync import attention, runs, sync_queue
from sync.model.entity import Entity
from sync.model.run import Mode
from sync.workspace import Workspace

NOT_ANSWERED, REFUSED, GAVE_UP = "not.answered", "change.refused", "stock.given_up"
_AT_ONCE = 500
_PIECES = ("stock", "gone", "adjust")
_SETTLED = ("applied", "dropped", "refused", "unknown")


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was refused or never answered, or a record that the queue has given up. `record` is the
    variant at the source."""

    flow_id: str
    record: str
    cause: str
    at: datetime


def failed_in_queue(ws: Workspace, flow_id: str = "") -> int:
    """Records that the queue has given up and nobody has decided about, of one flow or of all."""
    q = sync_queue.c
    query = select(func.count()).where(q.status == "failed", q.run_id.is_(None))
    if flow_id:
        query = query.where(q.flow_id == flow_id)
    with ws.db.read() as tx:
        return int(tx.execute(query).scalar_one())


def standing(ws: Workspace, since: datetime) -> list[Failure]:
    """Everything that failed since then and has not been mended by a later write."""
    rows = list(_rows(ws, since))
    known = {(row.flow_id, row.record) for row in rows}
    return rows + [item for item in _items(ws, since) if (item.flow_id, item.record) not in known]


def by_cause(ws: Workspace, since: datetime) -> dict[str, int]:
    """`standing`, and the stock records parked since then, by cause: each record once."""
    a = attention.c
    parked = (a.entity == Entity.STOCK.value, a.opened_at >= since)
    found: dict[str, int] = {}
    with ws.db.read() as tx:
        every = tx.execute(select(a.flow_id, a.record_id, a.cause).where(*parked)).all()
    told = {(row.flow_id, row.record_id) for row in every}
    causes = [str(row.cause) for row in every]
    causes += [f.cause for f in standing(ws, since) if (f.flow_id, f.record) not in told]
    for cause in causes:
        found[cause] = found.get(cause, 0) + 1
    return found


def _rows(ws: Workspace, since: datetime) -> Iterator[Failure]:
    """Rows without a later word about the same item at the same place. Only runs whose report tells of
    failures are looked into, by the index: a million rows that went well are not read for a page."""
    c, ended = stock_changes.c, _runs(ws, since)
    query = select(c.run_id, c.flow_id, c.source_id, c.state).where(
        c.state.in_(("refused", "unknown")), c.phase.in_(_PIECES), ~_again()
    )
    for some in chunks(sorted(ended), _AT_ONCE):
        with ws.db.read() as tx:
            found = tx.execute(query.where(c.run_id.in_(some))).all()
        for run_id, flow_id, record, state in found:
            cause = REFUSED if state == "refused" else NOT_ANSWERED
            yield Failure(flow_id, record, cause, ended[run_id])


def _again() -> ColumnElement[bool]:
    """Is there a later word about the same item at the same place?"""
    c, later = stock_changes.c, stock_changes.alias("later").c
    same = (later.sku == c.sku, later.flow_id == c.flow_id, later.source_id == c.source_id)
    newer = (later.place == c.place, later.id > c.id, later.state.in_(_SETTLED))
    return select(later.id).where(*same, *newer).exists()


def _runs(ws: Workspace, since: datetime) -> dict[str, datetime]:
    """Runs of stock flows that ended since then and report failures, with their end."""
    r = runs.c
    query = (
        select(r.id, r.counts, r.finished_at)
        .join(flows, flows.c.id == r.flow_id)
        .where(flows.c.entity == Entity.STOCK.value, r.finished_at >= since, r.mode != Mode.PREVIEW.value)
    )
    with ws.db.read() as tx:
        return {run_id: at for run_id, counts, at in tx.execute(query) if int(counts.get("failed", 0))}


def _items(ws: Workspace, since: datetime) -> Iterator[Failure]:
    """Records that the queue has given up since then."""
    q = sync_queue.c
    query = select(q.flow_id, q.record_id, q.finished_at).where(
        q.run_id.is_(None), q.status == "failed", q.finished_at >= since
    )
    with ws.db.read() as tx:
        for flow_id, record, at in tx.execute(query):
            yield Failure(flow_id or "", record, GAVE_UP, at)


__all__ = ["GAVE_UP", "NOT_ANSWERED", "REFUSED", "Failure", "by_cause", "failed_in_queue", "standing"]
