"""What a person sees of the queue and does with its rows: counts, filters, process now, retry, dismiss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, or_, select, update
from sqlalchemy.sql.selectable import FromClause

from storage.clock import utc_now as now
from storage.database import Database
from storage.queue_folding import return_items
from storage.queue_item import BY_HAND, URGENT, Item, item_of, portions
from storage.tables.connections import flows, links
from storage.tables.stock import stock_items
from storage.tables.sync import runs, sync_queue
from sync.model.codec import load
from sync.model.text import Message

STATUSES = ("pending", "processing", "completed", "failed", "dismissed")
_MOST_IDS = 5_000  # records that a SKU search may name


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which rows; "" means any. `text`: a record's id, (the beginning of) its SKU, a run's id, or a word of
    the error."""

    status: str = ""
    flow_id: str = ""
    text: str = ""
    cause: str = ""
    entity: str = ""
    partition: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """An item with what a page shows of it. `flow_id` is known of stages, too; `sku` and `label` where the
    record is a stock item that has been read."""

    item: Item
    flow_id: str
    sku: str
    label: str
    error: Message | None
    created_at: datetime
    finished_at: datetime | None


class QueueDesk:
    """Counting, listing and steering; every verb answers how many rows it moved."""

    db: Database

    def counts(self) -> dict[str, int]:
        """Rows by status; every status is there."""
        found = self._counted(sync_queue.c.status)
        return {name: found.get((name,), 0) for name in STATUSES}

    def counts_by(self, column: str) -> dict[tuple[str, str], int]:
        """Open and failed rows by (`column`, status); column: partition, entity_type or cause."""
        q = sync_queue.c
        return self._counted(q[column], q.status, where=q.status.in_(("pending", "processing", "failed")))

    def list(self, which: QueueFilter = QueueFilter(), after: int = 0, limit: int = 50) -> list[QueueRow]:
        """Newest first; `after`: the id of the last row of the page before, 0 for the first page."""
        query = _rows().where(*_matching(which)).order_by(sync_queue.c.id.desc()).limit(limit)
        if after:
            query = query.where(sync_queue.c.id < after)
        with self.db.read() as tx:
            return [_row(r) for r in tx.execute(query)]

    def matching(self, which: QueueFilter) -> int:
        """How many rows `list` has in all."""
        query = select(func.count()).select_from(_joined()).where(*_matching(which))
        with self.db.read() as tx:
            return int(tx.execute(query).scalar() or 0)

    def ids(self, which: QueueFilter, limit: int) -> Sequence[int]:
        """Ids of all rows that match, newest first."""
        query = select(sync_queue.c.id).select_from(_joined()).where(*_matching(which))
        with self.db.read() as tx:
            return list(tx.execute(query.order_by(sync_queue.c.id.desc()).limit(limit)).scalars())

    def row(self, item_id: int) -> QueueRow | None:
        """One row."""
        with self.db.read() as tx:
            found = tx.execute(_rows().where(sync_queue.c.id == item_id)).first()
        return None if found is None else _row(found)

    def now(self, ids: Sequence[int]) -> int:
        """Waiting rows are due at once; records overtake everything."""
        q = sync_queue.c
        urgent = case((q.run_id.is_(None) & (q.priority > URGENT), URGENT), else_=q.priority)
        return self._moved(ids, q.status == "pending", due=now(), priority=urgent)

    def retry(self, ids: Sequence[int]) -> int:
        """Failed records are due again, with all their tries; where the record is due already they fold. A
        stage is not retried: its run has ended and is started anew."""
        q = sync_queue.c
        total = 0
        for some in portions(list(ids)):
            with self.db.write() as tx:
                which = (q.id.in_(some), q.status == "failed", q.run_id.is_(None))
                # Locked: whoever else retries them, and the worker that then has them, comes before or after.
                failed = tx.execute(select(q.id).where(*which).order_by(q.id).with_for_update()).scalars()
                total += return_items(tx, list(failed), due=now(), retry_count=0, priority=BY_HAND)
        return total

    def dismiss(self, ids: Sequence[int]) -> int:
        """Failed rows, and records that wait, are put away. A waiting stage belongs to its run: that is
        cancelled instead."""
        q = sync_queue.c
        which = or_(q.status == "failed", and_(q.status == "pending", q.run_id.is_(None)))
        return self._moved(ids, which, status="dismissed", finished_at=now())

    def _moved(self, ids: Sequence[int], which: ColumnElement[bool], **values: Any) -> int:
        total = 0
        for some in portions(list(ids)):
            with self.db.write() as tx:
                statement = update(sync_queue).where(sync_queue.c.id.in_(some), which).values(**values)
                total += tx.execute(statement).rowcount
        return total

    def _counted(
        self, *columns: ColumnElement[Any], where: ColumnElement[bool] | None = None
    ) -> dict[Any, int]:
        query = select(*columns, func.count()).group_by(*columns)
        if where is not None:
            query = query.where(where)
        with self.db.read() as tx:
            return {tuple(row[:-1]): int(row[-1]) for row in tx.execute(query)}


def _joined() -> FromClause:
    q = sync_queue.c
    return sync_queue.outerjoin(runs, runs.c.id == q.run_id)


def _rows() -> Select[Any]:
    """Rows with the flow they belong to, and the SKU of a stock record at the side where it moved."""
    q = sync_queue.c
    flow_id = func.coalesce(q.flow_id, runs.c.flow_id, "")
    source = case((func.substr(q.direction, 1, 1) == "a", links.c.a), else_=links.c.b)
    joined = (
        _joined()
        .outerjoin(flows, flows.c.id == q.flow_id)
        .outerjoin(links, links.c.id == flows.c.link_id)
        .outerjoin(
            stock_items,
            and_(stock_items.c.connection_id == source, stock_items.c.variant_id == q.record_id),
        )
    )
    return select(sync_queue, flow_id.label("of_flow"), stock_items.c.sku, stock_items.c.label).select_from(
        joined
    )


def _matching(which: QueueFilter) -> list[ColumnElement[bool]]:
    q = sync_queue.c
    plain = {
        q.status: which.status,
        q.cause: which.cause,
        q.entity_type: which.entity,
        q.partition: which.partition,
    }
    where = [column == value for column, value in plain.items() if value]
    if which.flow_id:
        where.append(or_(q.flow_id == which.flow_id, runs.c.flow_id == which.flow_id))
    if which.text.strip():
        where.append(_about(which.text.strip()))
    return where


def _about(text: str) -> ColumnElement[bool]:
    q = sync_queue.c
    named = (
        select(stock_items.c.variant_id)
        .where(stock_items.c.sku.istartswith(text, autoescape=True))
        .limit(_MOST_IDS)
    )
    return or_(
        q.record_id == text,
        q.run_id == text,
        q.record_id.in_(named),
        cast(q.error_message, String).icontains(text, autoescape=True),
    )


def _row(row: Any) -> QueueRow:
    return QueueRow(
        item_of(row),
        row.of_flow,
        row.sku or "",
        row.label or "",
        load(Message, row.error_message) if row.error_message else None,
        row.created_at,
        row.finished_at,
    )
